//! One command through a backend.

use redfleet_core::test_util::Server;
use redfleet_core::{BackendExt, connect};
use redfleet_peers::{Row, compare, raw};
use redis::{Cmd, cmd};

use crate::Bench;

const KEY: &str = "bench:one-call";
const VALUE: [u8; 100] = [b'v'; 100];
const BUDGET: f64 = 1.03;

fn get() -> Cmd {
    cmd("GET").arg(KEY).take()
}

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    let Some(server) = servers.first() else { return };
    server.direct(cmd("SET").arg(KEY).arg(&VALUE)).await.unwrap();
    for (over, ours, theirs) in [
        ("TCP", server.direct_url(), server.direct_url()),
        ("a Unix socket", server.unix_url(), server.unix_url().replace("unix://", "redis+unix://")),
    ] {
        let ours = connect(&ours).unwrap();
        let mut theirs_a = raw::connect(&theirs).await;
        let mut theirs_b = raw::connect(&theirs).await;
        let row = compare(
            &format!("GET of 100 bytes over {over}"),
            &bench.on_servers,
            async || ours.query::<Vec<u8>>(get()).await.unwrap(),
            async || get().query_async::<Vec<u8>>(&mut theirs_a).await.unwrap(),
        )
        .await;
        bench.put(Row::ratio(&row, Some(BUDGET)));
        let row = compare(
            &format!("A/A: raw GET over {over}"),
            &bench.on_servers,
            async || get().query_async::<Vec<u8>>(&mut theirs_a).await.unwrap(),
            async || get().query_async::<Vec<u8>>(&mut theirs_b).await.unwrap(),
        )
        .await;
        bench.put(Row::ratio(&row, None));
    }
}

//! The embedded node against a server on loopback, both through `Backend`.

use std::sync::Arc;

use redfleet_core::test_util::Server;
use redfleet_core::{Backend, BackendExt, Script, connect};
use redfleet_peers::{Row, compare};
use redis::{Cmd, cmd};

use crate::Bench;

const KEY: &str = "bench:embedded";
const VALUE: [u8; 100] = [b'v'; 100];
/// Ten times as fast.
const BUDGET: f64 = 0.1;
/// Five times as fast.
const SCRIPT_BUDGET: f64 = 0.2;
/// A counter that says when it ends, as rate limits have it.
const SCRIPT: &str = "
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return { count, redis.call('PTTL', KEYS[1]) }
";

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    let Some(server) = servers.first() else { return };
    let ours = connect("embedded://bench").unwrap();
    let theirs = connect(&server.direct_url()).unwrap();
    let set = cmd("SET").arg(KEY).arg(&VALUE).take();
    let get = cmd("GET").arg(KEY).take();
    by_command(bench, "SET", &set, &ours, &theirs).await;
    by_command(bench, "GET", &get, &ours, &theirs).await;

    let script = Script::new(SCRIPT);
    let call = script.key("bench:embedded:script").arg(3_600_000);
    let row = compare(
        "embedded: a cached script, to a server's on loopback",
        &bench.on_servers,
        async || call.run::<(i64, i64)>(&*ours).await.unwrap(),
        async || call.run::<(i64, i64)>(&*theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::ratio(&row, Some(SCRIPT_BUDGET)));
}

async fn by_command(
    bench: &mut Bench,
    name: &str,
    command: &Cmd,
    ours: &Arc<dyn Backend>,
    theirs: &Arc<dyn Backend>,
) {
    let row = compare(
        &format!("embedded: {name} of 100 bytes, to a server's on loopback"),
        &bench.on_servers,
        async || ours.query::<redis::Value>(command).await.unwrap(),
        async || theirs.query::<redis::Value>(command).await.unwrap(),
    )
    .await;
    bench.put(Row::ratio(&row, Some(BUDGET)));
}

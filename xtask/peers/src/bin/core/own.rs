//! The deciding figures: what we add to a call, in nanoseconds, on a connection over a stream in memory.
//!
//! No kernel and no other process is in the way, so these figures are steady where the others drown in noise. The
//! peer is the raw client over the same kind of stream with the same server behind it; the difference is ours.

use std::sync::Arc;

use redfleet_core::test_util::Wire;
use redfleet_core::{Backend, BackendExt, Breaker, Fleet, Handle, Layer, Node, Policy};
use redfleet_peers::{Row, compare, raw};
use redis::{Cmd, cmd};

use crate::{Bench, fan_out};

/// For each call to one node.
const BUDGET_NS: f64 = 1000.0;

fn get() -> Cmd {
    cmd("GET").arg("k").take()
}

pub(crate) async fn rows(bench: &mut Bench) {
    let server = Wire::saying("_\r\n");
    let mut theirs = raw::over(&server).await;
    let mut theirs_too = raw::over(&server).await;
    let guarded = Breaker::default().layer(server.backend());
    let mut handle = Handle::new(server.backend());
    let fleet = fleet(&[&server]);
    let node: Node = fleet.nodes().first().unwrap().clone();

    by_backend(bench, "a call", &server.backend(), &mut theirs).await;
    by_backend(bench, "a call through a breaker", &guarded, &mut theirs).await;
    let row = compare(
        "own: a call through a Handle",
        &bench.in_memory,
        async || get().query_async::<Option<i64>>(&mut handle).await.unwrap(),
        async || get().query_async::<Option<i64>>(&mut theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::overhead(&row, Some(BUDGET_NS)));
    let row = compare(
        "own: a call through a Node",
        &bench.in_memory,
        async || node.query::<Option<i64>>(get()).await.unwrap(),
        async || get().query_async::<Option<i64>>(&mut theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::overhead(&row, Some(BUDGET_NS)));
    let row = compare(
        "own: A/A, raw calls",
        &bench.in_memory,
        async || get().query_async::<Option<i64>>(&mut theirs_too).await.unwrap(),
        async || get().query_async::<Option<i64>>(&mut theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::overhead(&row, None));
    fan_outs(bench).await;
}

/// `Backend::call` against the least that the raw client can do: `query_async` boxes a future, as we do, and would
/// hide that ours is boxed.
async fn by_backend(
    bench: &mut Bench,
    name: &str,
    ours: &Arc<dyn Backend>,
    theirs: &mut redis::aio::MultiplexedConnection,
) {
    let row = compare(
        &format!("own: {name}"),
        &bench.in_memory,
        async || ours.call(&get()).await.unwrap(),
        async || theirs.send_packed_command(&get()).await.unwrap(),
    )
    .await;
    bench.put(Row::overhead(&row, Some(BUDGET_NS)));
}

/// A fan-out is three calls, so it may add three times as much.
async fn fan_outs(bench: &mut Bench) {
    let servers = [Wire::saying("+OK\r\n"), Wire::saying("+OK\r\n"), Wire::saying("+OK\r\n")];
    let fleet = fleet(&servers.each_ref());
    let mut theirs = Vec::new();
    let mut theirs_too = Vec::new();
    for server in &servers {
        theirs.push(raw::over(server).await);
        theirs_too.push(raw::over(server).await);
    }
    for (name, policy) in [
        ("own: a fan-out to 3, Policy::All", Policy::All),
        ("own: a fan-out to 3, Policy::Quorum(2)", Policy::Quorum(2)),
    ] {
        let row = compare(
            name,
            &bench.in_memory,
            async || fan_out::ours(&fleet, policy).await,
            async || fan_out::theirs(&mut theirs).await,
        )
        .await;
        bench.put(Row::overhead(&row, Some(3.0 * BUDGET_NS)));
    }
    let row = compare(
        "own: A/A, raw fan-outs to 3",
        &bench.in_memory,
        async || fan_out::theirs(&mut theirs_too).await,
        async || fan_out::theirs(&mut theirs).await,
    )
    .await;
    bench.put(Row::overhead(&row, None));
}

fn fleet(servers: &[&Wire]) -> Fleet {
    let nodes = servers.iter().enumerate();
    let builder = nodes.fold(Fleet::builder(), |builder, (index, server)| {
        builder.node(format!("n{index}"), server.backend())
    });
    builder.build().unwrap()
}

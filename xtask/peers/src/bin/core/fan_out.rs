//! One SET on three servers: a fleet against `join_all` on three raw connections.

use redfleet_core::test_util::Server;
use redfleet_core::{BackendExt, Fleet, Node, Outcome, Policy};
use redfleet_peers::{Row, compare, raw};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, cmd};

use crate::Bench;

const BUDGET: f64 = 1.10;

fn set() -> Cmd {
    cmd("SET").arg("bench:fan-out").arg([b'v'; 100].as_slice()).take()
}

/// The operation on a fleet.
pub(crate) async fn ours(fleet: &Fleet, policy: Policy) -> Outcome<()> {
    let outcome = fleet.run(policy, |node: Node| async move { node.query::<()>(set()).await }).await;
    assert!(outcome.acks().count() >= 2, "{:?}", outcome.shortfall());
    outcome
}

/// The same on raw connections.
pub(crate) async fn theirs(connections: &mut [MultiplexedConnection]) -> usize {
    let all =
        connections.iter_mut().map(|connection| async move { set().query_async::<()>(connection).await });
    let replies = futures::future::join_all(all).await;
    let acks = replies.iter().filter(|reply| reply.is_ok()).count();
    assert_eq!(acks, replies.len());
    acks
}

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    let servers = servers.get(..3).unwrap();
    let fleet = Fleet::connect(servers.iter().map(Server::direct_url)).unwrap();
    let mut theirs_a = raw::connect_all(servers).await;
    let mut theirs_b = raw::connect_all(servers).await;
    // A quorum is answered by the second reply; the third one comes while the next SET is under way, as in any
    // program that goes on after a quorum. So this arm's work is never shorter than the peer's.
    for (name, policy) in [
        ("SET on 3 servers, Policy::All", Policy::All),
        ("SET on 3 servers, Policy::Quorum(2)", Policy::Quorum(2)),
    ] {
        let row = compare(
            name,
            &bench.on_servers,
            async || ours(&fleet, policy).await,
            async || theirs(&mut theirs_a).await,
        )
        .await;
        bench.put(Row::ratio(&row, Some(BUDGET)));
    }
    let row = compare(
        "A/A: raw SET on 3 servers",
        &bench.on_servers,
        async || theirs(&mut theirs_a).await,
        async || theirs(&mut theirs_b).await,
    )
    .await;
    bench.put(Row::ratio(&row, None));
}

//! A fleet one of whose nodes is hung, its breaker open, against fleets in which all nodes are up.
//!
//! With `Policy::All`, both fleets wait for every node that can answer: what a caller sees when a server hangs. With
//! `Policy::Quorum(2)`, the hung fleet is held against a fleet of just its two live servers: same requests, same
//! servers, same replies waited for, and what is left is the cost of the dead node itself.
//!
//! The third row, `Quorum(2)` of the hung fleet against three nodes that are up, is held to the same budget, but is not
//! the client's alone to keep: the full fleet takes the faster two of three replies where the other must wait for both of
//! two. Which weighs more depends on where the kernel has put the servers, for a whole run, and so is not in the
//! interval. On two processors this ratio was mostly about 0.8, and once 1.33.
//!
//! All fleets live throughout, so the probes of the hung node are in the background of both arms.

use std::time::Duration;

use redfleet_core::test_util::Server;
use redfleet_core::{Fleet, Policy};
use redfleet_peers::{Row, compare};

use crate::Bench;
use crate::fan_out::ours;

const BUDGET: f64 = 1.05;
const QUORUM: Policy = Policy::Quorum(2);
/// Short, so that the breaker opens soon; never reached by a server that is up.
const DEADLINE: Duration = Duration::from_millis(200);

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    let [a, b, c, hung] = servers else { return };
    let up = fleet([a, b, c]);
    let pair = fleet([a, b]);
    let with_hung = fleet([a, b, hung]);
    assert_eq!(
        with_hung.run(Policy::All, |node| async move { node.identify().await }).await.acks().count(),
        3
    );
    hung.pause().await;
    while with_hung.nodes().iter().all(|node| node.down().is_none()) {
        ours(&with_hung, Policy::All).await;
    }
    let rows = [
        ("SET on all, 1 of 3 nodes hung / all 3 up", Policy::All, &up),
        ("SET on 2 of 3, 1 hung / on the 2 others alone", QUORUM, &pair),
        ("SET on 2 of 3, 1 hung / all 3 up", QUORUM, &up),
    ];
    for (name, policy, peer) in rows {
        let row = compare(
            name,
            &bench.on_servers,
            async || ours(&with_hung, policy).await,
            async || ours(peer, policy).await,
        )
        .await;
        bench.put(Row::ratio(&row, Some(BUDGET)));
    }
    assert!(with_hung.nodes().iter().any(|node| node.down().is_some()), "the breaker closed meanwhile");
    let again = fleet([a, b]);
    let row = compare(
        "A/A: SET on the 2 others",
        &bench.on_servers,
        async || ours(&again, QUORUM).await,
        async || ours(&pair, QUORUM).await,
    )
    .await;
    bench.put(Row::ratio(&row, None));
    hung.unpause().await;
}

fn fleet<const N: usize>(servers: [&Server; N]) -> Fleet {
    let nodes = servers.iter().enumerate();
    let builder = nodes.fold(Fleet::builder().deadline(DEADLINE), |builder, (index, server)| {
        builder.node(format!("n{index}"), redfleet_core::connect(&server.direct_url()).unwrap())
    });
    builder.build().unwrap()
}

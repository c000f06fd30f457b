//! Five servers of which one hangs, against five that are up: a majority is still there, and nobody should wait for the fifth.
//!
//! Both fleets share four servers and live throughout. What is told is the state in which it stays, with the breaker open; how long
//! the first caller waits is decided by the fleet's deadline, and by a majority that answers sooner.

use redfleet_core::test_util::Server;
use redfleet_peers::{Row, compare};

use crate::Bench;
use crate::fleet::{clear, fleet, locks, pair, pair_of};

const BUDGET: f64 = 1.2;

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    let [a, b, c, d, up, hung] = servers else { return };
    clear(servers).await;
    let all_up = locks(&fleet(&[a, b, c, d, up]));
    let with_hung = fleet(&[a, b, c, d, hung]);
    let one_hung = locks(&with_hung);
    pair(&all_up).await;
    pair(&one_hung).await;
    hung.pause().await;
    // The name decides who is asked first, so some of these ask the one that hangs.
    for number in 0..1000 {
        pair_of(&one_hung, &format!("warm:{number}")).await;
        if with_hung.nodes().iter().any(|node| node.down().is_some()) {
            break;
        }
    }
    let row = compare(
        "acquire + release on 5, 1 hung / all up",
        &bench.plan,
        async || pair(&one_hung).await,
        async || pair(&all_up).await,
    )
    .await;
    assert!(with_hung.nodes().iter().any(|node| node.down().is_some()), "the breaker closed meanwhile");
    bench.put(Row::ratio(&row, Some(BUDGET)));
    hung.unpause().await;
}

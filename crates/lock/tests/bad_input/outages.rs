//! Servers that were away and come back: how soon those who wait for a lock have it.

use std::time::Duration;

use redfleet_core::test_util::Link;
use tokio::time::{Instant, sleep};

use crate::world::Nodes;

const SECOND: Duration = Duration::from_secs(1);

/// How long after the servers are back somebody has the lock who has waited for it since they went.
async fn had_after(nodes: &Nodes, count: usize, link: Link, away: Duration) -> Duration {
    let locks = nodes.locks();
    locks.lock("job").acquire().await.unwrap().release().await.unwrap();
    (0..count).for_each(|node| nodes.set(node, link));
    let waiting = tokio::spawn(async move {
        drop(locks.lock("job").wait(SECOND * 10_000).acquire().await.unwrap());
        Instant::now()
    });
    sleep(away).await;
    assert!(!waiting.is_finished());
    (0..count).for_each(|node| nodes.set(node, Link::Up));
    let back = Instant::now();
    waiting.await.unwrap() - back
}

/// The longest pause between two attempts that reach no majority, and what a probe takes that is not answered.
const MOST: Duration = Duration::from_secs(4 + 1);

#[tokio::test(start_paused = true)]
async fn who_waits_asks_again_soon_after_the_servers_are_back_however_long_they_were_away() {
    for count in [1, 3] {
        for link in [Link::Refused, Link::Hung] {
            for away_ms in [10, 100, 500, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000] {
                let away = Duration::from_millis(away_ms);
                // As it is by default, a server is probed ever more rarely, up to every minute.
                let after = had_after(&Nodes::new(count), count, link, away).await;
                let most = away.min(SECOND * 60) + MOST;
                assert!(after <= most, "{count} {link:?} {away:?}: {after:?}");
                // That is set where it matters.
                let nodes = Nodes::new(count).probed_every(SECOND);
                let after = had_after(&nodes, count, link, away).await;
                assert!(after <= SECOND + MOST, "{count} {link:?} {away:?}: {after:?}");
            }
        }
    }
}

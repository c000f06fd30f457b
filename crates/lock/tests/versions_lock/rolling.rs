//! All servers are restarted, one after another, with what they had: what happens to a lock that is held, and to who wants one.

use std::time::Duration;

use redfleet_core::test_util::ServerOptions;
use redfleet_lock::{Error, Locks, ServerState};
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World, try_in_time};

const COUNT: usize = 5;

async fn five() -> World {
    World::own(COUNT, &ServerOptions::new().durable().arg("appendfsync", "always")).await
}

/// Waits until all of them vote, and have a lock that is held. To know it, something is asked.
async fn all_vote(world: &World, locks: &Locks, held: &str) {
    let started = Instant::now();
    loop {
        drop(locks.lock("asked").try_acquire().await);
        let health = locks.health();
        let voting = health.iter().filter(|server| matches!(server.state, ServerState::Voting)).count();
        let mut having = 0;
        for server in 0..COUNT {
            having += usize::from(world.life(server, held).await.is_some());
        }
        if (voting, having) == (COUNT, COUNT) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{having} have it: {health:?}");
        sleep(SECOND / 50).await;
    }
}

/// Whether one of them says that it may have forgotten something.
fn is_any_quarantined(locks: &Locks) -> bool {
    locks.health().iter().any(|server| matches!(server.state, ServerState::Quarantined { .. }))
}

/// All of them, each when the one before it votes again.
async fn one_by_one(is_durable: bool) {
    let world = five().await;
    let build = || {
        // Long enough that a busy machine extends it in time.
        let builder = world.builder().ttl(SECOND * 3).max_ttl(SECOND * 3);
        if is_durable { builder.durable() } else { builder }.build().unwrap()
    };
    let (ours, theirs) = (build(), build());
    let held = ours.lock("held").wait(PATIENCE).acquire().await.unwrap();
    let mut was_quarantined = 0;
    for server in &world.servers {
        all_vote(&world, &ours, "held").await;
        server.restart_with_data().await;
        let restarted = Instant::now();
        // Until it says how it stands; that it does not say so can only be waited for.
        let patience = if is_durable { SECOND / 2 } else { SECOND * 3 };
        while restarted.elapsed() < patience && !is_any_quarantined(&ours) {
            drop(ours.lock("asked").try_acquire().await);
            sleep(SECOND / 100).await;
        }
        was_quarantined += usize::from(is_any_quarantined(&ours));
        // The others are a majority, so nobody notices.
        theirs.lock("free").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
        assert!(!held.remaining().is_zero(), "lost with one of five away");
        assert!(matches!(try_in_time(&theirs, "held").await, Err(Error::Held { .. })));
    }
    if is_durable {
        assert_eq!(was_quarantined, 0, "what they acknowledged they have");
    } else {
        assert!(was_quarantined > 0, "they may have forgotten something");
    }
    all_vote(&world, &ours, "held").await;
    held.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_by_one_and_each_when_the_last_one_votes_again_a_lock_is_held_throughout() {
    tokio::join!(one_by_one(false), one_by_one(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faster_than_they_vote_again_nobody_gets_a_lock_until_the_first_leases_have_ended() {
    let world = five().await;
    // Longer than a busy machine takes for all restarts.
    let max_ttl = SECOND * 20;
    let build = || world.builder().max_ttl(max_ttl).build().unwrap();
    let (ours, theirs) = (build(), build());
    let held = ours.lock("held").wait(PATIENCE).acquire().await.unwrap();
    theirs.lock("free").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
    let mut third = Instant::now();
    for (place, server) in world.servers.iter().enumerate() {
        if place == 2 {
            third = Instant::now();
        }
        server.restart_with_data().await;
    }
    let mut refusals = 0;
    let first = loop {
        match theirs.lock("free").try_acquire().await {
            Ok(lease) => break lease,
            Err(error) => {
                assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
                refusals += usize::from(error.to_string().contains("votes again in "));
            }
        }
        assert!(third.elapsed() < max_ttl * 3, "{:?}", theirs.health());
        sleep(Duration::from_millis(50)).await;
    };
    assert!(refusals > 0, "why nobody gets it was never told");
    // Three of five have to vote again, and what was held when they ended has ended with them.
    assert!(held.remaining().is_zero(), "it was extended by servers that do not vote");
    let again = theirs.lock("held").wait(PATIENCE).acquire().await.unwrap();
    assert!(again.fence() > held.fence());
    drop((first, again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durable_ones_may_be_restarted_as_fast_as_they_come_back() {
    let world = five().await;
    let build = || world.builder().max_ttl(SECOND * 60).ttl(SECOND * 30).durable().build().unwrap();
    let (ours, theirs) = (build(), build());
    let held = ours.lock("held").wait(PATIENCE).acquire().await.unwrap();
    for server in &world.servers {
        server.restart_with_data().await;
    }
    // Nobody has waited for anything, and all have restarted: but none has forgotten.
    let free = theirs.lock("free").wait(PATIENCE).acquire().await.unwrap();
    assert!(matches!(try_in_time(&theirs, "held").await, Err(Error::Held { .. })));
    assert!(!held.remaining().is_zero());
    free.release().await.unwrap();
    held.release().await.unwrap();
}

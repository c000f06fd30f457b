//! What was wrong with its lock, and is not here.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::Link;
use redfleet_core::{BackendExt, Clock, Embedded, Faults, Fleet, Layer};
use redfleet_lock::{Error, Locks};
use redis::cmd;
use tokio::time::sleep;

use crate::world::{Nodes, SOON};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_majority_that_came_too_late_is_given_back() {
    let stores: Vec<_> = (0..3).map(|_| Embedded::new()).collect();
    let slow = Duration::from_millis(150);
    let far = Faults::seeded(1).delay(slow..slow);
    let named = stores.iter().enumerate();
    let fleet = named.fold(Fleet::builder(), |fleet, (place, store)| {
        fleet.node(format!("n{place}"), far.layer(store.shared()))
    });
    let locks = Locks::builder(fleet.build().unwrap()).new_fleet().clock(Clock::tokio()).build().unwrap();
    let error = locks.lock("job").ttl(Duration::from_millis(100)).try_acquire().await.unwrap_err();
    assert!(matches!(error, Error::TooLate { .. }), "{error}");
    let lease = locks.lock("job").ttl(SECOND * 10).try_acquire().await.unwrap();
    let error = locks.lock("other").ttl(Duration::from_millis(149)).try_acquire().await.unwrap_err();
    assert!(matches!(error, Error::TooLate { .. }), "{error}");
    sleep(SOON).await;
    for store in &stores {
        let left: i64 = store.shared().query(cmd("EXISTS").arg("redfleet:lock:{other}:owner")).await.unwrap();
        assert_eq!(left, 0, "it was not given back");
    }
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nearly_all_of_the_ttl_is_ones_own() {
    let nodes = Nodes::new(5);
    let lease = nodes.locks().lock("job").ttl(SECOND * 30).acquire().await.unwrap();
    assert_eq!(lease.remaining(), Duration::from_millis(30_000 - 300 - 2), "less twice the drift, and 2 ms");
}

#[tokio::test(start_paused = true)]
async fn tasks_of_one_process_exclude_each_other_without_being_told_to() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (locks, inside) = (locks.clone(), Arc::clone(&inside));
        tasks.spawn(async move {
            let lease = locks.lock("job").wait(SECOND * 60).acquire().await.unwrap();
            assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0, "two at once");
            sleep(SECOND / 100).await;
            inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            let fence = lease.fence();
            lease.release().await.unwrap();
            fence
        });
    }
    let mut fences = tasks.join_all().await;
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(fences.len(), 20, "and each has a fence of its own");
}

#[tokio::test(start_paused = true)]
async fn a_life_is_counted_in_milliseconds_from_when_the_server_heard_of_it() {
    let nodes = Nodes::new(3);
    sleep(Duration::from_millis(777)).await;
    let lease = nodes.locks().lock("job").ttl(Duration::from_millis(1999)).acquire().await.unwrap();
    for keys in nodes.keys("redfleet:lock:{job}:owner").await {
        assert_eq!(keys[0].1, 1999);
    }
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_restarted_empty_does_not_give_away_what_others_hold() {
    let nodes = Nodes::new(3);
    let ours = nodes.builder().max_ttl(SECOND * 20).ttl(SECOND * 20).build().unwrap();
    let theirs = nodes.builder().max_ttl(SECOND * 20).ttl(SECOND * 20).build().unwrap();
    // A fleet is founded by all of its servers.
    ours.lock("first").acquire().await.unwrap().release().await.unwrap();
    nodes.set(2, Link::Refused);
    let lease = ours.lock("job").acquire().await.unwrap();
    // It has the votes of n0 and n1. Now n1 forgets, and n2 is back, which never knew.
    nodes.set(2, Link::Up);
    nodes.wipe(1);
    nodes.set(0, Link::Refused);
    let mut taken = None;
    for _ in 0..400 {
        if let Ok(lease) = theirs.lock("job").try_acquire().await {
            taken = Some(lease);
            break;
        }
        assert_eq!(lease.remaining().is_zero(), lease.cancellation_token().is_cancelled());
        sleep(SECOND / 10).await;
    }
    let taken = taken.unwrap();
    assert!(lease.remaining().is_zero(), "the first one had lost it before");
    assert!(taken.fence() > lease.fence());
}

#[tokio::test(start_paused = true)]
async fn all_keys_of_a_lock_are_told_as_keys_and_are_in_one_slot() {
    let nodes = Nodes::new(1);
    let lease = nodes.locks().lock("a{b}c").acquire().await.unwrap();
    for (key, _) in nodes.keys("redfleet:lock:{*").await.remove(0) {
        assert!(key.starts_with("redfleet:lock:{a%7Bb%7Dc}:"), "{key}");
    }
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_never_answers_needs_no_time_limit_of_its_own_to_be_done_without() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    // A fleet is founded by all of its servers.
    locks.lock("first").acquire().await.unwrap().release().await.unwrap();
    nodes.set(1, Link::Hung);
    for _ in 0..100 {
        locks.lock("job").acquire().await.unwrap().release().await.unwrap();
    }
    nodes.set(2, Link::Hung);
    let refused = tokio::time::timeout(SOON, locks.lock("job").try_acquire()).await.unwrap();
    assert!(matches!(refused, Err(Error::Unreachable { .. })), "{refused:?}");
}

//! Its lock (MR-1, MR-2), what was to be added to its cases, and what its pages promise.

use std::time::Duration;

use redfleet_core::test_util::Link;
use redfleet_lock::Error;
use tokio::time::{Instant, sleep, timeout};

use crate::world::{Nodes, SOON};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn mr_1_one_has_it_another_does_not_and_only_the_one_gives_it_back() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = ours.lock("job").try_acquire().await.unwrap();
    assert!(lease.remaining() > SECOND * 29 && lease.remaining() < SECOND * 30, "told how long it lasts");
    assert!(matches!(theirs.lock("job").try_acquire().await, Err(Error::Held { .. })));
    let foreign = theirs.lock("other").try_acquire().await.unwrap();
    assert!(theirs.release("job", foreign.id()).await.is_err(), "0 % of the servers unlocked");
    assert_eq!(nodes.holders("job").await, 3);
    lease.release().await.unwrap();
    assert_eq!(nodes.holders("job").await, 0, "100 % of the servers unlocked");
}

#[tokio::test(start_paused = true)]
async fn mr_2_two_of_one_process_exclude_each_other_unless_they_are_one_owner() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let owner = redfleet_lock::Owner::new();
    let lease = locks.lock("job").owner(&owner).try_acquire().await.unwrap();
    assert!(
        locks.lock("job").try_acquire().await.is_err(),
        "threadsafe: the second instance does not get it"
    );
    let sibling = locks.lock("job").owner(&owner).try_acquire().await.unwrap();
    assert_eq!(sibling.fence(), lease.fence(), "not threadsafe: the sibling gets it again");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_while_it_is_locked_and_starts_again_is_locked_again_by_the_watchdog() {
    let nodes = Nodes::new(3);
    let ms = Duration::from_millis;
    let locks = nodes.builder().ttl(SECOND).max_ttl(SECOND * 2).build().unwrap();
    let lease = locks.lock("job").acquire().await.unwrap();
    nodes.set(2, Link::Refused);
    sleep(SECOND * 3).await;
    nodes.wipe(2);
    assert_eq!(nodes.holders("job").await, 2);
    sleep(ms(1900)).await;
    assert_eq!(
        nodes.holders("job").await,
        2,
        "it may have forgotten others' leases, so it does not vote yet"
    );
    sleep(ms(200) + SECOND * 3).await;
    assert_eq!(nodes.holders("job").await, 3);
    // It counts again: with it and one more there is a majority.
    nodes.set(0, Link::Refused);
    sleep(SECOND * 5).await;
    assert!(!lease.remaining().is_zero());
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_it_is_told_before_anybody_else_can_have_it() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").ttl(SECOND * 10).acquire().await.unwrap();
    let started = Instant::now();
    nodes.set(0, Link::Hung);
    nodes.set(1, Link::Hung);
    timeout(SECOND * 11, lease.lost()).await.unwrap();
    assert!(started.elapsed() < SECOND * 10, "{:?}", started.elapsed());
    assert_eq!(nodes.holders("job").await, 3, "on the servers it still lives");
    assert!(lease.remaining().is_zero() && lease.cancellation_token().is_cancelled());
    let error = lease.extend().await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_crashed_holds_it_no_longer_than_its_ttl() {
    let nodes = Nodes::new(5);
    std::mem::forget(nodes.locks().lock("job").ttl(SECOND).unattended().acquire().await.unwrap());
    let theirs = nodes.locks();
    sleep(SECOND - Duration::from_millis(1)).await;
    assert!(theirs.lock("job").try_acquire().await.is_err());
    sleep(Duration::from_millis(1)).await;
    theirs.lock("job").try_acquire().await.unwrap().release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn fewer_than_a_majority_up_give_no_lock_and_leave_none_behind() {
    for (count, down) in [(1, 1), (3, 2), (5, 3)] {
        for link in [Link::Refused, Link::Hung] {
            let nodes = Nodes::new(count);
            let locks = nodes.locks();
            locks.lock("first").acquire().await.unwrap().release().await.unwrap();
            (0..down).for_each(|node| nodes.set(node, link));
            let error = locks.lock("job").try_acquire().await.unwrap_err();
            assert!(matches!(error, Error::Unreachable { .. }), "{count} {link:?}: {error}");
            let told = error.to_string();
            assert!((0..down).all(|node| told.contains(&format!("n{node}: "))), "{told}");
            sleep(SOON).await;
            assert_eq!(nodes.holders("job").await, 0, "what it took is given back");
            (0..down).for_each(|node| nodes.set(node, Link::Up));
            // A node that was down is looked at again every few seconds.
            locks.lock("job").wait(SECOND * 30).acquire().await.unwrap().release().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_minority_that_is_down_is_not_noticed() {
    for (count, down) in [(3, 1), (5, 2)] {
        for link in [Link::Refused, Link::Hung] {
            let nodes = Nodes::new(count);
            // A fleet is founded by all of its servers.
            nodes.locks().lock("first").acquire().await.unwrap().release().await.unwrap();
            (0..down).for_each(|node| nodes.set(node, link));
            let locks = nodes.later().build().unwrap();
            let asked = Instant::now();
            let lease = locks.lock("job").acquire().await.unwrap();
            lease.release().await.unwrap();
            assert_eq!(asked.elapsed(), Duration::ZERO, "{count} {link:?}: nobody waits for them");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_waited_for_as_long_as_was_said_and_had_when_it_ends() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").ttl(SECOND * 2).unattended().acquire().await.unwrap();
    let ours = nodes.locks();
    let asked = Instant::now();
    assert!(ours.lock("job").wait(SECOND).acquire().await.is_err());
    assert!(asked.elapsed() >= SECOND && asked.elapsed() < SECOND + Duration::from_millis(50));
    let had = ours.lock("job").wait(SECOND * 20).acquire().await.unwrap();
    assert!(asked.elapsed() >= SECOND * 2, "not before it ends");
    assert!(lease.remaining().is_zero() && had.fence() > lease.fence());
}

#[tokio::test(start_paused = true)]
async fn an_extension_by_hand_tells_how_long_it_lasts_now() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").ttl(SECOND * 10).unattended().acquire().await.unwrap();
    sleep(SECOND * 5).await;
    assert!(lease.remaining() < SECOND * 5);
    let lasts = lease.extend().await.unwrap();
    assert!(lasts > SECOND * 9 && lasts == lease.remaining(), "{lasts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_release_counts_where_the_key_is_gone_already() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").acquire().await.unwrap();
    nodes.wipe(1);
    nodes.wipe(2);
    lease.release().await.unwrap();
    assert_eq!(nodes.holders("job").await, 0);
}

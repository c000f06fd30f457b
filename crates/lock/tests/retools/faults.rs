//! What was wrong with its lock and its limiter, and is not here.

use std::time::Duration;

use redfleet_lock::{Error, LeaseId, Owner};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::world::{Nodes, SOON};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn how_long_to_wait_is_a_time_and_no_number_of_attempts() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = theirs.lock("job").acquire().await.unwrap();
    for wait in [SECOND / 4, SECOND, SECOND * 20] {
        let asked = Instant::now();
        assert!(ours.lock("job").wait(wait).acquire().await.is_err());
        let waited = asked.elapsed();
        assert!((wait..wait + Duration::from_millis(50)).contains(&waited), "{wait:?}: {waited:?}");
    }
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_ttl_with_a_fraction_of_a_second_leaves_no_lock_without_an_end() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let lease = locks.lock("job").ttl(Duration::from_millis(1500)).unattended().try_acquire().await.unwrap();
    let permit = locks.limiter("job", 3).ttl(Duration::from_micros(1_500_700)).try_acquire().await.unwrap();
    for keys in nodes.keys("redfleet:lock:{job}*").await {
        for (key, life) in keys {
            assert!(life > 0, "{key} has no end");
            assert!(!key.ends_with(":owner") || (1490..=1500).contains(&life), "{key} lives {life} ms");
        }
    }
    drop((lease, permit));
}

#[tokio::test(start_paused = true)]
async fn whoever_works_for_longer_than_the_ttl_keeps_the_lock() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = ours.lock("job").ttl(SECOND).acquire().await.unwrap();
    for _ in 0..30 {
        sleep(SECOND).await;
        assert!(matches!(theirs.lock("job").try_acquire().await, Err(Error::Held { .. })));
        assert!(!lease.remaining().is_zero());
    }
    lease.release().await.unwrap();
    theirs.lock("job").try_acquire().await.unwrap().release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_release_of_what_is_lost_says_so() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").ttl(SECOND).unattended().acquire().await.unwrap();
    sleep(SECOND).await;
    timeout(Duration::ZERO, lease.lost()).await.unwrap();
    assert!(!lease.release().await.unwrap().was_held);
}

#[tokio::test(start_paused = true)]
async fn each_holder_has_a_greater_fence_than_those_before_it() {
    for count in [1, 3, 5] {
        let nodes = Nodes::new(count);
        let clients = [nodes.locks(), nodes.locks(), nodes.locks()];
        let mut last = None;
        for turn in 0..60 {
            let lease = clients[turn % 3].lock("job").try_acquire().await.unwrap();
            assert!(Some(lease.fence()) > last, "{:?} after {last:?}", lease.fence());
            last = Some(lease.fence());
            lease.release().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_holds_it_gets_it_again() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let owner = Owner::new();
    let outer = locks.lock("job").owner(&owner).acquire().await.unwrap();
    let inner = locks.lock("job").owner(&owner).acquire().await.unwrap();
    assert_eq!(inner.fence(), outer.fence());
    assert!(locks.lock("job").owner(&Owner::new()).try_acquire().await.is_err(), "another owner");
    inner.release().await.unwrap();
    assert_eq!(nodes.holders("job").await, 3, "the outer one still holds it");
    outer.release().await.unwrap();
    assert_eq!(nodes.holders("job").await, 0);
}

#[tokio::test(start_paused = true)]
async fn they_are_served_in_the_order_in_which_they_came_and_nobody_polls() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").acquire().await.unwrap();
    let mut waiting = JoinSet::new();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for place in 0..8 {
        let (locks, told) = (nodes.locks(), told.clone());
        waiting.spawn(async move {
            let lease = locks.lock("job").wait(SECOND * 30).acquire().await.unwrap();
            told.send((place, Instant::now())).unwrap();
            lease.release().await.unwrap();
        });
        sleep(SECOND / 100).await;
    }
    sleep(SECOND).await;
    let released = Instant::now();
    lease.release().await.unwrap();
    waiting.join_all().await;
    for expected in 0..8 {
        let (place, at) = heard.recv().await.unwrap();
        assert_eq!(place, expected, "first come, first served");
        assert_eq!(at, released, "and woken at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ended_without_a_word_blocks_nobody_for_longer_than_its_ttl() {
    let nodes = Nodes::new(3);
    std::mem::forget(nodes.locks().lock("job").ttl(SECOND).unattended().acquire().await.unwrap());
    let asked = Instant::now();
    let lease = nodes.locks().lock("job").wait(SECOND * 30).acquire().await.unwrap();
    let waited = asked.elapsed();
    assert!((SECOND..SECOND * 2).contains(&waited), "{waited:?}");
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hundred_at_once_on_ten_permits_are_never_eleven() {
    let nodes = Nodes::new(3);
    let clients: Vec<_> = (0..10).map(|_| nodes.locks()).collect();
    let mut tasks = JoinSet::new();
    for task in 0..100 {
        let limiter = clients[task % 10].limiter("downloads", 10).wait(SECOND * 60);
        tasks.spawn(async move {
            let permit = limiter.acquire().await.unwrap();
            sleep(SECOND / 10).await;
            permit.release().await.unwrap();
        });
    }
    let mut most = 0;
    while !tasks.is_empty() {
        let held = nodes.keys("redfleet:lock:{downloads}*:owner").await;
        // More than ten keys on a node would be eleven holders, or one that holds no majority.
        let slots: Vec<usize> = held.iter().map(Vec::len).collect();
        assert!(slots.iter().all(|slots| *slots <= 10), "{slots:?}");
        most = most.max(slots.into_iter().max().unwrap());
        sleep(SECOND / 100).await;
        while tasks.try_join_next().is_some() {}
    }
    assert_eq!(most, 10, "all permits are used");
}

#[tokio::test(start_paused = true)]
async fn lives_are_counted_by_the_servers_so_clients_need_no_common_clock() {
    let nodes = Nodes::new(3);
    sleep(SECOND * 1000).await;
    // This one's clock began a thousand seconds later than that of the servers.
    let late = nodes.locks();
    let lease = late.lock("job").ttl(SECOND).unattended().acquire().await.unwrap();
    assert!(lease.remaining() > SECOND * 9 / 10);
    for keys in nodes.keys("redfleet:lock:{job}:owner").await {
        assert_eq!(keys[0].1, 1000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_holder_needs_no_second_permit_to_go_on_and_an_extension_works_when_all_are_taken() {
    let nodes = Nodes::new(3);
    let limiter = nodes.locks().limiter("downloads", 1).ttl(SECOND);
    let permit = limiter.try_acquire().await.unwrap();
    assert!(limiter.try_acquire().await.is_err(), "full");
    sleep(SECOND / 2).await;
    assert!(permit.extend().await.unwrap() > SECOND * 9 / 10);
    permit.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_who_knows_the_id_of_a_permit_gives_it_back() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let permit = ours.limiter("downloads", 1).try_acquire().await.unwrap();
    assert!(theirs.release("downloads", &LeaseId::new("downloads")).await.is_err());
    assert!(theirs.limiter("downloads", 1).try_acquire().await.is_err(), "it is held as before");
    permit.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_removed_although_it_is_not_full() {
    let nodes = Nodes::new(3);
    let locks = nodes.builder().max_ttl(SECOND * 2).ttl(SECOND).build().unwrap();
    for turn in 0..5 {
        locks.limiter(format!("l{turn}"), 10).try_acquire().await.unwrap().release().await.unwrap();
        locks.lock(format!("k{turn}")).try_acquire().await.unwrap().release().await.unwrap();
    }
    // Tokens are remembered for a minute at least.
    sleep(SECOND * 62 + SOON).await;
    for keys in nodes.keys("*").await {
        assert_eq!(keys, [("redfleet:lock:mark".to_owned(), -1)], "what is kept is the mark");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ttl_of_zero_is_an_error_and_no_default() {
    let nodes = Nodes::new(1);
    let locks = nodes.locks();
    let none = Duration::ZERO;
    for error in [
        locks.lock("job").ttl(none).try_acquire().await.unwrap_err(),
        locks.limiter("job", 2).ttl(none).try_acquire().await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Request { .. }), "{error}");
    }
    assert!(nodes.keys("*").await[0].is_empty(), "nothing was sent");
}

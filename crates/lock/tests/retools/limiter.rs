//! Its limiter (RT-7 to RT-14).

use std::time::Duration;

use redfleet_core::test_util::Link;
use redfleet_lock::{Error, Locks};
use tokio::time::sleep;

use crate::world::{Nodes, SOON};

const SECOND: Duration = Duration::from_secs(1);

/// For this long nobody reaches a node: what lives no longer than that has ended then.
async fn cut_off(nodes: &Nodes, time: Duration) {
    (0..3).for_each(|node| nodes.set(node, Link::Refused));
    sleep(time).await;
    (0..3).for_each(|node| nodes.set(node, Link::Up));
}

#[tokio::test(start_paused = true)]
async fn rt_7_a_permit_lives_as_long_as_is_usual_unless_it_is_said() {
    let nodes = Nodes::new(1);
    let locks = nodes.builder().ttl(SECOND * 10).build().unwrap();
    let usual = locks.limiter("downloads", 2).try_acquire().await.unwrap();
    let told = locks.limiter("downloads", 2).ttl(SECOND * 5).try_acquire().await.unwrap();
    let lives: Vec<i64> = nodes.keys("*:owner").await.remove(0).into_iter().map(|(_, life)| life).collect();
    assert_eq!(lives.iter().max(), Some(&10_000), "{lives:?}");
    assert_eq!(lives.iter().min(), Some(&5_000), "{lives:?}");
    assert_ne!(usual.slot(), told.slot());
}

#[tokio::test(start_paused = true)]
async fn rt_8_limiters_in_two_namespaces_do_not_know_each_other() {
    let nodes = Nodes::new(1);
    let one = nodes.builder().namespace("one").build().unwrap();
    let two = nodes.builder().namespace("two").build().unwrap();
    let first = one.limiter("downloads", 1).try_acquire().await.unwrap();
    let second = two.limiter("downloads", 1).try_acquire().await.unwrap();
    assert!(one.limiter("downloads", 1).try_acquire().await.is_err());
    assert_eq!((first.slot(), second.slot()), (0, 0));
    let keys = nodes.keys("*:owner").await.remove(0);
    assert!(
        keys[0].0.starts_with("redfleet:lock:one:") && keys[1].0.starts_with("redfleet:lock:two:"),
        "{keys:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn rt_9_a_permit_ends_by_itself_and_frees_its_slot() {
    let nodes = Nodes::new(3);
    let theirs = nodes.locks();
    let limiter = |locks: &Locks| locks.limiter("downloads", 1).ttl(SECOND);
    let permit = limiter(&nodes.locks()).try_acquire().await.unwrap();
    assert!(limiter(&theirs).try_acquire().await.is_err());
    // Nobody can extend it, and nobody gives it back.
    cut_off(&nodes, SECOND).await;
    assert!(permit.remaining().is_zero());
    limiter(&nodes.locks()).try_acquire().await.unwrap().release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rt_10_whoever_gets_a_permit_has_a_slot_of_its_own_on_the_servers() {
    let nodes = Nodes::new(3);
    let limiter = nodes.locks().limiter("downloads", 10);
    let permits = [limiter.try_acquire().await.unwrap(), limiter.try_acquire().await.unwrap()];
    for keys in nodes.keys("*:owner").await {
        assert_eq!(keys.len(), 2, "{keys:?}");
        for permit in &permits {
            assert!(
                keys.iter().any(|(key, _)| key.contains(&format!(":slot:{}:", permit.slot()))),
                "{keys:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rt_11_full_of_holders_some_of_whom_have_ended_it_has_room_again() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let limiter = locks.limiter("downloads", 10).ttl(SECOND * 10);
    let mut permits = Vec::new();
    for place in 0..10 {
        let limiter = if place < 2 { limiter.clone().ttl(SECOND) } else { limiter.clone() };
        permits.push(limiter.try_acquire().await.unwrap());
    }
    assert!(limiter.try_acquire().await.is_err(), "ten of ten");
    cut_off(&nodes, SECOND).await;
    let limiter = nodes.locks().limiter("downloads", 10).ttl(SECOND * 10);
    let more = [limiter.try_acquire().await.unwrap(), limiter.try_acquire().await.unwrap()];
    assert!(limiter.try_acquire().await.is_err(), "eight and two");
    assert_eq!(more.len() + permits.len(), 12);
}

#[tokio::test(start_paused = true)]
async fn rt_12_full_of_living_holders_it_refuses_and_writes_nothing() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let limiter = locks.limiter("downloads", 2);
    let permits = [limiter.try_acquire().await.unwrap(), limiter.try_acquire().await.unwrap()];
    let before = nodes.keys("*").await;
    let refused = nodes.locks().limiter("downloads", 2).try_acquire().await;
    assert!(matches!(refused, Err(Error::Held { .. })), "{refused:?}");
    assert_eq!(nodes.keys("*").await, before);
    drop(permits);
}

#[tokio::test(start_paused = true)]
async fn rt_13_a_permit_that_is_given_back_is_free_for_the_next() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let permit = ours.limiter("downloads", 1).try_acquire().await.unwrap();
    assert!(theirs.limiter("downloads", 1).try_acquire().await.is_err());
    permit.release().await.unwrap();
    let next = theirs.limiter("downloads", 1).try_acquire().await.unwrap();
    drop(next);
    sleep(SOON).await;
    assert_eq!(nodes.holders("downloads").await, 0, "dropped, it is given back too");
}

#[tokio::test(start_paused = true)]
async fn rt_14_with_a_limit_of_two_the_third_is_refused_on_one_server_and_on_five() {
    for count in [1, 3, 5] {
        let nodes = Nodes::new(count);
        let [one, two, three] = [nodes.locks(), nodes.locks(), nodes.locks()];
        let first = one.limiter("downloads", 2).try_acquire().await.unwrap();
        let second = two.limiter("downloads", 2).try_acquire().await.unwrap();
        let refused = three.limiter("downloads", 2).try_acquire().await;
        assert!(matches!(refused, Err(Error::Held { .. })), "{refused:?}");
        drop((first, second));
    }
}

//! A lock is taken on a majority, and spread to the other servers when it is held for longer: every script counted, in paused time.

use std::cell::Cell;
use std::time::Duration;

use redfleet_core::test_util::Link;
use redfleet_core::{Clock, Fleet};
use redfleet_lock::{Error, Locks};
use tokio::time::sleep;

use crate::tap::Tap;

const OWNER: &str = "redfleet:lock:{a}:owner";

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn locks(taps: &[Tap]) -> Locks {
    // Of the test's own thread: what other tests do at the same time changes no seed.
    thread_local! {
        static CLIENTS: Cell<u64> = const { Cell::new(0) };
    }
    let named = taps.iter().enumerate();
    let fleet =
        named.fold(Fleet::builder(), |fleet, (place, tap)| fleet.node(format!("n{place}"), tap.shared()));
    let seed = CLIENTS.replace(CLIENTS.get() + 1);
    Locks::builder(fleet.build().unwrap()).new_fleet().clock(Clock::tokio()).seed(seed).build().unwrap()
}

/// So many servers, and locks to which they are known.
async fn warm(servers: usize) -> (Vec<Tap>, Locks) {
    let taps: Vec<_> = (0..servers).map(|_| Tap::new()).collect();
    let locks = locks(&taps);
    for _ in 0..8 {
        locks.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
    }
    sleep(ms(500)).await;
    scripts(&taps);
    (taps, locks)
}

/// How many scripts each server was sent since this was asked last.
fn scripts(taps: &[Tap]) -> Vec<usize> {
    taps.iter().map(Tap::scripts).collect()
}

/// The servers that have the lock.
async fn holders(taps: &[Tap]) -> Vec<usize> {
    let mut holders = Vec::new();
    for (place, tap) in taps.iter().enumerate() {
        if tap.get(OWNER).await.is_some() {
            holders.push(place);
        }
    }
    holders
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_given_back_soon_costs_a_majority_one_script_each_way_and_the_others_none() {
    for servers in [1, 3, 5] {
        let (taps, locks) = warm(servers).await;
        for _ in 0..100 {
            locks.lock("a").try_acquire().await.unwrap().release().await.unwrap();
            sleep(ms(1)).await;
        }
        sleep(ms(1_000)).await;
        let sent = scripts(&taps);
        assert_eq!(sent.iter().filter(|sent| **sent == 200).count(), servers / 2 + 1, "{sent:?}");
        assert_eq!(sent.iter().sum::<usize>(), 200 * (servers / 2 + 1), "the others: none");
    }
}

#[tokio::test(start_paused = true)]
async fn all_clients_ask_the_same_servers_first_and_different_locks_are_on_different_ones() {
    let (taps, one) = warm(5).await;
    let other = locks(&taps);
    for _ in 0..8 {
        other.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
    }
    sleep(ms(500)).await;
    let lease = one.lock("a").try_acquire().await.unwrap();
    let asked = holders(&taps).await;
    assert_eq!(asked.len(), 3);
    scripts(&taps);
    assert!(matches!(other.lock("a").try_acquire().await, Err(Error::Held { .. })));
    let sent = scripts(&taps);
    assert_eq!((0..5).filter(|server| sent[*server] > 0).collect::<Vec<_>>(), asked, "{sent:?}");
    lease.release().await.unwrap();
    let _many = futures::future::join_all((0..20).map(|lock| {
        let request = one.lock(format!("many-{lock}"));
        async move { request.try_acquire().await.unwrap() }
    }))
    .await;
    assert!(scripts(&taps).iter().all(|sent| *sent > 0), "each server has its part");
}

#[tokio::test(start_paused = true)]
async fn what_is_held_for_longer_is_on_all_servers_and_released_on_all() {
    let (taps, locks) = warm(5).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    let first = holders(&taps).await;
    assert_eq!(first.len(), 3);
    assert_eq!(scripts(&taps).iter().sum::<usize>(), 3);
    sleep(ms(19)).await;
    assert_eq!(holders(&taps).await, first, "not before 20 ms");
    sleep(ms(22)).await;
    assert_eq!(holders(&taps).await.len(), 5);
    assert_eq!(scripts(&taps), [0; 5], "in a batch, and only where it was not");
    let ends = taps[(0..5).find(|server| !first.contains(server)).unwrap()].get(OWNER).await;
    assert_eq!(ends.as_deref(), Some(lease.id().as_str()));
    sleep(ms(1_000)).await;
    assert_eq!(scripts(&taps), [0; 5], "once");
    lease.release().await.unwrap();
    sleep(ms(1)).await;
    assert_eq!(scripts(&taps), [1; 5]);
    assert!(holders(&taps).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_that_are_held_are_spread_together_and_one_that_was_given_back_is_not() {
    let (taps, locks) = warm(3).await;
    let mut leases = Vec::new();
    for lock in 0..10 {
        leases.push(locks.lock(format!("many-{lock}")).try_acquire().await.unwrap());
    }
    let short = locks.lock("a").try_acquire().await.unwrap();
    sleep(ms(15)).await;
    short.release().await.unwrap();
    sleep(ms(50)).await;
    // The ten on two each, and in batches on the third; the eleventh on two and off them again.
    assert_eq!(scripts(&taps).iter().sum::<usize>(), 10 * 2 + 2 * 2);
    for lock in 0..10 {
        for tap in &taps {
            assert!(tap.get(&format!("redfleet:lock:{{many-{lock}}}:owner")).await.is_some());
        }
    }
    assert!(holders(&taps).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_spread_survives_the_loss_of_any_minority_even_of_those_that_granted_it() {
    let (taps, locks) = warm(5).await;
    let lease = locks.lock("a").ttl(ms(3_000)).try_acquire().await.unwrap();
    let first = holders(&taps).await;
    sleep(ms(45)).await;
    for lost in &first[..2] {
        taps[*lost].set(Link::Refused);
    }
    for _ in 0..10 {
        sleep(ms(1_000)).await;
        assert!(lease.remaining() > ms(900), "{:?}", lease.remaining());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_late_or_says_no_is_replaced_by_another_and_given_back_too() {
    for (fault, most) in [(Link::Refused, ms(1)), (Link::Hung, ms(10)), (Link::Late(ms(40)), ms(10))] {
        let (taps, locks) = warm(5).await;
        // The first of those that are asked for "a".
        let probe = locks.lock("a").try_acquire().await.unwrap();
        let first = holders(&taps).await;
        probe.release().await.unwrap();
        sleep(ms(10)).await;
        for bad in &first[..2] {
            taps[*bad].set(fault);
        }
        let start = tokio::time::Instant::now();
        let lease = locks.lock("a").try_acquire().await.unwrap();
        assert!(start.elapsed() <= most, "{fault:?} {:?}", start.elapsed());
        assert!(holders(&taps).await.len() >= 3, "{fault:?}");
        lease.release().await.unwrap();
        for tap in &taps {
            tap.set(Link::Up);
        }
        sleep(ms(1_000)).await;
        assert!(holders(&taps).await.is_empty(), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_breaks_off_after_its_vote_is_replaced_by_one_that_was_not_asked() {
    let (taps, locks) = warm(3).await;
    let probe = locks.lock("a").try_acquire().await.unwrap();
    let first = holders(&taps).await;
    probe.release().await.unwrap();
    sleep(ms(10)).await;
    // The first one votes, and its connection is another one before the second has voted.
    taps[first[1]].set(Link::Late(ms(2)));
    let cut = async {
        sleep(ms(1)).await;
        taps[first[0]].reconnect();
    };
    let request = locks.lock("a");
    let (lease, ()) = futures::join!(request.try_acquire(), cut);
    let lease = lease.unwrap();
    assert_eq!(holders(&taps).await.len(), 3);
    lease.release().await.unwrap();
    sleep(ms(1_000)).await;
    assert!(holders(&taps).await.is_empty());
}

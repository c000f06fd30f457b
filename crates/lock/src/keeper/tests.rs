//! Tests of the task: when it runs, and how it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_core::{Clock, Embedded, Fleet};
use tokio::time::{sleep, timeout};

use super::MAX_HELD;
use crate::error::Error;
use crate::locks::{Inner, Locks};

/// Locks on one node, and what they share.
fn locks() -> (Locks, Arc<Inner>) {
    let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build().unwrap();
    let locks = Locks::builder(fleet).new_fleet().clock(Clock::tokio()).seed(7).build().unwrap();
    let inner = locks.lock("a").inner;
    (locks, inner)
}

#[tokio::test(start_paused = true)]
async fn nobody_looks_while_nothing_is_held() {
    let (locks, inner) = locks();
    let lease = locks.lock("a").try_acquire().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    lease.release().await.unwrap();
    assert_eq!(inner.keeper.watch.len(), 0);
    sleep(Duration::from_secs(2)).await;
    let before = inner.keeper.watch.looks.load(Ordering::Relaxed);
    assert!((60..100).contains(&before), "about once a second while it was held: {before}");
    sleep(Duration::from_secs(86_400)).await;
    assert_eq!(inner.keeper.watch.looks.load(Ordering::Relaxed), before);
}

#[tokio::test(start_paused = true)]
async fn to_take_and_give_back_a_lock_wakes_nobody() {
    let (locks, inner) = locks();
    let _held = locks.lock("held").try_acquire().await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let before = inner.keeper.watch.looks.load(Ordering::Relaxed);
    for _ in 0..1_000 {
        locks.lock("a").try_acquire().await.unwrap().release().await.unwrap();
    }
    let after = inner.keeper.watch.looks.load(Ordering::Relaxed);
    assert_eq!(after, before);
    let _short = locks.lock("b").ttl(Duration::from_millis(200)).try_acquire().await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(inner.keeper.watch.looks.load(Ordering::Relaxed), after + 1, "but what is due earlier does");
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_nothing_is_extended_and_it_is_told_what_is_still_held() {
    let (locks, inner) = locks();
    let lease = locks.lock("a").try_acquire().await.unwrap();
    sleep(Duration::from_secs(100)).await;
    let held = inner.keeper.shutdown().await;
    assert_eq!(held.iter().map(|hold| &hold.id).collect::<Vec<_>>(), [lease.id()]);
    assert!(matches!(locks.lock("b").try_acquire().await, Err(Error::Shutdown)));
    assert!(matches!(lease.extend().await, Err(Error::Shutdown)));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(lease.remaining(), Duration::ZERO);
    assert!(inner.keeper.shutdown().await.is_empty(), "a second time there is nothing to do");
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_when_nobody_can_take_anything_any_more() {
    let (locks, inner) = locks();
    drop(locks.lock("a").try_acquire().await.unwrap());
    let task = inner.keeper.task.lock().unwrap().take().unwrap();
    drop((locks, inner));
    assert!(timeout(Duration::from_secs(5), task).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_process_holds_no_more_than_it_may_and_is_told_so_before_anything_is_sent() {
    let (locks, inner) = locks();
    let lease = locks.lock("a").try_acquire().await.unwrap();
    let hold = inner.keeper.watch.let_all_go().pop().unwrap();
    (1..MAX_HELD).for_each(|_| inner.keeper.keep(&hold));
    let another = locks.lock("b").try_acquire().await.unwrap();
    assert!(matches!(locks.lock("c").try_acquire().await, Err(Error::TooMany { limit: MAX_HELD, .. })));
    assert!(locks.release("b", another.id()).await.unwrap().was_held, "to give back takes no room");
    drop(locks.lock("c").try_acquire().await.unwrap());
    drop(lease);
}

#[test]
fn a_runtime_that_ends_takes_the_task_along_and_the_next_one_begins_another() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let first = runtime();
    let (locks, inner) = first.block_on(async { locks() });
    let lost = first.block_on(locks.lock("a").try_acquire()).unwrap();
    drop(first);
    let second = runtime();
    second.block_on(async {
        let lease = locks.lock("b").try_acquire().await.unwrap();
        assert_eq!(inner.keeper.watch.len(), 2);
        sleep(Duration::from_millis(10)).await;
        assert!(lease.extend().await.is_ok());
    });
    drop(lost);
}

//! A process that is killed or stopped while it holds the lock.

use tokio::time::{Instant, sleep};

use super::other::{Other, is_other};
use super::world::{PATIENCE, SECOND, TTL, place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_held_that_was_killed_is_free_after_its_ttl_for_who_waits() {
    if is_other().await {
        return;
    }
    let (place, _servers) = place("killed", TTL).await;
    let test =
        "servers_paused::paused::what_a_process_held_that_was_killed_is_free_after_its_ttl_for_who_waits";
    let mut other = Other::start(&place, "holds", test);
    let fence: u64 = other.says("held ").await.parse().unwrap();
    // Longer than its ttl: it is extended.
    sleep(TTL * 2).await;
    let locks = place.locks();
    assert!(locks.lock("job").try_acquire().await.is_err());
    let waiting = tokio::spawn(async move { locks.lock("job").wait(PATIENCE).acquire().await });
    sleep(TTL / 2).await;
    assert!(!waiting.is_finished());
    let killed = Instant::now();
    other.process.kill().await.unwrap();
    let lease = waiting.await.unwrap().unwrap();
    // Its ttl, and what two clocks may be off, and what the waiter leaves it to come back; the longest ttl is a minute.
    assert!(killed.elapsed() < TTL + SECOND * 20, "{:?}", killed.elapsed());
    assert!(lease.fence().get() > fence);
    lease.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_stopped_finds_its_lease_lost_and_the_fence_refuses_it() {
    if is_other().await {
        return;
    }
    let (place, _servers) = place("stopped", TTL).await;
    let test =
        "servers_paused::paused::a_process_that_was_stopped_finds_its_lease_lost_and_the_fence_refuses_it";
    let mut other = Other::start(&place, "holds", test);
    let fence: u64 = other.says("held ").await.parse().unwrap();
    other.says("written").await;
    other.signal("-STOP").await;
    let lease = place.locks().lock("job").wait(PATIENCE).acquire().await.unwrap();
    assert!(lease.fence().get() > fence);
    assert!(place.write(lease.fence(), "we").await);
    other.signal("-CONT").await;
    // It wakes in the middle of its work: what it writes now is refused, and it knows why.
    assert_eq!(other.says("refused ").await, "and lost");
    assert_eq!(
        other.says("the lease on `job` ").await,
        "is lost: what it protects may be somebody else's now"
    );
    assert_eq!(place.writer().await, "we");
    assert!(!lease.remaining().is_zero());
    assert!(place.write(lease.fence(), "we").await);
    lease.release().await.unwrap();
}

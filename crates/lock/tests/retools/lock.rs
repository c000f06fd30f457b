//! Its lock (RT-1 to RT-6).

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::Link;
use redfleet_lock::{Error, Lease, LeaseId};
use tokio::time::{Instant, sleep, timeout};

use crate::world::{Nodes, SOON};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn rt_1_the_body_runs_under_the_lock() {
    let nodes = Nodes::new(1);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let body = async move |lease: Arc<Lease>| {
        assert!(matches!(theirs.lock("job").try_acquire().await, Err(Error::Held { .. })));
        lease.fence()
    };
    let fence = ours.lock("job").run(body).await.unwrap();
    assert_eq!(nodes.holders("job").await, 0, "it is given back when the body has ended");
    assert!(ours.lock("job").try_acquire().await.unwrap().fence() > fence);
}

#[tokio::test(start_paused = true)]
async fn rt_2_held_by_another_the_body_does_not_run_and_does_after_the_release() {
    let nodes = Nodes::new(1);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = theirs.lock("job").acquire().await.unwrap();
    let mut has_run = false;
    let asked = Instant::now();
    let refused = ours.lock("job").wait(Duration::ZERO).run(|_| async { has_run = true }).await;
    assert!(matches!(refused, Err(Error::Held { .. })), "{refused:?}");
    assert_eq!(asked.elapsed(), Duration::ZERO, "whoever does not wait is told at once");
    assert!(!has_run);
    lease.release().await.unwrap();
    ours.lock("job").wait(Duration::ZERO).run(|_| async { has_run = true }).await.unwrap();
    assert!(has_run);
}

#[tokio::test(start_paused = true)]
async fn rt_3_whoever_waits_a_second_is_told_after_a_second() {
    let nodes = Nodes::new(1);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = theirs.lock("job").acquire().await.unwrap();
    let asked = Instant::now();
    let error = ours.lock("job").wait(SECOND).acquire().await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { wait: SECOND, .. }), "{error}");
    let waited = asked.elapsed();
    assert!((SECOND..SECOND + Duration::from_millis(50)).contains(&waited), "{waited:?}");
    assert!(!lease.remaining().is_zero());
}

#[tokio::test(start_paused = true)]
async fn rt_4_the_key_has_a_life_from_the_moment_it_is_there() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").ttl(SECOND).unattended().try_acquire().await.unwrap();
    for keys in nodes.keys("redfleet:lock:{job}:owner").await {
        assert_eq!(keys, [("redfleet:lock:{job}:owner".to_owned(), 1000)]);
    }
    sleep(SECOND).await;
    assert_eq!(nodes.holders("job").await, 0, "nobody extends it");
    assert!(lease.remaining().is_zero());
}

#[tokio::test(start_paused = true)]
async fn rt_5_a_release_takes_away_only_what_is_ones_own() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let old = ours.lock("job").ttl(SECOND).unattended().try_acquire().await.unwrap();
    sleep(SECOND).await;
    let new = theirs.lock("job").try_acquire().await.unwrap();
    drop(old);
    sleep(SOON).await;
    assert_eq!(nodes.holders("job").await, 3, "the late release of another");
    let refused = ours.release("job", &LeaseId::new("nobody")).await;
    assert!(matches!(refused, Err(Error::NotHolder { .. })), "{refused:?}");
    assert_eq!(nodes.holders("job").await, 3);
    new.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rt_6_it_is_asked_for_again_until_it_is_free() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = theirs.lock("job").acquire().await.unwrap();
    let waiting = tokio::spawn(async move { ours.lock("job").wait(SECOND * 10).acquire().await });
    sleep(SECOND).await;
    let released = Instant::now();
    lease.release().await.unwrap();
    let lease = timeout(SECOND, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(released.elapsed(), Duration::ZERO, "it is woken, and does not poll");
    nodes.set(0, Link::Refused);
    assert!(!lease.remaining().is_zero());
}

//! Requests that are impossible: nothing is sent.

use std::time::Duration;

use redfleet_core::Effect;
use redfleet_lock::{Error, Lease, Result};

use crate::world::Nodes;

const SECOND: Duration = Duration::from_secs(1);

/// The text of a request's error, which has no effect.
fn told<T>(result: Result<T>) -> String {
    let Err(error) = result else { panic!("it was taken") };
    assert!(matches!(error, Error::Request { .. }), "{error:?}");
    assert_eq!(error.effect(), Effect::None);
    error.to_string()
}

async fn with_ttl(nodes: &Nodes, ttl: Duration) -> Result<Lease> {
    nodes.locks().lock("job").ttl(ttl).acquire().await
}

#[tokio::test(start_paused = true)]
async fn a_ttl_that_no_lease_can_have_says_which_it_can() {
    let nodes = Nodes::new(3);
    let zero = told(with_ttl(&nodes, Duration::ZERO).await);
    assert!(zero.starts_with("nothing was sent: ") && zero.contains("ttl"), "{zero}");
    let long = told(with_ttl(&nodes, SECOND * 61).await);
    assert_eq!(long, "nothing was sent: the ttl of a lock must be no longer than max_ttl");
    // Of 2 ms nothing is left when the margin is taken away.
    let short = told(with_ttl(&nodes, Duration::from_millis(2)).await);
    assert!(short.contains("ttl"), "{short}");
    assert!(nodes.keys("*").await.iter().all(Vec::is_empty), "nothing was sent");
    with_ttl(&nodes, SECOND * 60).await.unwrap().release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_over_before_an_answer_can_come_is_refused() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let lease = locks.lock("job").acquire().await.unwrap();
    // On nodes in this process a round trip takes no time, so any wait is long enough.
    assert!(matches!(
        nodes.locks().lock("job").wait(Duration::from_nanos(1)).acquire().await,
        Err(Error::TimedOut { .. } | Error::Request { .. })
    ));
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lock_needs_a_name() {
    let nodes = Nodes::new(1);
    let locks = nodes.locks();
    let expected = "nothing was sent: a lock's name must be not empty";
    assert_eq!(told(locks.lock("").acquire().await), expected);
    assert_eq!(told(locks.lock("").try_acquire().await), expected);
    assert_eq!(told(locks.read("").try_acquire().await), expected);
    assert_eq!(told(locks.write("").try_acquire().await), expected);
    assert!(told(locks.limiter("", 1).try_acquire().await).contains("name"));
    assert!(told(locks.all(["a", ""]).acquire().await).contains("name"));
    assert!(nodes.keys("*").await[0].is_empty(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn a_limiter_needs_permits_and_not_too_many() {
    let nodes = Nodes::new(1);
    let locks = nodes.locks();
    let none = told(locks.limiter("downloads", 0).try_acquire().await);
    assert!(none.contains("permits"), "{none}");
    let many = told(locks.limiter("downloads", 10_000).try_acquire().await);
    assert!(many.contains("permits"), "{many}");
    assert!(nodes.keys("*").await[0].is_empty(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn several_locks_are_different_ones() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let twice = told(locks.all(["a", "b", "a"]).acquire().await);
    assert!(twice.contains("name"), "{twice}");
    assert_eq!(nodes.holders("b").await, 0);
    let none: [&str; 0] = [];
    told(locks.all(none).acquire().await);
}

#[tokio::test(start_paused = true)]
async fn any_name_is_a_name_and_no_two_are_one() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let long = "x".repeat(1 << 20);
    let names = [
        "{a}",
        "a",
        "}a{",
        "{}",
        "%7Ba%7D",
        "a\r\nb",
        "a b",
        "a:owner",
        "a}:owner",
        "\0",
        "é漢🦀",
        "*",
        long.as_str(),
    ];
    let mut leases = Vec::new();
    for name in names {
        leases
            .push(locks.lock(name).try_acquire().await.unwrap_or_else(|error| panic!("{name:.20}: {error}")));
        assert!(nodes.locks().lock(name).try_acquire().await.is_err(), "{name:.20} is held");
    }
    let limiter = locks.limiter("{a}", 1).try_acquire().await.unwrap();
    for (lease, name) in leases.iter().zip(names) {
        assert_eq!(lease.name(), name);
        lease.release().await.unwrap();
        locks.lock(name).try_acquire().await.unwrap().release().await.unwrap();
    }
    limiter.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_waiter_is_woken_whatever_the_name_is() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    for name in ["{a}", "a\r\nb", "wake a b", "a  b ", " ", "é漢🦀", "next x"] {
        let lease = ours.lock(name).acquire().await.unwrap();
        let theirs = theirs.clone();
        let waiting = tokio::spawn(async move { theirs.lock(name).wait(SECOND * 20).acquire().await });
        tokio::time::sleep(SECOND).await;
        let released = tokio::time::Instant::now();
        lease.release().await.unwrap();
        let lease = waiting.await.unwrap().unwrap();
        assert_eq!(released.elapsed(), Duration::ZERO, "{name:?} was not woken");
        lease.release().await.unwrap();
    }
}

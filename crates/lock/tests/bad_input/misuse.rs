//! Leases that are not what their holder thinks.

use std::time::Duration;

use redfleet_core::Effect;
use redfleet_lock::{Error, LeaseId};
use tokio::time::sleep;

use crate::world::Nodes;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_was_released_is_not_released_again_nor_extended() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").acquire().await.unwrap();
    lease.release().await.unwrap();
    let expected = "the lease on `job` was released before";
    for error in [lease.release().await.map(drop).unwrap_err(), lease.extend().await.map(drop).unwrap_err()] {
        assert!(matches!(error, Error::Released { .. }), "{error:?}");
        assert_eq!((error.to_string().as_str(), error.effect()), (expected, Effect::None));
    }
    assert!(lease.remaining().is_zero());
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_neither_extended_nor_released_as_if_it_were_held() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").ttl(SECOND).unattended().acquire().await.unwrap();
    sleep(SECOND).await;
    let other = nodes.locks().lock("job").acquire().await.unwrap();
    let expected = "the lease on `job` is lost: what it protects may be somebody else's now";
    let error = lease.extend().await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    assert_eq!(error.to_string(), expected);
    // Something of it may be left, so the servers are told all the same.
    assert!(!lease.release().await.unwrap().was_held);
    assert_eq!(nodes.holders("job").await, 3, "the other's");
    other.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_id_that_does_not_hold_it_is_told_by_each_server() {
    let nodes = Nodes::new(3);
    let (ours, theirs) = (nodes.locks(), nodes.locks());
    let lease = ours.lock("job").acquire().await.unwrap();
    for id in ["", "nobody", "*", "0:0"] {
        let error = theirs.release("job", &LeaseId::new(id)).await.unwrap_err();
        assert!(matches!(error, Error::NotHolder { .. }), "{error:?}");
        let told = error.to_string();
        assert!(told.starts_with("`job` is not held under this id: "), "{told}");
        // A majority of no is enough to know: the last one may not have been heard.
        assert!(["n0", "n1", "n2"].iter().filter(|node| told.contains(*node)).count() >= 2, "{told}");
    }
    // Another process that was told the id gives it back.
    theirs.release("job", lease.id()).await.unwrap();
    assert_eq!(nodes.holders("job").await, 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_nothing_is_sent() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    let lease = locks.lock("held").acquire().await.unwrap();
    locks.shutdown().await;
    assert!(lease.remaining().is_zero() && lease.cancellation_token().is_cancelled());
    assert_eq!(nodes.holders("held").await, 0, "what was held is given back");
    let before = nodes.keys("*").await;
    let expected = "the locks were shut down";
    for error in [
        locks.lock("job").acquire().await.unwrap_err(),
        locks.lock("job").try_acquire().await.unwrap_err(),
        locks.lock("job").wait(SECOND).acquire().await.unwrap_err(),
        locks.read("job").acquire().await.unwrap_err(),
        locks.limiter("job", 2).acquire().await.map(drop).unwrap_err(),
        locks.all(["a", "b"]).acquire().await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Shutdown), "{error:?}");
        assert_eq!((error.to_string().as_str(), error.effect()), (expected, Effect::None));
    }
    assert_eq!(nodes.keys("*").await, before);
    locks.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_when_it_is_shut_down_is_told() {
    let nodes = Nodes::new(3);
    let lease = nodes.locks().lock("job").acquire().await.unwrap();
    let locks = nodes.locks();
    let request = locks.lock("job").wait(SECOND * 60);
    let waiting = tokio::spawn(async move { request.acquire().await });
    sleep(SECOND).await;
    locks.shutdown().await;
    let error = tokio::time::timeout(SECOND, waiting).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, Error::Shutdown), "{error:?}");
    lease.release().await.unwrap();
}

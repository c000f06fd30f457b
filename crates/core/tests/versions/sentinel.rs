//! A primary that sentinels watch: found, and found again after a fail-over.

use redfleet_core::test_util::SentinelSet;
use redfleet_core::{BackendExt, Error, LinkError, connect};
use redis::cmd;

use super::world::until;

#[tokio::test]
async fn the_new_primary_is_found_after_a_fail_over() {
    let set = SentinelSet::start(2).await;
    let node = connect(&set.url()).unwrap();
    node.query::<()>(cmd("SET").arg("k").arg("before")).await.unwrap();
    let first = node.identify().await.unwrap();
    let old = set.primary().await;

    set.servers()[old].kill().await;
    let error = node.call(cmd("SET").arg("k").arg("now")).await.unwrap_err();
    assert!(matches!(error, Error::Link { .. }), "{error}");
    set.fail_over_from(old).await;
    until("the new primary takes writes", || async {
        node.query::<()>(cmd("SET").arg("k").arg("after")).await.is_ok()
    })
    .await;
    assert!(!first.is_same_server(&node.identify().await.unwrap()), "another server answers");
    assert_eq!(node.query::<String>(cmd("GET").arg("k")).await.unwrap(), "after");
}

#[tokio::test]
async fn a_dead_sentinel_and_an_unknown_service_are_told_apart() {
    let set = SentinelSet::start(1).await;
    set.sentinels()[0].kill().await;
    let node = connect(&set.url()).unwrap();
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG", "two sentinels are enough");

    let unknown = connect(&set.url().replace(set.service(), "nosuch")).unwrap();
    let error = unknown.call(&cmd("PING")).await.unwrap_err();
    let Error::Link { reason, .. } = &error else { panic!("{error}") };
    assert!(matches!(**reason, LinkError::NoPrimary { .. }), "{error}");
    assert!(error.to_string().contains("does not know the service"), "{error}");
}

//! Fleets that cannot give a lock: the servers' own answers are in the error.

use std::time::Duration;

use redfleet_core::Effect;
use redfleet_core::test_util::{Link, Scripted};
use redfleet_core::{Clock, Fleet};
use redfleet_lock::{BuildError, Error, Locks};

use crate::world::Nodes;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_majority_that_is_down_is_told_with_what_each_server_said() {
    let nodes = Nodes::new(3);
    let locks = nodes.locks();
    locks.lock("job").acquire().await.unwrap().release().await.unwrap();
    nodes.set(0, Link::Refused);
    nodes.set(1, Link::Hung);
    let error = locks.lock("job").try_acquire().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.starts_with("`job` cannot be taken: 1 of the 2 acknowledgements needed; "), "{told}");
    assert!(told.contains("n0: link: cannot connect to ") && told.contains("n1: no reply within "), "{told}");
    assert_eq!(error.effect(), Effect::Unknown, "n1 may have granted it");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_scripts_is_told_with_what_it_said() {
    let server = Scripted::new().with_run_id("r");
    let fleet = Fleet::builder().node("plain", server.shared()).build().unwrap();
    let locks = Locks::builder(fleet).new_fleet().clock(Clock::tokio()).build().unwrap();
    let error = locks.lock("job").try_acquire().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("plain: ") && told.to_lowercase().contains("unknown command"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_none_of_a_locks_is_told() {
    let server = Scripted::new().with_run_id("r").on("EVALSHA", "+OK\r\n").on("EVAL", "+OK\r\n");
    let fleet = Fleet::builder().node("odd", server.shared()).build().unwrap();
    let locks = Locks::builder(fleet).new_fleet().clock(Clock::tokio()).build().unwrap();
    let error = locks.lock("job").try_acquire().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && error.to_string().contains("odd: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn clients_that_do_not_agree_about_the_fleet_get_no_lock_from_it() {
    let nodes = Nodes::new(3);
    let ours = nodes.locks();
    ours.lock("job").acquire().await.unwrap().release().await.unwrap();
    let other = nodes.builder().max_ttl(SECOND * 40).build().unwrap();
    let error = other.lock("job").try_acquire().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("3 60000") && told.contains("3 40000"), "what is there and what we say: {told}");
    ours.lock("job").acquire().await.unwrap().release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn settings_that_no_fleet_can_have_are_refused_when_it_is_built() {
    let nodes = Nodes::new(1);
    let settings = [
        (nodes.builder().ttl(Duration::ZERO), "ttl"),
        (nodes.builder().ttl(SECOND * 61), "ttl"),
        (nodes.builder().max_ttl(Duration::ZERO), "ttl"),
        (nodes.builder().drift_ppm(0), "drift_ppm"),
        (nodes.builder().drift_ppm(100_001), "drift_ppm"),
        (nodes.builder().namespace(""), "namespace"),
        (nodes.builder().namespace("a{b}"), "namespace"),
    ];
    for (builder, about) in settings {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, BuildError::Setting { .. }), "{error:?}");
        assert!(error.to_string().contains(about), "{error}");
    }
}

#[test]
fn outside_of_a_runtime_nothing_is_built() {
    let fleet = Fleet::builder().node("n", redfleet_core::Embedded::new().shared()).build().unwrap();
    let error = Locks::builder(fleet).build().unwrap_err();
    assert!(matches!(error, BuildError::NoRuntime), "{error:?}");
}

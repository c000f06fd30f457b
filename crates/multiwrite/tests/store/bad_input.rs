//! Bad input: a typed error that says what to do, and nothing is sent.
//!
//! No local is not among it: `MultiWrite::builder` takes it, so the type makes it impossible.

use std::time::Duration;

use redfleet_core::Embedded;
use redfleet_multiwrite::{BuildError, Error, MultiWrite, Overflow, RemoteOptions, SpoolOptions};

use super::world::{LONG, World, ask, words};

#[tokio::test]
async fn what_cannot_be_built_says_why() {
    let world = World::new();
    let spilling = || RemoteOptions::default().overflow(Overflow::Spill);
    let twice = world.builder().remote("eu", world.eu.shared()).remote("eu", world.us.shared()).build();
    assert!(matches!(twice, Err(BuildError::SameName { .. })), "{twice:?}");
    let nameless = world.builder().remote("", world.eu.shared()).build();
    assert!(matches!(nameless, Err(BuildError::NoName)), "{nameless:?}");
    let local = world.local.shared();
    let same = MultiWrite::builder(local.clone()).remote("eu", local).build();
    assert!(matches!(same, Err(BuildError::SameServer { .. })), "{same:?}");
    let eu = world.eu.shared();
    let same = world.builder().remote("eu", eu.clone()).remote("us", eu).build();
    assert!(matches!(same, Err(BuildError::SameServer { .. })), "{same:?}");
    let spill = world.builder().remote_with("eu", world.eu.shared(), spilling()).build();
    assert!(matches!(spill, Err(BuildError::SpillWithoutSpool { .. })), "{spill:?}");
    let zero = world.builder().local_deadline(Duration::ZERO).build();
    assert!(matches!(zero, Err(BuildError::Setting { .. })), "{zero:?}");
    let none = RemoteOptions::default().max_entries(0);
    let none = world.builder().remote_with("eu", world.eu.shared(), none).build();
    assert!(matches!(none, Err(BuildError::Options { .. })), "{none:?}");
    let both = world.builder().spool("/nowhere", SpoolOptions::default()).outbox("o").build();
    assert!(matches!(both, Err(BuildError::TwoJournals)), "{both:?}");
    let unwritable = world.builder().spool("/proc/none", SpoolOptions::default()).build();
    assert!(matches!(unwritable, Err(BuildError::Spool(_))), "{unwritable:?}");
}

#[test]
fn outside_of_a_runtime_nothing_is_built() {
    let built = MultiWrite::builder(Embedded::new().shared()).build();
    assert!(matches!(built, Err(BuildError::NoRuntime)), "{built:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_shipped_is_refused_before_anything_is_sent() {
    let world = World::new();
    let store = world.store().unwrap();
    for line in [
        "BLPOP l 0",
        "SUBSCRIBE c",
        "SELECT 1",
        "CONFIG SET a b",
        "MULTI",
        "NONSENSE",
        "XREAD BLOCK 0 STREAMS s 0",
    ] {
        let error = store.everywhere().send(&words(line)).await.unwrap_err();
        assert_eq!(error.effect(), redfleet_core::Effect::None, "{line}: {error}");
        assert!(matches!(error, Error::Unshippable { .. }), "{line}: {error}");
    }
    let session = redfleet_core::Backend::session(&store.everywhere(), None).await;
    assert!(matches!(session, Err(redfleet_core::Error::Unsupported { .. })));
}

#[tokio::test(start_paused = true)]
async fn keys_out_of_scope_are_refused_and_not_copied() {
    let world = World::new();
    let store = world.builder().only("a:").only("b:").remote("eu", world.eu.shared()).build().unwrap();
    for line in ["SET c:1 x", "MSET a:1 x c:1 x", "FLUSHALL"] {
        let error = store.everywhere().send(&words(line)).await.unwrap_err();
        assert!(matches!(error, Error::OutOfScope { .. }), "{line}: {error}");
    }
    ask::<redis::Value>(&world.local, "MSET a:1 x b:1 y c:1 z").await.unwrap();
    ask::<redis::Value>(&world.eu, "MSET b:2 old c:2 kept").await.unwrap();
    store.resync("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "EXISTS a:1 b:1 c:2").await.unwrap(), 3);
    assert_eq!(ask::<i64>(&world.eu, "EXISTS b:2 c:1").await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_is_local_by_another_name_is_halted() {
    let world = World::new();
    let store = world.builder().remote("eu", world.local.shared()).build().unwrap();
    let written = store.everywhere().send(&words("INCR n")).await.unwrap();
    let short = written.receipt.wait(redfleet_multiwrite::Wait::All, LONG).await;
    assert!(short.unwrap_err().to_string().contains("same server"));
    assert_eq!(ask::<i64>(&world.local, "GET n").await.unwrap(), 1);
    let health = store.health();
    assert!(health[0].halted.is_some(), "{health:?}");
    // It never will have it, so nothing is waited for.
    let before = tokio::time::Instant::now();
    assert!(store.flush(LONG).await.is_err());
    assert!(before.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn the_stores_own_keys_are_refused() {
    let world = World::new();
    let store = world.store().unwrap();
    for line in ["SET redfleet:mw:a 1", "DEL a redfleet:mw:{1}:a"] {
        let error = store.everywhere().send(&words(line)).await.unwrap_err();
        assert!(matches!(error, Error::OwnKey), "{line}: {error}");
        assert_eq!(error.effect(), redfleet_core::Effect::None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outbox_that_cannot_be_read_is_told_to_the_writer_within_locals_deadline() {
    let world = World::new();
    ask::<()>(&world.local, "SET redfleet:mw:outbox:o text").await.unwrap();
    let store = world.builder().outbox("o").remote("eu", world.eu.shared()).build().unwrap();
    let before = tokio::time::Instant::now();
    let error = store.everywhere().send(&words("SET a 1")).await.unwrap_err();
    assert_eq!(before.elapsed(), Duration::from_secs(5));
    assert!(matches!(&error, Error::Outbox(why) if why.code() == Some("WRONGTYPE")), "{error}");
    assert_eq!(ask::<i64>(&world.local, "EXISTS a").await.unwrap(), 0);
    ask::<()>(&world.local, "DEL redfleet:mw:outbox:o").await.unwrap();
    store.everywhere().send(&words("SET a 1")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn there_is_no_such_remote() {
    let world = World::new();
    let store = world.store().unwrap();
    for told in [store.pause("asia"), store.resume("asia"), store.resync("asia"), store.remove_remote("asia")]
    {
        assert!(told.unwrap_err().to_string().contains("`eu`, `us`"));
    }
}

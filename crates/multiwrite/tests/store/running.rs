//! What is done with a store while it runs.

use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Faults, Kept, Layer};
use redfleet_multiwrite::{DropReason, Error, Outcome, RemoteOptions};

use super::world::{LONG, World, ask, held, words};

#[tokio::test(start_paused = true)]
async fn a_remote_that_is_added_is_brought_up_to_date_and_one_that_is_removed_is_left_alone() {
    let world = World::new();
    let store = world.builder().remote("eu", world.eu.shared()).build().unwrap();
    ask::<redis::Value>(&world.us, "MSET stale 1 k3 wrong").await.unwrap();
    for number in 0..1000 {
        ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
        if number == 500 {
            store.add_remote("us", world.us.shared(), RemoteOptions::default()).unwrap();
        }
    }
    let again = store.add_remote("us", world.us.shared(), RemoteOptions::default());
    assert!(again.unwrap_err().to_string().contains("us"));
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    store.pause("eu").unwrap();
    let written = store.everywhere().send(&words("INCR k0")).await.unwrap();
    store.remove_remote("eu").unwrap();
    let removed = &written.receipt.outcomes()[0].1;
    assert!(matches!(removed, Outcome::Dropped(DropReason::RemoteRemoved)), "{removed}");
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "GET k0").await.unwrap(), 1);
    assert_eq!(ask::<i64>(&world.us, "GET k0").await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_a_remote_is_paused_arrives_when_it_is_resumed() {
    let world = World::new();
    let store = world.store().unwrap();
    store.pause("eu").unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    let undelivered = store.flush(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(undelivered.to_string(), "eu: 1 writes queued, 0 keys to be copied");
    assert_eq!(ask::<i64>(&world.eu, "EXISTS a").await.unwrap(), 0);
    store.resume("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_lost_its_data_gets_everything_again() {
    let world = World::new();
    let store = world.store().unwrap();
    for number in 0..300 {
        ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
    }
    store.flush(LONG).await.unwrap();
    world.eu.restart(Kept::Nothing);
    ask::<i64>(&store.everywhere(), "INCR k7").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    assert_eq!(store.health()[0].data_losses, 1);
}

#[tokio::test(start_paused = true)]
async fn shutdown_delivers_takes_no_more_and_tells_what_is_left() {
    let world = World::new();
    let store = world.store().unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.shutdown(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    let error = store.everywhere().send(&words("INCR a")).await.unwrap_err();
    assert!(matches!(error, Error::Shutdown), "{error}");

    let world = World::new();
    let down = Scripted::new();
    down.set(Condition::Refused);
    let store = world.builder().remote("eu", down.shared()).build().unwrap();
    let written = store.everywhere().send(&words("INCR a")).await.unwrap();
    let undelivered = store.shutdown(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(undelivered.remotes()[0].entries, 1);
    assert!(matches!(written.receipt.outcomes()[0].1, Outcome::Dropped(DropReason::Shutdown)));
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_when_the_last_clone_goes_is_still_sent() {
    let world = World::new();
    let store = world.store().unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    drop(store);
    tokio::time::sleep(LONG).await;
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_caller_goes_away_is_carried_on() {
    let world = World::new();
    let slow = Faults::seeded(1).delay(Duration::from_secs(1)..Duration::from_secs(2));
    let local = slow.layer(world.local.shared());
    let builder = redfleet_multiwrite::MultiWrite::builder(local).clock(world.clock.clone());
    let store = builder.remote("eu", world.eu.shared()).remote("us", world.us.shared()).build().unwrap();
    let cut =
        tokio::time::timeout(Duration::from_millis(10), ask::<i64>(&store.everywhere(), "INCR a")).await;
    assert!(cut.is_err());
    store.shutdown(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.local, "GET a").await.unwrap(), 1);
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_resync_makes_a_remote_equal_whatever_was_there() {
    let world = World::new();
    let store = world.store().unwrap();
    for number in 0..700 {
        ask::<redis::Value>(&world.local, &format!("SET k{number} {number}")).await.unwrap();
        ask::<redis::Value>(&world.eu, &format!("RPUSH k{} x", number * 2)).await.unwrap();
    }
    ask::<redis::Value>(&world.local, "PEXPIRE k1 5000000").await.unwrap();
    store.resync("eu").unwrap();
    // While it is written.
    for number in 0..700 {
        ask::<redis::Value>(&store.everywhere(), &format!("APPEND k{number} x")).await.unwrap();
        tokio::task::yield_now().await;
    }
    store.resync("us").unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(held(&world.local).await.unwrap().len(), 700);
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn under_steady_load_a_flush_ends_and_keys_are_compared() {
    let world = World::new();
    let slow = Faults::seeded(1).delay(Duration::from_millis(20)..Duration::from_millis(30));
    let store = world.builder().remote("eu", slow.layer(world.eu.shared())).build().unwrap();
    let everywhere = store.everywhere();
    let load = tokio::spawn(async move {
        loop {
            ask::<i64>(&everywhere, "INCR n").await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.flush(LONG).await.unwrap();
    let report = store.verify("eu").await.unwrap();
    assert!(report.is_equal(), "{report}");
    assert!(!load.is_finished());
    load.abort();
}

#[tokio::test(start_paused = true)]
async fn a_paused_remote_is_waited_for_once_and_then_compared_as_it_is() {
    let world = World::new();
    let store = world.store().unwrap();
    store.pause("eu").unwrap();
    for number in 0..300 {
        ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
    }
    let before = tokio::time::Instant::now();
    assert_eq!(store.verify("eu").await.unwrap().differing, 300);
    assert_eq!(before.elapsed(), Duration::from_secs(5));
}

//! A local whose old connections nobody may end: what is lost on one may be carried out later.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_multiwrite::{Guarantee, RemoteOptions};

use super::members::Odd;
use super::world::{LONG, World, ask, words};

#[tokio::test(start_paused = true)]
async fn what_may_arrive_late_is_copied_at_once_and_again_ten_seconds_later() {
    for is_fenced in [false, true] {
        let world = World::new();
        let inner = world.local.shared();
        let local = if is_fenced { Odd::fenced(inner) } else { Odd::unfenced(inner) };
        let builder = redfleet_multiwrite::MultiWrite::builder(Arc::<Odd>::clone(&local));
        let store =
            builder.clock(world.clock.clone()).seed(7).remote("eu", world.eu.shared()).build().unwrap();
        ask::<()>(&world.local, "SET a early").await.unwrap();
        local.is_losing.store(true, Ordering::Relaxed);
        store.everywhere().send(&words("SET a late")).await.unwrap_err();
        local.is_losing.store(false, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(8)).await;
        assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "early");
        // Where connections could be ended it would not arrive any more.
        ask::<()>(&world.local, "SET a late").await.unwrap();
        store.flush(LONG).await.unwrap();
        let (there, copies) = if is_fenced { ("early", 1) } else { ("late", 2) };
        assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), there);
        assert_eq!(store.health()[0].copies, copies);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_of_everything_that_may_arrive_late_is_waited_for() {
    let world = World::new();
    let local = Odd::unfenced(world.local.shared());
    let builder = redfleet_multiwrite::MultiWrite::builder(Arc::<Odd>::clone(&local));
    let store = builder.clock(world.clock.clone()).seed(7).remote("eu", world.eu.shared()).build().unwrap();
    ask::<()>(&store.everywhere(), "SET a 1").await.unwrap();
    store.flush(LONG).await.unwrap();
    local.is_losing.store(true, Ordering::Relaxed);
    store.everywhere().send(&words("FLUSHALL")).await.unwrap_err();
    local.is_losing.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(store.health()[0].is_copying_everything);
    ask::<()>(&world.local, "FLUSHALL").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "EXISTS a").await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_is_added_while_something_may_arrive_late_is_copied_when_it_has() {
    let world = World::new();
    let local = Odd::unfenced(world.local.shared());
    let builder = redfleet_multiwrite::MultiWrite::builder(Arc::<Odd>::clone(&local));
    let store = builder.clock(world.clock.clone()).seed(7).build().unwrap();
    ask::<()>(&world.local, "SET a early").await.unwrap();
    local.is_losing.store(true, Ordering::Relaxed);
    store.everywhere().send(&words("SET a late")).await.unwrap_err();
    local.is_losing.store(false, Ordering::Relaxed);
    store.add_remote("eu", world.eu.shared(), RemoteOptions::new()).unwrap();
    tokio::time::sleep(Duration::from_secs(8)).await;
    ask::<()>(&world.local, "SET a late").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "late");
}

#[tokio::test(start_paused = true)]
async fn what_may_arrive_late_on_a_remote_is_copied_when_it_can_no_longer_also_where_it_is_not_sent_again() {
    let world = World::new();
    let eu = Odd::unfenced(world.eu.shared());
    let options =
        RemoteOptions::default().guarantee(Guarantee::AtLeastOnce).gather(Duration::from_millis(10));
    let store = world.builder().remote_with("eu", Arc::<Odd>::clone(&eu), options).build().unwrap();
    ask::<()>(&store.everywhere(), "SET before 1").await.unwrap();
    store.flush(LONG).await.unwrap();
    eu.is_losing.store(true, Ordering::Relaxed);
    ask::<()>(&store.everywhere(), "INCR a").await.unwrap();
    ask::<()>(&store.everywhere(), "SET b 1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    eu.is_losing.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(8)).await;
    // The first round arrives, when what came after it is there.
    assert_eq!(ask::<i64>(&world.eu, "GET b").await.unwrap(), 1);
    ask::<()>(&world.eu, "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 1);
}

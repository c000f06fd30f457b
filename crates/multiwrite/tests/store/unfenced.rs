//! A local whose old connections nobody may end: what is lost on one may be carried out later.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

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
    store.add_remote("eu", world.eu.shared(), redfleet_multiwrite::RemoteOptions::new()).unwrap();
    tokio::time::sleep(Duration::from_secs(8)).await;
    ask::<()>(&world.local, "SET a late").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "late");
}

//! A local that is killed, hangs, or loses what it was sent: the caller is told, and the remotes are equal at the end.

use std::time::Duration;

use redfleet_core::test_util::{Fault, Server};
use redfleet_core::{Effect, Error as CoreError};
use redfleet_multiwrite::{Error, Order};
use tokio::time::sleep;

use super::load::{Load, words};
use super::world::{LONG, World, quick};

const SOME: i64 = 150;

#[tokio::test]
async fn a_local_that_is_killed_and_restarted_and_paused_under_load_leaves_the_remotes_equal() {
    let shared = World::shared().await;
    let world = World::of(Server::start().await, shared.eu, shared.us);
    for order in [Order::LocalFirst, Order::Parallel] {
        let builder = world.builder().order(order).local_deadline(Duration::from_millis(300));
        let store = world.with_remotes(builder, &quick()).build().unwrap();
        let load = Load::start(&store, &world.prefix, 11);
        load.goes_on(SOME).await;
        world.local.kill().await;
        load.goes_on(20).await;
        world.local.restart_with_data().await;
        load.goes_on(SOME).await;
        world.local.pause().await;
        sleep(Duration::from_millis(700)).await;
        world.local.unpause().await;
        load.goes_on(SOME).await;
        // What the first load counted is not told here.
        drop(load);
        sleep(Duration::from_millis(400)).await;
        world.settle(&store).await;
        store.shutdown(LONG).await.unwrap();
    }
}

#[tokio::test]
async fn whatever_the_network_does_to_local_under_load_the_remotes_are_equal_at_the_end() {
    let world = World::shared().await;
    let builder = world.builder().local_deadline(Duration::from_millis(100));
    let store = world.with_remotes(builder, &quick()).build().unwrap();
    let load = Load::start(&store, &world.prefix, 12);
    for _ in 0..12 {
        load.goes_on(30).await;
        world.local.proxy().strand();
        load.goes_on(10).await;
        world.local.proxy().heal();
        world.local.proxy().lose_next_replies(1);
        load.goes_on(10).await;
        world.local.proxy().disconnect();
        load.goes_on(10).await;
        world.local.proxy().set(Fault::Hang);
        load.goes_on(6).await;
        world.local.proxy().heal();
    }
    load.goes_on(30).await;
    load.stop(&world).await;
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn a_write_that_hangs_on_local_is_told_as_unknown_and_copied_if_it_was_carried_out() {
    let shared = World::shared().await;
    let world = World::of(Server::start().await, shared.eu, shared.us);
    // Long enough for what is answered, also for the first write, which connects.
    let builder = world.builder().local_deadline(Duration::from_secs(5));
    let store = world.with_remotes(builder, &quick()).build().unwrap();
    store.everywhere().send(&words("SET #a early", &world.prefix)).await.unwrap();
    world.local.pause().await;
    let error = store.everywhere().send(&words("SET #a late", &world.prefix)).await.unwrap_err();
    assert!(matches!(&error, Error::Local(CoreError::Deadline { .. })), "{error}");
    assert_eq!(error.effect(), Effect::Unknown);
    world.local.unpause().await;
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
}

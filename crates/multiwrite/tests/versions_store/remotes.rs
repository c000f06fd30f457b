//! Remotes that are killed, hang, are wiped or cut off: at the end they are equal to local.

use std::time::Duration;

use redfleet_core::test_util::{Fault, Server, ServerOptions};
use redfleet_multiwrite::{Overflow, RemoteOptions};
use redis::cmd;
use tokio::time::sleep;

use super::load::Load;
use super::world::{LONG, World, ask, held, quick, same, until};

/// How many writes go on while something is wrong.
const SOME: i64 = 150;

#[tokio::test]
async fn a_remote_that_is_killed_paused_and_wiped_under_load_is_equal_again() {
    let shared = World::shared().await;
    let world = World::of(shared.local, Server::start().await, shared.us);
    let store = world.store(&quick());
    let load = Load::start(&store, &world.prefix, 1);
    load.goes_on(SOME).await;
    world.eu.kill().await;
    load.goes_on(SOME).await;
    world.eu.restart_with_data().await;
    load.goes_on(SOME).await;
    world.eu.pause().await;
    load.goes_on(SOME).await;
    sleep(Duration::from_millis(700)).await;
    world.eu.unpause().await;
    load.goes_on(SOME).await;
    world.eu.restart_wiped().await;
    load.goes_on(SOME).await;
    load.stop(&world).await;
    world.settle(&store).await;
    assert_eq!(store.health()[0].data_losses, 1);
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn a_remote_at_rest_that_loses_its_data_gets_it_back_although_nobody_writes() {
    let shared = World::shared().await;
    let world = World::of(shared.local, ServerOptions::new().start().await, shared.us);
    let store = world.store(&quick());
    let load = Load::start(&store, &world.prefix, 2);
    load.goes_on(SOME).await;
    load.stop(&world).await;
    world.settle(&store).await;
    world.eu.restart_wiped().await;
    until("the loss is noticed", || store.health()[0].data_losses == 1).await;
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn whatever_the_network_does_to_remotes_under_load_they_are_equal_at_the_end() {
    let world = World::shared().await;
    let store = world.store(&quick().round_entries(20));
    let load = Load::start(&store, &world.prefix, 3);
    let both = [&world.eu, &world.us];
    for fault in [Fault::Hang, Fault::LoseReplies, Fault::LoseRequests, Fault::Garbage, Fault::Cut] {
        load.goes_on(SOME).await;
        both.iter().for_each(|remote| remote.proxy().set(fault));
        load.goes_on(SOME).await;
        sleep(Duration::from_millis(100)).await;
        both.iter().for_each(|remote| remote.proxy().heal());
    }
    for _ in 0..10 {
        load.goes_on(20).await;
        both.iter().for_each(|remote| remote.proxy().lose_next_replies(1));
        load.goes_on(20).await;
        both.iter().for_each(|remote| remote.proxy().disconnect());
        load.goes_on(20).await;
        both.iter().for_each(|remote| remote.proxy().strand());
    }
    both.iter().for_each(|remote| remote.proxy().heal());
    load.goes_on(SOME).await;
    load.stop(&world).await;
    world.settle(&store).await;
    assert!(store.health().iter().all(|remote| remote.retries > 0), "{:#?}", store.health());
    store.shutdown(LONG).await.unwrap();
}

/// Cuts both remotes off until much more was written than their queues hold.
async fn cut_off_for_long(options: RemoteOptions, seed: u64) {
    let world = World::shared().await;
    let store = world.store(&options);
    let load = Load::start(&store, &world.prefix, seed);
    for _ in 0..2 {
        load.goes_on(SOME).await;
        world.eu.proxy().cut();
        world.us.proxy().set(Fault::Hang);
        load.goes_on(3 * SOME).await;
        world.eu.proxy().heal();
        world.us.proxy().heal();
    }
    load.stop(&world).await;
    world.settle(&store).await;
    assert!(store.health().iter().all(|remote| remote.dropped > 0), "{:#?}", store.health());
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn a_remote_cut_off_for_longer_than_its_queue_holds_has_its_keys_copied() {
    cut_off_for_long(quick().max_entries(30), 4).await;
    cut_off_for_long(quick().max_entries(30).overflow(Overflow::DropNew), 5).await;
}

#[tokio::test]
async fn a_remote_cut_off_until_too_many_keys_are_dirty_has_everything_copied() {
    cut_off_for_long(quick().max_entries(20).max_dirty_keys(5), 6).await;
}

#[tokio::test]
async fn a_remote_without_memory_for_more_is_equal_when_it_has_some_again() {
    let shared = World::shared().await;
    let world = World::of(shared.local, ServerOptions::new().start().await, shared.us);
    let store = world.store(&quick());
    let load = Load::start(&store, &world.prefix, 7);
    load.goes_on(SOME).await;
    let _: () = ask(&world.eu, cmd("CONFIG").arg("SET").arg("maxmemory").arg(1)).await;
    load.goes_on(SOME).await;
    until("it refused something", || store.health()[0].dead_letters > 0).await;
    let _: () = ask(&world.eu, cmd("CONFIG").arg("SET").arg("maxmemory").arg(0)).await;
    load.stop(&world).await;
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn what_is_paused_resumed_removed_and_added_under_load_is_equal_at_the_end() {
    let world = World::shared().await;
    let store = world.store(&quick());
    let load = Load::start(&store, &world.prefix, 8);
    load.goes_on(SOME).await;
    store.pause("eu").unwrap();
    store.remove_remote("us").unwrap();
    load.goes_on(SOME).await;
    store.resume("eu").unwrap();
    store.add_remote("us", super::world::node(&world.us), quick()).unwrap();
    load.goes_on(SOME).await;
    store.resync("eu").unwrap();
    load.goes_on(SOME).await;
    load.stop(&world).await;
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
    same("eu", &held(&world.local, &world.prefix).await, &held(&world.eu, &world.prefix).await);
}

//! What a store does not know by itself, and that a copy of everything mends it.

use redfleet_core::Kept;
use redfleet_multiwrite::MultiWrite;

use super::world::{LONG, World, ask};

#[tokio::test(start_paused = true)]
async fn without_a_journal_what_was_queued_goes_with_the_process_and_a_resync_mends_it() {
    let world = World::new();
    let store = world.store().unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    store.pause("eu").unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    ask::<i64>(&store.everywhere(), "RPUSH l x").await.unwrap();
    drop(store);
    // Two stores that begin with one seed at the same nanosecond would be one.
    tokio::time::sleep(LONG).await;

    let store = world.store().unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(store.verify("eu").await.unwrap().differing, 2);
    store.resync("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert!(store.verify("eu").await.unwrap().is_equal());
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_local_lost_is_taken_away_from_the_remotes() {
    for is_idle in [false, true] {
        let world = World::new();
        let store = world.store().unwrap();
        for number in 0..100 {
            ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
        }
        store.flush(LONG).await.unwrap();
        world.local.restart(Kept::Nothing);
        if !is_idle {
            ask::<i64>(&store.everywhere(), "INCR new").await.unwrap();
        }
        store.flush(LONG).await.unwrap();
        assert!(world.are_equal().await.unwrap(), "{is_idle}");
        let left = if is_idle { 1 } else { 2 };
        assert_eq!(ask::<i64>(&world.eu, "DBSIZE").await.unwrap(), left, "how far the remote is, and `new`");
    }
}

#[tokio::test(start_paused = true)]
async fn a_durable_local_restarts_without_a_copy() {
    let world = World::new();
    let builder = MultiWrite::builder(world.local.shared()).clock(world.clock.clone()).seed(7);
    let store = builder.durable_local().remote("eu", world.eu.shared()).build().unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    world.local.restart(Kept::All);
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 2);
    assert_eq!(store.health()[0].copies, 0);
}

/// The boundary of what a store sees: `everywhere()`.
#[tokio::test(start_paused = true)]
async fn what_others_write_is_found_by_a_comparison_and_repaired() {
    let world = World::new();
    let store = world.store().unwrap();
    for number in 0..100 {
        ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
    }
    store.flush(LONG).await.unwrap();
    ask::<redis::Value>(&world.local, "SET past x").await.unwrap();
    ask::<redis::Value>(&world.eu, "DEL k1").await.unwrap();
    ask::<redis::Value>(&world.eu, "SET k2 other").await.unwrap();
    ask::<redis::Value>(&world.eu, "PEXPIRE k3 5000000").await.unwrap();
    ask::<redis::Value>(&world.eu, "SET theirs x").await.unwrap();
    store.flush(LONG).await.unwrap();

    let report = store.verify("eu").await.unwrap();
    let told: Vec<_> = report
        .differences
        .iter()
        .map(|difference| format!("{} {:?}", difference.key.escape_ascii(), difference.kind))
        .collect();
    assert_eq!(told, ["k1 OnlyLocal", "k2 Value", "k3 Life", "past OnlyLocal", "theirs OnlyRemote"]);
    assert_eq!(report.to_string(), "102 keys compared, 5 differ");
    store.repair("eu", &report).unwrap();
    store.flush(LONG).await.unwrap();
    assert!(store.verify("eu").await.unwrap().is_equal());
    assert_eq!(store.verify("us").await.unwrap().differing, 1, "it was not repaired");
}

//! What a spool and an outbox carry over the end of a process.

use std::path::PathBuf;
use std::time::Duration;

use redfleet_core::{Faults, Layer};
use redfleet_multiwrite::{
    BuildError, Guarantee, MultiWrite, Order, Outcome, Overflow, RemoteOptions, SpoolOptions,
};

use super::world::{LONG, World, ask, words};

/// A directory of its own, which goes with it.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("redfleet-store-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn spooled(world: &World, directory: &Directory, options: RemoteOptions) -> Result<MultiWrite, BuildError> {
    world
        .builder()
        .spool(&directory.0, SpoolOptions::default())
        .remote_with("eu", world.eu.shared(), options.clone())
        .remote_with("us", world.us.shared(), options)
        .build()
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_when_a_store_ended_arrives_once_from_its_spool() {
    let (world, directory) = (World::new(), Directory::new("once"));
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    store.pause("eu").unwrap();
    for _ in 0..100 {
        ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
        ask::<i64>(&store.everywhere(), "LPUSH l x").await.unwrap();
    }
    let left = store.shutdown(Duration::from_secs(1)).await.unwrap_err();
    assert!(left.remotes()[0].entries > 0, "{left}");
    drop(store);
    tokio::time::sleep(LONG).await;
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 1);
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 102);
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_overflows_stays_in_the_spool_and_arrives_in_order() {
    let (world, directory) = (World::new(), Directory::new("spill"));
    let options = RemoteOptions::default().max_entries(10).overflow(Overflow::Spill);
    let store = spooled(&world, &directory, options).unwrap();
    store.pause("eu").unwrap();
    let mut last = None;
    for number in 0..500 {
        ask::<i64>(&store.everywhere(), &format!("RPUSH l{} {number}", number % 3)).await.unwrap();
        last = Some(store.everywhere().send(&words("INCR n")).await.unwrap().receipt);
    }
    let last = last.unwrap();
    assert!(matches!(last.outcomes()[0].1, Outcome::Spooled), "{last:?}");
    let health = store.health();
    assert!(health[0].entries <= 10 && health[0].dirty_keys == 0, "{health:?}");
    store.resume("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert!(matches!(last.outcomes()[0].1, Outcome::Acked), "{last:?}");
    assert!(world.are_equal().await.unwrap());
    assert_eq!(store.health()[0].copies, 0, "nothing had to be copied");
}

#[tokio::test(start_paused = true)]
async fn what_an_outbox_holds_is_copied_by_the_next_store() {
    let world = World::new();
    let build = || {
        let builder = world.builder().outbox("o").remote("eu", world.eu.shared());
        builder.remote("us", world.us.shared()).build().unwrap()
    };
    let store = build();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        ask::<i64>(&world.local, "EXISTS redfleet:mw:outbox:o").await.unwrap(),
        0,
        "it is empty again"
    );
    store.pause("eu").unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    assert!(store.everywhere().send(&words("LPUSH a x")).await.is_err());
    ask::<Vec<i64>>(&store.everywhere(), "EVAL return{redis.call('INCR',KEYS[1])} 1 b").await.unwrap();
    store.shutdown(Duration::from_secs(1)).await.unwrap_err();
    drop(store);
    tokio::time::sleep(LONG).await;
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 1);
    let store = build();
    ask::<i64>(&store.everywhere(), "INCR b").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_was_wiped_while_the_process_was_down_is_noticed_though_nobody_writes() {
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let (world, directory) = (World::new(), Directory::new("wiped"));
        let options = || RemoteOptions::default().guarantee(guarantee);
        let store = spooled(&world, &directory, options()).unwrap();
        for number in 0..50 {
            ask::<()>(&store.everywhere(), &format!("SET k{number} v")).await.unwrap();
        }
        store.flush(LONG).await.unwrap();
        store.shutdown(LONG).await.unwrap();
        drop(store);
        ask::<()>(&world.eu, "FLUSHALL").await.unwrap();
        let store = spooled(&world, &directory, options()).unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.flush(LONG).await.unwrap();
        assert!(world.are_equal().await.unwrap(), "{guarantee:?}: {:?}", store.health());
        let losses: Vec<u64> = store.health().iter().map(|remote| remote.data_losses).collect();
        assert_eq!(losses, [1, 0], "{guarantee:?}");
        store.shutdown(LONG).await.unwrap();
        drop(store);
        // It is not said again.
        let store = spooled(&world, &directory, options()).unwrap();
        tokio::time::sleep(LONG).await;
        assert_eq!(store.health()[0].data_losses, 0, "{guarantee:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_lost_its_tail_while_the_process_was_down_is_noticed() {
    let (world, directory) = (World::new(), Directory::new("tail"));
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    let keys: Vec<String> = ask(&world.eu, "KEYS redfleet:mw:*").await.unwrap();
    let early: String = ask(&world.eu, &format!("GET {}", keys[0])).await.unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.shutdown(LONG).await.unwrap();
    drop(store);
    ask::<()>(&world.eu, "SET a 1").await.unwrap();
    ask::<()>(&world.eu, &format!("SET {} {early}", keys[0])).await.unwrap();
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    assert_eq!(store.health()[0].data_losses, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_process_before_left_unknown_is_copied_at_once_and_once_more_when_it_has_settled() {
    let (world, directory) = (World::new(), Directory::new("late"));
    let local = Faults::seeded(1).lose_requests(1.0).layer(world.local.shared());
    let build = |local| {
        let builder = MultiWrite::builder(local).clock(world.clock.clone()).seed(7);
        let builder = builder.spool(&directory.0, SpoolOptions::default());
        builder.remote("eu", world.eu.shared()).build().unwrap()
    };
    let store = build(local);
    store.pause("eu").unwrap();
    store.everywhere().send(&words("SET a late")).await.unwrap_err();
    store.shutdown(Duration::ZERO).await.unwrap_err();
    drop(store);
    ask::<()>(&world.local, "SET a early").await.unwrap();
    let store = build(world.local.shared());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "early");
    // What the old process sent arrives only now.
    ask::<()>(&world.local, "SET a late").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "late");
    assert_eq!(store.health()[0].copies, 2);
}

#[tokio::test(start_paused = true)]
async fn a_spool_is_free_as_soon_as_its_store_is_shut_down_whatever_is_left_in_it() {
    let (world, directory) = (World::new(), Directory::new("free"));
    for number in 1..=3 {
        let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
        store.pause("eu").unwrap();
        ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
        let left = store.shutdown(Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(left.remotes().len(), 1, "{number}: {left}");
    }
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_dropped_with_a_paused_remote_leaves_its_spool() {
    let (world, directory) = (World::new(), Directory::new("left"));
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    store.pause("eu").unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    drop(store);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let store = spooled(&world, &directory, RemoteOptions::default()).unwrap();
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn where_the_spool_is_damaged_meanwhile_everything_is_copied() {
    let (world, directory) = (World::new(), Directory::new("damaged"));
    let options = RemoteOptions::default().max_entries(10).overflow(Overflow::Spill);
    let store = spooled(&world, &directory, options).unwrap();
    store.pause("eu").unwrap();
    let mut last = None;
    for number in 0..200 {
        last = Some(store.everywhere().send(&words(&format!("RPUSH l {number}"))).await.unwrap().receipt);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    for file in std::fs::read_dir(&directory.0).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.len() > 5000 {
            bytes[4000..4100].fill(0xaa);
            std::fs::write(&path, bytes).unwrap();
        }
    }
    store.resume("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert!(matches!(last.unwrap().outcomes()[0].1, Outcome::Dropped(_)));
    assert!(store.health()[0].copies > 0);
    assert!(world.are_equal().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn in_parallel_a_read_leaves_nothing_in_the_spool() {
    let world = World::new();
    let directory = Directory::new("parallel-reads");
    let build = || {
        let builder = world.builder().order(Order::Parallel).spool(&directory.0, SpoolOptions::default());
        builder.remote("eu", world.eu.shared()).build().unwrap()
    };
    let store = build();
    for _ in 0..10 {
        ask::<Option<String>>(&store.everywhere(), "GET k").await.unwrap();
    }
    store.shutdown(LONG).await.unwrap();
    drop(store);
    assert_eq!(build().health()[0].dirty_keys, 0);
}

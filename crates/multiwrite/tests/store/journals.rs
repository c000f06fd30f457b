//! What a spool and an outbox carry over the end of a process.

use std::path::PathBuf;
use std::time::Duration;

use redfleet_multiwrite::{BuildError, MultiWrite, Outcome, Overflow, RemoteOptions, SpoolOptions};

use super::world::{LONG, World, ask, words};

/// A directory of its own, which goes with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
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

//! A cluster as a remote, and as local.

use std::collections::BTreeMap;
use std::time::Duration;

use redfleet_core::Backend;
use redfleet_multiwrite::{
    DropReason, Guarantee, MultiWrite, Outcome, Overflow, RemoteOptions, SpoolOptions,
};

use super::faults::draw;
use super::journals::Directory;
use super::members::Trio;
use super::world::{LONG, World, ask, held, words};

const AN_HOUR: Duration = Duration::from_secs(3600);

/// All that differs, by key.
async fn differences(one: &dyn Backend, other: &dyn Backend) -> redfleet_core::Result<Vec<String>> {
    let (one, other): (BTreeMap<_, _>, BTreeMap<_, _>) = (held(one).await?, held(other).await?);
    let keys = one.keys().chain(other.keys()).filter(|key| one.get(*key) != other.get(*key));
    Ok(keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect())
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_members_lose_requests_and_replies_becomes_equal() {
    for seed in 0..12 {
        let world = World::new();
        let is_local_sharded = seed % 3 == 0;
        let trio = Trio::new(&world, 10);
        let (lossy, plain) =
            (trio.client(seed * 10, if is_local_sharded { 0.02 } else { 0.15 }), trio.client(0, 0.0));
        let (local, remote, other) = if is_local_sharded {
            (lossy, world.eu.shared(), world.eu.shared())
        } else {
            (world.local.shared(), lossy, world.local.shared())
        };
        let options = RemoteOptions::default()
            .guarantee([Guarantee::ExactlyOnce, Guarantee::AtLeastOnce][usize::from(seed % 4 == 1)])
            .max_entries(15)
            .overflow(Overflow::DropOldest)
            .round_entries(7)
            .retries(Duration::from_millis(1), Duration::from_millis(50));
        let builder = MultiWrite::builder(local).clock(world.clock.clone()).seed(seed);
        let store = builder.remote_with("eu", remote, options).build().unwrap();
        let everywhere = store.everywhere();
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..200 {
            // Whatever local says to it: what counts is what it did.
            drop(everywhere.send(&words(&draw(&mut random))).await);
            tokio::time::sleep(Duration::from_millis(random.u64(0..10))).await;
        }
        store.flush(AN_HOUR).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let different = differences(&*plain, &*other).await.unwrap();
        assert_eq!(different, [""; 0], "seed {seed}: {:?}", store.health());
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_in_parts_is_there_when_all_parts_are_and_one_that_has_none_is_copied() {
    let world = World::new();
    let remote = Trio::new(&world, 10).client(1, 0.0);
    let store = world.builder().remote("eu", remote.clone()).build().unwrap();
    store.pause("eu").unwrap();
    let everywhere = store.everywhere();
    let parts = everywhere.send(&words("MSET a 1 b 2 c 3")).await.unwrap().receipt;
    let script = words("EVAL redis.call('INCR',KEYS[1])redis.call('INCR',KEYS[2]) 2 a d");
    let script = everywhere.clone().deterministic().send(&script).await.unwrap().receipt;
    let alone = everywhere.send(&words("INCR b")).await.unwrap().receipt;
    assert!(matches!(parts.outcomes()[0].1, Outcome::Queued), "{parts:?}");
    assert!(matches!(script.outcomes()[0].1, Outcome::Dropped(DropReason::SeveralSlots)), "{script:?}");
    store.resume("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert!(matches!(parts.outcomes()[0].1, Outcome::Acked), "{parts:?}");
    assert!(matches!(alone.outcomes()[0].1, Outcome::Acked), "{alone:?}");
    assert_eq!(differences(&world.local, &*remote).await.unwrap(), [""; 0]);
    assert_eq!(store.health()[0].copies, 2, "a and d");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_was_wiped_is_noticed_while_others_are_written_and_after_a_restart() {
    let (world, directory) = (World::new(), Directory::new("member"));
    let trio = Trio::new(&world, 10);
    let (remote, nodes) = (trio.client(1, 0.0), &trio.nodes);
    let build = || {
        let builder = world.builder().spool(&directory.0, SpoolOptions::default());
        builder.remote("eu", remote.clone()).build().unwrap()
    };
    let store = build();
    for number in 0..60 {
        ask::<()>(&store.everywhere(), &format!("SET k{number} v")).await.unwrap();
    }
    store.flush(LONG).await.unwrap();
    let busy = (0..60).map(|number| format!("k{number}"));
    let mut busy = busy.filter(|key| redfleet_core::Slot::of_key(key.as_bytes()).index() < 6000);
    let busy = busy.next().unwrap();
    ask::<()>(&nodes[2], "FLUSHALL").await.unwrap();
    for _ in 0..60 {
        // There is always something to be sent, but never to that member.
        ask::<()>(&store.everywhere(), &format!("APPEND {busy} x")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    store.flush(LONG).await.unwrap();
    assert_eq!(store.health()[0].data_losses, 1);
    assert_eq!(differences(&world.local, &*remote).await.unwrap(), [""; 0]);
    store.shutdown(LONG).await.unwrap();
    drop(store);
    ask::<()>(&nodes[1], "FLUSHALL").await.unwrap();
    let store = build();
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.flush(LONG).await.unwrap();
    assert_eq!(store.health()[0].data_losses, 1, "those of before are not counted");
    assert_eq!(differences(&world.local, &*remote).await.unwrap(), [""; 0]);
}

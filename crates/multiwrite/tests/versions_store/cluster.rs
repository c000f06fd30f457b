//! A remote that is a cluster: each slot keeps its order, and what lies in several slots is split or copied.

use std::sync::Arc;

use redfleet_core::connect;
use redfleet_core::test_util::{ClusterSet, Server, servers};
use redfleet_multiwrite::{Guarantee, MultiWrite, RemoteOptions};
use redis::cmd;

use super::load::{Load, words};
use super::world::{LONG, World, ask, held, quick, same};

const SOME: i64 = 150;

/// What all primaries hold.
async fn held_by(cluster: &ClusterSet, prefix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for server in cluster.servers() {
        all.extend(held(server, prefix).await);
    }
    all.sort();
    all
}

async fn settle(store: &MultiWrite, local: &Server, cluster: &ClusterSet, prefix: &str) {
    if let Err(lack) = store.flush(LONG).await {
        panic!("{lack}: {:#?}", store.health());
    }
    same("the cluster", &held(local, prefix).await, &held_by(cluster, prefix).await);
}

fn store(world: &World, cluster: &ClusterSet, options: RemoteOptions) -> MultiWrite {
    let remote = connect(&cluster.url()).unwrap();
    world.builder().remote_with("cluster", remote, options).build().unwrap()
}

#[tokio::test]
async fn a_cluster_is_equal_at_the_end_whatever_its_network_does_and_whichever_slots_move() {
    let cluster = Arc::new(ClusterSet::start().await);
    for (seed, guarantee) in [(31, Guarantee::ExactlyOnce), (32, Guarantee::AtLeastOnce)] {
        let world = World::shared().await;
        let store = store(&world, &cluster, quick().guarantee(guarantee));
        let load = Load::start(&store, &world.prefix, seed);
        let slot = cluster.slot(&world.key("n")).await;
        for turn in 0..3 {
            load.goes_on(SOME).await;
            cluster.servers()[turn].proxy().lose_next_replies(1);
            load.goes_on(20).await;
            cluster.servers()[turn].proxy().disconnect();
            let to = (cluster.owner(slot).await + 1) % 3;
            let migration = cluster.migrate(slot, to).await;
            load.goes_on(20).await;
            migration.move_keys().await;
            load.goes_on(20).await;
            migration.finish().await;
            load.goes_on(20).await;
        }
        load.stop(&world).await;
        settle(&store, &world.local, &cluster, &world.prefix).await;
        store.shutdown(LONG).await.unwrap();
    }
}

#[tokio::test]
async fn commands_on_several_slots_are_split_or_their_keys_copied() {
    let cluster = ClusterSet::start().await;
    let local = servers(1).await.remove(0);
    let world = World::of(local.clone(), local.clone(), local);
    let store = store(&world, &cluster, quick());
    for line in [
        "MSET #a 1 #b 2 #c 3 #d 4",
        "DEL #a #c",
        "RENAME #b #e",
        "SADD #s1 x y",
        "SADD #s2 y z",
        "SINTERSTORE #s3 #s1 #s2",
        "COPY #d #f",
        "RPUSH #l1 1 2 3",
        "LMOVE #l1 #l2 LEFT RIGHT",
        "EVAL redis.call('SET',KEYS[1],1)redis.call('SET',KEYS[2],2) 2 #g #h",
        "MSETNX #i 1 #j 2",
    ] {
        store.everywhere().send(&words(line, &world.prefix)).await.unwrap();
    }
    let mut block = redis::pipe();
    block.set(world.key("k"), 1).incr(world.key("m"), 2);
    let (): () = store.pipe_everywhere(&block).await.unwrap();
    settle(&store, &world.local, &cluster, &world.prefix).await;
    let keys: Vec<String> = ask(&world.local, cmd("KEYS").arg(format!("{}*", world.prefix))).await;
    assert_eq!(keys.len(), 14, "{keys:?}");
    store.shutdown(LONG).await.unwrap();
}

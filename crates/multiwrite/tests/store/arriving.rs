//! What is written everywhere arrives.

use std::time::Duration;

use redfleet_core::{BackendExt, Batch, Script};
use redfleet_multiwrite::Outcome;
use redis::AsyncCommands;

use super::world::{LONG, World, ask, words};

#[tokio::test(start_paused = true)]
async fn set_incr_and_del_arrive_on_both_remotes() {
    let world = World::new();
    let store = world.store().unwrap();
    let mut everywhere = store.everywhere();
    let () = everywhere.set("a", "1").await.unwrap();
    let () = everywhere.set("b", "x").await.unwrap();
    let sum: i64 = everywhere.incr("a", 41).await.unwrap();
    let gone: i64 = everywhere.del("b").await.unwrap();
    assert_eq!((sum, gone), (42, 1));
    store.flush(LONG).await.unwrap();
    for node in [&world.local, &world.eu, &world.us] {
        assert_eq!(ask::<String>(node, "GET a").await.unwrap(), "42");
        assert_eq!(ask::<i64>(node, "EXISTS b").await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_chance_and_time_decide_on_local_is_the_same_everywhere() {
    let world = World::new();
    let store = world.store().unwrap();
    let everywhere = store.everywhere();
    for line in [
        "SADD s a b c d e f g h",
        "SPOP s 3",
        "SET short x PX 100000",
        "INCRBYFLOAT f 0.1",
        "XADD stream * k v",
        "RPUSH l 1 2 3",
        "LMPOP 1 l LEFT COUNT 2",
        "EVAL redis.call('SET',KEYS[1],redis.call('TIME')[2]) 1 t",
        "SORT l STORE sorted",
    ] {
        ask::<redis::Value>(&everywhere, line).await.unwrap();
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    assert_eq!(ask::<i64>(&world.us, "SCARD s").await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_written_in_order_and_its_blocks_stay_whole() {
    let world = World::new();
    let store = world.store().unwrap();
    let lines = ["SET a 1", "INCR a", "LPUSH a x", "INCR b", "SET c 1", "GETDEL c", "APPEND a 9"];
    let mut batch: Batch = lines.into_iter().map(words).collect();
    batch.make_atomic(3..6);
    let written = store.everywhere().send_batch(&batch).await.unwrap();
    assert_eq!(written.len(), lines.len());
    assert_eq!(written[2].as_ref().unwrap_err().code(), Some("WRONGTYPE"));
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "29");
    for (_, outcome) in written[6].as_ref().unwrap().receipt.outcomes() {
        assert!(matches!(outcome, Outcome::Acked), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn scripts_and_pipelines_of_redis_rs_go_everywhere() {
    let world = World::new();
    let store = world.store().unwrap();
    let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for everywhere in [store.everywhere(), store.everywhere().deterministic()] {
        let _: i64 = add.key("sum").arg(5).run(&everywhere).await.unwrap();
        let mut batch = Batch::new();
        batch.push_script(&add.key("sum").arg(2));
        assert!(BackendExt::send_batch(&everywhere, &batch).await.unwrap()[0].is_ok());
    }
    // It loads what local does not know.
    let times =
        redis::Script::new("return redis.call('SET', KEYS[1], 3 * redis.call('GET', KEYS[1]), 'GET')");
    for _ in 0..2 {
        let _: i64 = times.key("sum").invoke_async(&mut store.everywhere()).await.unwrap();
    }
    assert!(store.everywhere().send(&words("SCRIPT FLUSH")).await.is_err());
    let mut pipeline = redis::pipe();
    pipeline.set("p", 1).incr("p", 1);
    let (_, sum): (String, i64) = pipeline.query_async(&mut store.everywhere()).await.unwrap();
    assert_eq!(sum, 2);
    let (_, sum): (String, i64) = store.pipe_everywhere(&pipeline).await.unwrap();
    assert_eq!(sum, 2);
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    assert_eq!(ask::<i64>(&world.us, "GET sum").await.unwrap(), 14 * 9);
}

#[tokio::test(start_paused = true)]
async fn a_write_to_local_alone_stays_there() {
    let world = World::new();
    let mut store = world.store().unwrap();
    let () = store.set("mine", 1).await.unwrap();
    store.local().call(&words("SET mine2 1")).await.unwrap();
    store.flush(LONG).await.unwrap();
    tokio::time::sleep(LONG).await;
    assert_eq!(ask::<i64>(&world.eu, "EXISTS mine mine2").await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn flushall_empties_the_remotes_too() {
    let world = World::new();
    let store = world.store().unwrap();
    for number in 0..500 {
        ask::<redis::Value>(&store.everywhere(), &format!("SET k{number} {number}")).await.unwrap();
    }
    ask::<redis::Value>(&store.everywhere(), "FLUSHALL").await.unwrap();
    ask::<redis::Value>(&store.everywhere(), "SET after 1").await.unwrap();
    store.flush(LONG).await.unwrap();
    assert!(world.are_equal().await.unwrap());
    assert_eq!(ask::<i64>(&world.eu, "EXISTS after k1").await.unwrap(), 1);
}

//! What redismultiwrite's own tests ask for (RMW-1 to RMW-13), each by name.
//!
//! As there, two remotes are well and a third is broken. Each node is one that writes down what it saw.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Backend, Embedded};
use redfleet_multiwrite::{BuildError, Error, Guarantee, MultiWrite, RemoteOptions};
use redis::{AsyncCommands, RedisResult, cmd};

const LONG: Duration = Duration::from_secs(10);

/// A node that knows what these tests ask.
fn node(run_id: &str) -> Scripted {
    Scripted::new()
        .with_run_id(run_id)
        .on("GET", "$5\r\nvalue\r\n")
        .on("SET", "+OK\r\n")
        .on("SETEX", "+OK\r\n")
        .on("DEL", ":1\r\n")
        .on("EXPIRE", ":1\r\n")
        .on("PEXPIRETIME", ":4000000000000\r\n")
        .on("PEXPIREAT", ":1\r\n")
        .on("PING", "+PONG\r\n")
}

struct World {
    local: Scripted,
    good: [Scripted; 2],
    broken: Scripted,
    store: MultiWrite,
}

/// At least once, because that sends the commands themselves, and no script.
fn plain() -> RemoteOptions {
    RemoteOptions::default().guarantee(Guarantee::AtLeastOnce)
}

fn world() -> Result<World, BuildError> {
    world_with(node("local"))
}

fn world_with(local: Scripted) -> Result<World, BuildError> {
    let good = [node("one"), node("two")];
    let broken = node("three");
    broken.set(Condition::Refused);
    let store = MultiWrite::builder(local.shared())
        .remote_with("one", good[0].shared(), plain())
        .remote_with("two", good[1].shared(), plain())
        .remote_with("three", broken.shared(), plain())
        .build()?;
    Ok(World { local, good, broken, store })
}

/// The commands of a node but for what is kept there for the store's own use.
fn seen(node: &Scripted) -> Vec<String> {
    let own =
        |line: &String| line.contains("redfleet:mw:") || line == "PING" || line.starts_with("PEXPIRETIME");
    node.sent().into_iter().filter(|line| !own(line)).collect()
}

impl World {
    /// Waits until the two that are well have everything.
    async fn settled(&self) {
        let is_there = || {
            self.store
                .health()
                .iter()
                .filter(|remote| &*remote.name != "three")
                .all(|remote| remote.entries == 0)
        };
        while !is_there() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn expect_on_good_ones(&self, lines: &[&str]) {
        self.settled().await;
        assert_eq!(seen(&self.local), lines, "local");
        for node in &self.good {
            assert_eq!(seen(node), lines);
        }
        assert_eq!(self.broken.sent(), [""; 0], "the broken one saw nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn rmw_1_a_plain_get_goes_to_local_only() {
    let mut world = world().unwrap();
    let value: String = world.store.get("good").await.unwrap();
    assert_eq!(value, "value");
    tokio::time::sleep(LONG).await;
    assert_eq!(seen(&world.local), ["GET good"]);
    for node in &world.good {
        assert_eq!(seen(node), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn rmw_2_an_unknown_command_is_an_error_and_no_remote_sees_it() {
    let world = world().unwrap();
    let error = world.store.everywhere().send(&cmd("test")).await.unwrap_err();
    assert!(matches!(error, Error::Unshippable { .. }), "{error}");
    assert!(error.to_string().contains("TEST"), "{error}");
    tokio::time::sleep(LONG).await;
    for node in [&world.local, &world.good[0], &world.good[1]] {
        assert_eq!(seen(node), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn rmw_3_without_remotes_everywhere_is_local() {
    let local = node("local");
    let store = MultiWrite::builder(local.shared()).build().unwrap();
    let deleted: bool = store.everywhere().del("good").await.unwrap();
    assert!(deleted);
    assert_eq!(seen(&local), ["DEL good"]);
}

#[tokio::test(start_paused = true)]
async fn rmw_4_a_broken_local_is_told_and_what_it_refuses_goes_nowhere() {
    let world = world().unwrap();
    world.local.set(Condition::Refused);
    let error = world.store.everywhere().send(cmd("DEL").arg("good")).await.unwrap_err();
    assert!(matches!(&error, Error::Local(redfleet_core::Error::Link { .. })), "{error}");
    tokio::time::sleep(LONG).await;
    for node in &world.good {
        assert_eq!(seen(node), [""; 0]);
    }
    let refusing =
        Scripted::new().with_run_id("local").on("EXPIRE", "-ERR no\r\n").on("PEXPIRETIME", ":-1\r\n");
    let world = world_with(refusing).unwrap();
    let refused: RedisResult<bool> = world.store.everywhere().expire("error", 10).await;
    assert!(refused.unwrap_err().to_string().contains("no"));
    tokio::time::sleep(LONG).await;
    for node in &world.good {
        assert_eq!(seen(node), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn rmw_5_a_broken_local_alone_is_told_too() {
    let local = node("local");
    local.set(Condition::Refused);
    let store = MultiWrite::builder(local.shared()).build().unwrap();
    let error = store.everywhere().send(cmd("DEL").arg("good")).await.unwrap_err();
    assert!(matches!(&error, Error::Local(redfleet_core::Error::Link { .. })), "{error}");
}

#[tokio::test(start_paused = true)]
async fn rmw_6_a_get_everywhere_returns_what_local_has_and_hits_the_good_remotes() {
    let world = world().unwrap();
    let value: String = world.store.everywhere().get("good").await.unwrap();
    assert_eq!(value, "value");
    world.expect_on_good_ones(&["GET good"]).await;
}

#[tokio::test(start_paused = true)]
async fn rmw_7_del_everywhere() {
    let world = world().unwrap();
    assert!(world.store.everywhere().del::<_, bool>("good").await.unwrap());
    world.expect_on_good_ones(&["DEL good"]).await;
}

#[tokio::test(start_paused = true)]
async fn rmw_8_set_everywhere() {
    let world = world().unwrap();
    assert!(world.store.everywhere().set::<_, _, bool>("good", "value").await.unwrap());
    world.expect_on_good_ones(&["SET good value"]).await;
}

#[tokio::test(start_paused = true)]
async fn rmw_9_setex_everywhere_ends_at_the_same_time_everywhere() {
    let world = world().unwrap();
    assert!(world.store.everywhere().set_ex::<_, _, bool>("good", "value", 10).await.unwrap());
    world.settled().await;
    assert_eq!(seen(&world.local), ["SETEX good 10 value"]);
    for node in &world.good {
        assert_eq!(seen(node), ["SET good value PXAT 4000000000000"]);
    }
    assert_eq!(world.broken.sent(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn rmw_10_expire_everywhere_ends_at_the_same_time_everywhere() {
    let world = world().unwrap();
    assert!(world.store.everywhere().expire::<_, bool>("good", 10).await.unwrap());
    world.settled().await;
    assert_eq!(seen(&world.local), ["EXPIRE good 10"]);
    for node in &world.good {
        assert_eq!(seen(node), ["PEXPIREAT good 4000000000000"]);
    }
    assert_eq!(world.broken.sent(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn rmw_11_del_of_a_missing_key_is_false() {
    let nodes: Vec<Embedded> = (1..3).map(|seed| Embedded::builder().seed(seed).build()).collect();
    let store = MultiWrite::builder(nodes[0].shared()).remote("one", nodes[1].shared()).build().unwrap();
    assert!(!store.everywhere().del::<_, bool>("missing").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn rmw_12_expire_of_a_missing_key_is_false() {
    let nodes: Vec<Embedded> = (1..3).map(|seed| Embedded::builder().seed(seed).build()).collect();
    let store = MultiWrite::builder(nodes[0].shared()).remote("one", nodes[1].shared()).build().unwrap();
    assert!(!store.everywhere().expire::<_, bool>("missing", 10).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn rmw_13_a_pipeline_everywhere_is_a_transaction_on_each_node() {
    let world = world().unwrap();
    let mut pipeline = redis::pipe();
    pipeline.set("good", "value").del("good");
    let (set, deleted): (bool, bool) = world.store.pipe_everywhere(&pipeline).await.unwrap();
    assert!(set && deleted);
    world.settled().await;
    let saw = |node: &Scripted| {
        seen(node).into_iter().filter(|line| line != "MULTI" && line != "EXEC").collect::<Vec<_>>()
    };
    assert_eq!(saw(&world.local), ["SET good value", "DEL good"]);
    for node in &world.good {
        assert_eq!(saw(node), ["SET good value", "DEL good"]);
    }
    assert_eq!(world.broken.sent(), [""; 0]);
}

/// What the manual script of redismultiwrite shows: a remote that hangs holds nobody up.
#[tokio::test(start_paused = true)]
async fn a_remote_that_hangs_holds_nobody_up() {
    let world = world().unwrap();
    world.good[0].set(Condition::Hung);
    let shared: Arc<dyn Backend> = Arc::new(world.store.everywhere());
    let reply =
        tokio::time::timeout(Duration::from_millis(1), shared.call(cmd("SET").arg("a").arg("b"))).await;
    assert!(reply.unwrap().is_ok());
}

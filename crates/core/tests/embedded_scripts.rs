//! Scripts on the embedded node, as its users see them.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use redfleet_core::{Backend, BackendExt, Batch, Embedded, Handle, Kept, Script, connect};
use redis::{Value, cmd};

const ADD: &str = "return redis.call('INCRBY', KEYS[1], ARGV[1])";

#[tokio::test]
async fn a_script_runs_whether_or_not_the_node_knows_it() {
    let node = connect("embedded://scripts-known").unwrap();
    let add = Script::new(ADD);
    for expected in [2, 4] {
        assert_eq!(add.key("sum").arg(2).run::<i64>(&*node).await.unwrap(), expected);
    }
    node.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(add.key("sum").arg(2).run::<i64>(&*node).await.unwrap(), 6);
}

#[tokio::test]
async fn a_script_of_redis_rs_runs_unchanged() {
    let mut connection = Handle::new(Embedded::new().shared());
    let script = redis::Script::new(ADD);
    for expected in [5, 10] {
        let sum: i64 = script.key("sum").arg(5).invoke_async(&mut connection).await.unwrap();
        assert_eq!(sum, expected);
    }
}

#[tokio::test]
async fn batches_and_transactions_carry_scripts() {
    let node = Embedded::new();
    let add = Script::new(ADD);
    for is_atomic in [false, true] {
        let mut batch = if is_atomic { Batch::new().atomic() } else { Batch::new() };
        batch.push(cmd("SET").arg("sum").arg(10).take());
        batch.push_script(&add.key("sum").arg(5));
        batch.push(cmd("GET").arg("sum").take());
        for _ in 0..2 {
            let replies = node.send_batch(&batch).await.unwrap();
            assert!(matches!(replies[1], Ok(Value::Int(15))), "{replies:?}");
            assert_eq!(replies[2].as_ref().unwrap(), &Value::BulkString(b"15".to_vec()), "after the script");
        }
    }
}

#[tokio::test]
async fn a_script_in_a_block_is_carried_out_in_its_place_known_or_not() {
    let node = Embedded::new();
    let add = Script::new(ADD);
    let mut batch = Batch::new();
    batch.push(cmd("SET").arg("sum").arg(10).take());
    batch.push_script(&add.key("sum").arg(5));
    batch.push(cmd("GET").arg("sum").take());
    batch.push_script(&add.key("sum").arg(1));
    batch.make_atomic(1..3);
    for _ in 0..2 {
        let replies = node.send_batch(&batch).await.unwrap();
        assert!(matches!(replies[1], Ok(Value::Int(15))), "{replies:?}");
        assert_eq!(replies[2].as_ref().unwrap(), &Value::BulkString(b"15".to_vec()), "after the script");
        assert!(matches!(replies[3], Ok(Value::Int(16))), "{replies:?}");
        // What the node had is not what it has: the hash of the one outside is mended, the text inside needs none.
        node.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_forgets_scripts_and_the_call_is_mended() {
    let node = Embedded::new();
    let add = Script::new(ADD);
    assert_eq!(add.key("sum").arg(1).run::<i64>(&node).await.unwrap(), 1);
    node.restart(Kept::All);
    let exists: Vec<bool> = node.query(cmd("SCRIPT").arg("EXISTS").arg(add.hash())).await.unwrap();
    assert_eq!(exists, [false]);
    assert_eq!(add.key("sum").arg(1).run::<i64>(&node).await.unwrap(), 2);
}

#[tokio::test]
async fn a_script_that_wants_too_much_is_stopped_and_leaves_nothing_behind() {
    let node = Embedded::builder().script_instructions(50_000).script_memory_bytes(4 << 20).build();
    node.query::<()>(cmd("SET").arg("k").arg("before")).await.unwrap();
    for (script, limit) in [
        ("redis.call('SET', KEYS[1], 'after') while true do end", "more than 50000 instructions"),
        ("redis.call('DEL', KEYS[1]) return ('x'):rep(2 ^ 30)", "more than 4194304 bytes of memory"),
    ] {
        let error = Script::new(script).key("k").run::<()>(&node).await.unwrap_err();
        assert!(error.to_string().contains(limit), "{error}");
        assert_eq!(node.query::<String>(cmd("GET").arg("k")).await.unwrap(), "before");
    }
}

#[tokio::test]
async fn a_watch_is_disturbed_by_a_script_that_writes_and_not_by_one_that_reads() {
    let node = Embedded::new();
    for (script, survives) in
        [("return redis.call('GET', KEYS[1])", true), ("return redis.call('SET', KEYS[1], 'theirs')", false)]
    {
        let session = node.session(None).await.unwrap();
        session.call(cmd("WATCH").arg("k")).await.unwrap();
        Script::new(script).key("k").run::<Value>(&node).await.unwrap();
        let mut batch = Batch::new().atomic();
        batch.push(cmd("SET").arg("k").arg("mine").take());
        assert_eq!(session.call_batch(&batch).await.unwrap()[0].is_ok(), survives, "{script}");
    }
}

#[tokio::test]
async fn what_a_script_publishes_is_heard() {
    let node = Embedded::new();
    let mut messages = node.subscribe(&[redfleet_core::Topic::channel("news")]).await.unwrap();
    let told = Script::new("return redis.call('PUBLISH', KEYS[1], ARGV[1])").key("news").arg("extra");
    assert_eq!(told.run::<i64>(&node).await.unwrap(), 1);
    let heard = format!("{:?}", messages.next().await);
    assert!(heard.contains("news"), "{heard}");
}

/// The usual scripts of locks and limits, which are what a fleet runs.
#[tokio::test(start_paused = true)]
async fn locks_and_limits_work_by_the_nodes_own_time() {
    let node = Embedded::new();
    let acquire = Script::new("return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0");
    let release = Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
    );
    let lock = |owner: &'static str| acquire.key("lock").arg(owner).arg(100);
    assert_eq!(lock("a").run::<i64>(&node).await.unwrap(), 1);
    assert_eq!(lock("b").run::<i64>(&node).await.unwrap(), 0);
    assert_eq!(release.key("lock").arg("b").run::<i64>(&node).await.unwrap(), 0);
    tokio::time::sleep(std::time::Duration::from_millis(101)).await;
    assert_eq!(lock("b").run::<i64>(&node).await.unwrap(), 1);
    assert_eq!(release.key("lock").arg("b").run::<i64>(&node).await.unwrap(), 1);
}

/// A subscriber to the log that panics at every line.
struct Panics;

impl tracing::Subscriber for Panics {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        panic!("the disk is full");
    }

    fn enter(&self, _: &tracing::Id) {}

    fn exit(&self, _: &tracing::Id) {}
}

#[tokio::test]
async fn a_panic_under_a_script_is_its_callers_alone_and_leaves_nothing_behind() {
    let node = Embedded::new();
    let add = Script::new(ADD);
    assert_eq!(add.key("sum").arg(1).run::<i64>(&node).await.unwrap(), 1);
    let session = node.session(None).await.unwrap();
    let logs = "redis.call('SET', KEYS[1], 'x') redis.log(redis.LOG_WARNING, 'x') return 1";
    let hides = format!("pcall(function() {logs} end) redis.pcall('SET', KEYS[1], 'y') return 1");
    for (node, logs) in [(&node as &dyn Backend, logs), (&*session, logs), (&node, &hides)] {
        let guard = tracing::subscriber::set_default(Panics);
        let call = AssertUnwindSafe(node.query::<i64>(cmd("EVAL").arg(logs).arg(1).arg("sum").take()));
        let panic = call.catch_unwind().await.unwrap_err();
        drop(guard);
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the disk is full"));
        assert_eq!(node.query::<i64>(cmd("GET").arg("sum")).await.unwrap(), 1, "nothing was written");
    }
    assert_eq!(add.key("sum").arg(1).run::<i64>(&node).await.unwrap(), 2, "and scripts run as before");
    assert_eq!(add.key("sum").arg(1).run::<i64>(&*session).await.unwrap(), 3);
}

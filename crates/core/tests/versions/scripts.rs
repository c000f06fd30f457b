//! Scripts: known, unknown and forgotten by the server.

use std::sync::Arc;

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_core::{Backend, BackendExt, Batch, Script, connect};
use redis::{Value, cmd};

use super::world::{key, node};

/// A server of one's own: SCRIPT FLUSH takes everybody's scripts, also between the two steps of somebody else.
async fn alone() -> (Server, Arc<dyn Backend>) {
    let server = ServerOptions::new().start().await;
    let node = connect(&server.url()).unwrap();
    (server, node)
}

fn add() -> Script {
    // A text of its own for each test, so that none has loaded it for another.
    Script::new(&format!("return redis.call('INCRBY', KEYS[1], ARGV[1]) -- {}", key("script")))
}

#[tokio::test]
async fn a_script_runs_whether_or_not_the_server_knows_it() {
    let (_server, node) = alone().await;
    let (add, key) = (add(), key("sum"));
    for expected in [2, 4] {
        assert_eq!(add.key(&key).arg(2).run::<i64>(&*node).await.unwrap(), expected);
    }
    node.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(add.key(&key).arg(2).run::<i64>(&*node).await.unwrap(), 6);
}

#[tokio::test]
async fn in_a_batch_its_first_use_keeps_the_order() {
    let (server, node) = node().await;
    let (add, key) = (add(), key("sum"));
    node.identify().await.unwrap();
    let mut batch = Batch::new();
    batch.push(cmd("SET").arg(&key).arg(10).take());
    batch.push_script(&add.key(&key).arg(5));
    batch.push(cmd("GET").arg(&key).take());
    for _ in 0..2 {
        let replies = node.send_batch(&batch).await.unwrap();
        assert!(matches!(replies[1], Ok(Value::Int(15))), "{replies:?}");
        assert_eq!(replies[2].as_ref().unwrap(), &Value::BulkString(b"15".to_vec()), "after the script");
    }
    assert_eq!(server.proxy().traffic().connections, 1);
}

#[tokio::test]
async fn in_a_batch_a_forgotten_script_costs_one_more_round_trip() {
    let (_server, node) = alone().await;
    let (add, key) = (add(), key("sum"));
    let mut batch = Batch::new();
    batch.push_script(&add.key(&key).arg(1));
    batch.push_script(&add.key(&key).arg(1));
    node.send_batch(&batch).await.unwrap();
    node.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    let replies = node.send_batch(&batch).await.unwrap();
    assert!(matches!(replies[..], [Ok(Value::Int(3)), Ok(Value::Int(4))]), "{replies:?}");
}

#[tokio::test]
async fn in_a_transaction_a_script_is_never_missing() {
    let (_server, node) = alone().await;
    let (add, key) = (add(), key("sum"));
    let mut batch = Batch::new().atomic();
    batch.push(cmd("SET").arg(&key).arg(1).take());
    batch.push_script(&add.key(&key).arg(1));
    for _ in 0..2 {
        node.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
        let replies = node.send_batch(&batch).await.unwrap();
        assert!(matches!(replies[1], Ok(Value::Int(2))), "{replies:?}");
    }
}

#[tokio::test]
async fn in_a_block_a_script_is_never_missing_and_keeps_its_place() {
    let (_server, node) = alone().await;
    let (add, key) = (add(), key("sum"));
    let mut batch = Batch::new();
    batch.push(cmd("SET").arg(&key).arg(1).take());
    batch.push_script(&add.key(&key).arg(1));
    batch.push(cmd("GET").arg(&key).take());
    batch.push_script(&add.key(&key).arg(2));
    batch.make_atomic(1..3);
    for _ in 0..2 {
        node.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
        let replies = node.send_batch(&batch).await.unwrap();
        assert!(matches!(replies[1], Ok(Value::Int(2))), "{replies:?}");
        assert_eq!(replies[2].as_ref().unwrap(), &Value::BulkString(b"2".to_vec()), "after the script");
        assert!(matches!(replies[3], Ok(Value::Int(4))), "{replies:?}");
    }
}

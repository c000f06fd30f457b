//! All of redis-rs on our handle: typed commands, plain ones, pipelines, scans, scripts.

use std::collections::BTreeSet;

use redfleet_core::test_util::Server;
use redfleet_core::{BackendExt, Handle};
use redis::{AsyncCommands, Value, cmd, pipe};

use super::world::{key, node};

async fn handle() -> (Server, Handle) {
    let (server, node) = node().await;
    (server, Handle::new(node))
}

#[tokio::test]
async fn typed_commands_work() {
    let (_server, mut node) = handle().await;
    let key = key("hash");
    let _: () = node.hset_multiple(&key, &[("a", 1), ("b", 2)]).await.unwrap();
    let sum: i64 = node.hincr(&key, "a", 10).await.unwrap();
    assert_eq!(sum, 11);
    let all: Vec<(String, i64)> = node.hgetall(&key).await.unwrap();
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), [("a".into(), 11), ("b".into(), 2)].into());
    let missing: Option<String> = node.get("t:missing").await.unwrap();
    assert_eq!(missing, None);
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_words() {
    let (_server, mut node) = handle().await;
    let key = key("string");
    let _: () = node.set(&key, "text").await.unwrap();
    let error = node.incr::<_, _, i64>(&key, 1).await.unwrap_err();
    assert_eq!(error.code(), Some("ERR"));
    assert_eq!(error.detail(), Some("value is not an integer or out of range"));
}

#[tokio::test]
async fn plain_commands_and_pipelines_work() {
    let (_server, mut node) = handle().await;
    let key = key("n");
    let pong: String = cmd("PING").query_async(&mut node).await.unwrap();
    assert_eq!(pong, "PONG");
    let (n,): (i64,) = pipe().set(&key, 1).ignore().incr(&key, 1).query_async(&mut node).await.unwrap();
    assert_eq!(n, 2);
    let replies: Vec<redis::RedisResult<i64>> = pipe()
        .incr(&key, 1)
        .lpush(&key, 1)
        .incr(&key, 1)
        .ignore_errors()
        .query_async(&mut node)
        .await
        .unwrap();
    assert_eq!((replies[0].clone().unwrap(), replies[2].clone().unwrap()), (3, 4));
    assert!(replies[1].is_err());
}

#[tokio::test]
async fn an_atomic_pipeline_is_one_transaction() {
    let (_server, mut node) = handle().await;
    let key = key("n");
    let (a, b): (i64, i64) =
        pipe().atomic().incr(&key, 1).incr(&key, 1).query_async(&mut node).await.unwrap();
    assert_eq!((a, b), (1, 2));
    let error =
        pipe().atomic().incr(&key, 1).cmd("NOSUCHCOMMAND").query_async::<Value>(&mut node).await.unwrap_err();
    assert_eq!(error.code(), Some("ERR"), "{error}");
    assert_eq!(node.get::<_, i64>(&key).await.unwrap(), 2, "nothing of it happened");
}

#[tokio::test]
async fn scans_and_scripts_of_redis_rs_work() {
    let (_server, mut node) = handle().await;
    let prefix = key("scan");
    for index in 0..25 {
        let _: () = node.set(format!("{prefix}:{index}"), index).await.unwrap();
    }
    let mut found = BTreeSet::new();
    let mut keys = node.scan_match::<_, String>(format!("{prefix}:*")).await.unwrap();
    while let Some(key) = keys.next_item().await {
        found.insert(key.unwrap());
    }
    drop(keys);
    assert_eq!(found.len(), 25);

    let script = redis::Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1]) -- of redis-rs");
    for expected in [5, 10] {
        let sum: i64 = script.key(format!("{prefix}:sum")).arg(5).invoke_async(&mut node).await.unwrap();
        assert_eq!(sum, expected);
    }
}

#[tokio::test]
async fn a_reply_of_another_type_is_told_as_such() {
    let (_server, node) = node().await;
    let error = node.query::<i64>(cmd("ECHO").arg("text")).await.unwrap_err();
    assert!(matches!(error, redfleet_core::Error::Conversion { .. }), "{error}");
}

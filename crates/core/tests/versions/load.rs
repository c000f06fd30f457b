//! Many callers at once, and large values.

use futures::future::join_all;
use redfleet_core::{BackendExt, Handle};
use redis::{AsyncCommands, cmd};

use super::world::{key, node};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_at_once_share_one_connection_and_none_is_lost() {
    let (server, node) = node().await;
    let key = key("n");
    let calls = (0..10_000).map(|_| {
        let (node, key) = (node.clone(), key.clone());
        tokio::spawn(async move { node.query::<i64>(cmd("INCR").arg(key)).await })
    });
    let mut counts: Vec<i64> =
        join_all(calls).await.into_iter().map(|count| count.unwrap().unwrap()).collect();
    counts.sort_unstable();
    assert!(counts.iter().copied().eq(1..=10_000), "each has its own reply");
    assert_eq!(server.proxy().traffic().connections, 1);
}

#[tokio::test]
async fn a_value_of_64_mib_passes() {
    let (_server, node) = node().await;
    let key = key("big");
    let value = vec![7_u8; 64 * 1024 * 1024];
    let mut node = Handle::new(node);
    let _: () = node.set(&key, &value[..]).await.unwrap();
    let back: Vec<u8> = node.get(&key).await.unwrap();
    assert!(back == value);
    let _: () = node.del(&key).await.unwrap();
}

//! What the tests of this binary have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redfleet_core::test_util::{Server, servers};
use redfleet_core::{Backend, Breaker, Fleet, Node, Result, connect};
use redis::cmd;
use tokio::time::{Instant, sleep};

/// Longer than a busy machine takes for a reply that comes.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

static PREFIXES: AtomicU64 = AtomicU64::new(0);

/// One of the shared servers, behind a proxy of the test's own, as a backend.
pub(super) async fn node() -> (Server, Arc<dyn Backend>) {
    let server = servers(1).await.remove(0);
    let node = connect(&server.url()).unwrap();
    (server, node)
}

/// A key that no other test of this binary uses.
pub(super) fn key(name: &str) -> String {
    format!("t{}:{name}", PREFIXES.fetch_add(1, Ordering::Relaxed))
}

/// A fleet of these servers that probes quickly.
pub(super) fn fleet(servers: &[Server]) -> Fleet {
    let quick = Breaker::default().probes(Duration::from_millis(50), Duration::from_millis(200)).unwrap();
    let named = servers.iter().enumerate();
    named
        .fold(Fleet::builder().deadline(DEADLINE).breaker(quick), |builder, (index, server)| {
            builder.node(format!("n{index}"), connect(&server.url()).unwrap())
        })
        .build()
        .unwrap()
}

pub(super) async fn ping(node: Node) -> Result<String> {
    use redfleet_core::BackendExt;
    node.query(cmd("PING")).await
}

/// Waits until `is_so`, and fails after a minute.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(60), "after a minute still not so: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

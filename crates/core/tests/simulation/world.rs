//! What all scenarios use.

use std::time::Duration;

use redfleet_core::test_util::simulation::{Storm, World};
use redfleet_core::{BackendExt, Breaker, Error, Node};
use redis::cmd;

/// The deadline of a fleet's operations.
pub(crate) const DEADLINE: Duration = ms(250);

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A storm that loses no data.
pub(crate) fn storm() -> Storm {
    Storm::lasting(ms(3000)).every(ms(200)).faults_up_to(ms(800))
}

/// A breaker whose probes come often enough for a run of some seconds.
pub(crate) fn breaker() -> Breaker {
    Breaker::default().probes(ms(50), ms(200)).unwrap().probe_deadline(ms(100)).unwrap()
}

pub(crate) async fn incr(node: Node, key: String) -> Result<i64, Error> {
    node.query(cmd("INCR").arg(key)).await
}

/// What a key counts on each node, looked at from outside of the world.
pub(crate) async fn counts(world: &World, key: &str) -> Vec<i64> {
    let mut counts = Vec::new();
    for node in world.nodes() {
        let count: Option<i64> = node.store().query(cmd("GET").arg(key)).await.unwrap();
        counts.push(count.unwrap_or_default());
    }
    counts
}

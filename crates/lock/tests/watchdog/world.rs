//! What the tests share: locks on embedded nodes, and a look at the nodes' keys.

use std::time::Duration;

use redfleet_core::test_util::simulation::World;
use redfleet_core::{BackendExt, Clock, Embedded, Fleet};
use redfleet_lock::Locks;
use redfleet_lock::redis::cmd;

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The ttl of the leases in simulated worlds, and the longest: so short that what follows from it is soon to be seen.
pub(crate) const TTL: Duration = secs(3);
pub(crate) const MAX_TTL: Duration = secs(6);

pub(crate) fn nodes(count: usize) -> Vec<Embedded> {
    (0..count).map(|_| Embedded::new()).collect()
}

/// Locks on these nodes, which are declared to be new, by tokio's clock.
pub(crate) fn locks(nodes: &[Embedded]) -> Locks {
    let named = nodes.iter().enumerate();
    let fleet =
        named.fold(Fleet::builder(), |fleet, (place, node)| fleet.node(format!("n{place}"), node.shared()));
    Locks::builder(fleet.build().unwrap()).new_fleet().clock(Clock::tokio()).seed(7).build().unwrap()
}

/// The locks of a world's client. All nodes are enlisted, and from now on none of them is new.
pub(crate) async fn client(world: &World, place: usize) -> Locks {
    let client = world.client(place);
    let builder = |seed: u64| {
        let fleet = client.fleet().build().unwrap();
        Locks::builder(fleet).ttl(TTL).max_ttl(MAX_TTL).clock(client.clock()).seed(world.seed() * 100 + seed)
    };
    let first = builder(99).new_fleet().build().unwrap();
    first.lock("enlisted").try_acquire().await.unwrap().release().await.unwrap();
    world.quiet().await;
    builder(u64::try_from(place).unwrap()).build().unwrap()
}

pub(crate) fn owner(name: &str) -> String {
    format!("redfleet:lock:{{{name}}}:owner")
}

/// For how long a node still has a lock: nothing if it has not.
pub(crate) async fn life(node: &Embedded, name: &str) -> Duration {
    let left_ms: i64 = node.query(cmd("PTTL").arg(owner(name))).await.unwrap();
    Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
}

pub(crate) async fn lives(nodes: &[Embedded], name: &str) -> Vec<Duration> {
    futures::future::join_all(nodes.iter().map(|node| life(node, name))).await
}

/// The nodes of a world, past the network.
pub(crate) fn stores(world: &World) -> Vec<Embedded> {
    world.nodes().iter().map(|node| node.store().clone()).collect()
}

/// Somebody deletes a lock on a node.
pub(crate) async fn forget(node: &Embedded, name: &str) {
    node.query::<u64>(cmd("DEL").arg(owner(name))).await.unwrap();
}

//! Nodes in this process that go down, hang and forget, and locks on them.

use std::time::Duration;

use redfleet_core::test_util::{Link, Tap};
use redfleet_core::{BackendExt, Breaker, Clock, Embedded, Fleet, Kept};
use redfleet_lock::{Builder, Locks};
use redis::cmd;

/// The nodes of a fleet.
pub(super) struct Nodes {
    stores: Vec<Embedded>,
    links: Vec<Tap>,
    breaker: Breaker,
}

impl Nodes {
    pub(super) fn new(count: usize) -> Self {
        let stores: Vec<_> = (0..count).map(|_| Embedded::new()).collect();
        let links = stores.iter().map(|store| Tap::new(store.shared())).collect();
        Self { stores, links, breaker: Breaker::default() }
    }

    /// The same, and a node that is down is probed at least this often.
    pub(super) fn probed_every(mut self, most: Duration) -> Self {
        self.breaker = self.breaker.probes(Duration::from_millis(100), most).unwrap();
        self
    }

    /// Locks of a client of its own, to be built.
    pub(super) fn builder(&self) -> Builder {
        self.later().new_fleet()
    }

    /// The same, of one that comes when the fleet has been in use for a while, and does not declare that it is new.
    pub(super) fn later(&self) -> Builder {
        let none = Fleet::builder().breaker(self.breaker);
        let fleet = self
            .links
            .iter()
            .enumerate()
            .fold(none, |fleet, (place, link)| fleet.node(format!("n{place}"), link.shared()));
        Locks::builder(fleet.build().unwrap()).clock(Clock::tokio())
    }

    /// Locks of a client of its own.
    pub(super) fn locks(&self) -> Locks {
        self.builder().build().unwrap()
    }

    /// How the link to this node is from now on, for all clients.
    pub(super) fn set(&self, node: usize, link: Link) {
        self.links[node].set(link);
    }

    /// Ends a node and starts it again, without its data.
    pub(super) fn wipe(&self, node: usize) {
        self.stores[node].restart(Kept::Nothing);
        self.set(node, Link::Up);
    }

    /// On each node the keys that match, and what is left of the life of each in milliseconds, asked past the links.
    pub(super) async fn keys(&self, pattern: &str) -> Vec<Vec<(String, i64)>> {
        let mut all = Vec::new();
        for store in &self.stores {
            let node = store.shared();
            let keys: Vec<String> = node.query(cmd("KEYS").arg(pattern)).await.unwrap();
            let mut lives = Vec::new();
            for key in keys {
                let life: i64 = node.query(cmd("PTTL").arg(&key)).await.unwrap();
                lives.push((key, life));
            }
            lives.sort_unstable();
            all.push(lives);
        }
        all
    }

    /// On how many nodes somebody holds this lock.
    pub(super) async fn holders(&self, name: &str) -> usize {
        let keys = self.keys(&format!("redfleet:lock:{{{name}}}*:owner")).await;
        keys.iter().filter(|keys| !keys.is_empty()).count()
    }
}

/// Longer than anything takes that nobody waits for.
pub(super) const SOON: Duration = Duration::from_secs(2);

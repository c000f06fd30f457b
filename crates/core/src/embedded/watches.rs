//! WATCH: which connections want to know whether a key changed before their EXEC.

use std::collections::{BTreeMap, BTreeSet};

use super::client::ClientId;
use super::store::Key;

/// Watched keys, and the connections one of whose keys changed.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    by_key: BTreeMap<Key, BTreeSet<ClientId>>,
    by_client: BTreeMap<ClientId, BTreeSet<Key>>,
    disturbed: BTreeSet<ClientId>,
}

impl Watches {
    pub(crate) fn is_idle(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn watch(&mut self, id: ClientId, key: Key) {
        self.by_key.entry(key.clone()).or_default().insert(id);
        self.by_client.entry(id).or_default().insert(key);
    }

    /// A key changed.
    pub(crate) fn disturb(&mut self, key: &[u8]) {
        if let Some(ids) = self.by_key.get(key) {
            self.disturbed.extend(ids);
        }
    }

    /// How many keys a connection watches.
    pub(crate) fn watched_by(&self, id: ClientId) -> usize {
        self.by_client.get(&id).map_or(0, BTreeSet::len)
    }

    /// Whether one of a connection's keys changed.
    pub(crate) fn is_disturbed(&self, id: ClientId) -> bool {
        self.disturbed.contains(&id)
    }

    /// How many connections watch, and how many keys are watched.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.by_client.len(), self.by_key.len())
    }

    /// Forgets what a connection watches. Whether none of it changed.
    pub(crate) fn unwatch(&mut self, id: ClientId) -> bool {
        for key in self.by_client.remove(&id).unwrap_or_default() {
            if let Some(ids) = self.by_key.get_mut(&key) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        !self.disturbed.remove(&id)
    }
}

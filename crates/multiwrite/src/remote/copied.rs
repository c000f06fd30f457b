//! Copies of keys in the queue of one remote.

use std::sync::Arc;
use std::time::Duration;

use super::queue::Queue;
use crate::effect::{Effect, Key};
use crate::entry::Entry;
use crate::lanes::Pushed;

/// What became of a copy that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    Queued,
    /// There is no room for it before other copies have arrived.
    Full,
    /// No copy can be queued as things are.
    NotNow,
}

impl Queue {
    /// Queues the copy of a key. One at a time may exceed the bounds, because a queue that writes keep full has never room for it.
    pub(crate) fn push_copy(
        &mut self,
        seq: u64,
        key: &Key,
        effect: &Arc<Effect>,
        lane: u16,
        since: Duration,
    ) -> Copied {
        // What was left in the spool meanwhile is older, and must not be passed by.
        if self.gone.is_some() || self.halted.is_some() || self.spilled.is_some() {
            return Copied::NotNow;
        }
        let entry = Entry { seq, lane, effect: Arc::clone(effect), tickets: Vec::new(), since };
        if self.copies.is_empty() {
            self.lanes.push_anyway(entry);
        } else if let Pushed::Full(_) = self.lanes.push(entry) {
            return Copied::Full;
        }
        self.copies.insert(seq, Arc::clone(key));
        self.last_copies.insert(Arc::clone(key), seq);
        Copied::Queued
    }

    /// These keys, which are dirty, are copied as the commands that build them, each alone.
    pub(super) fn set_typed(&mut self, keys: &[Key]) {
        for key in keys {
            if self.dirty.contains(key) {
                self.typed.insert(Arc::clone(key));
                self.dirty.mark_large(key);
            }
        }
    }

    /// Whether these keys can only be copied so.
    pub(super) fn are_typed(&self, keys: &[Key]) -> bool {
        keys.iter().all(|key| self.typed.contains(key))
    }
}

//! What changed, and what those who wait for a key are to look at.

use super::{Keyspace, Place};
use crate::embedded::store::{Key, Signal};

impl Keyspace {
    /// The keys that changed since the last time, and whether all were removed at once.
    pub(crate) fn take_changes(&mut self) -> (Vec<Key>, bool) {
        (std::mem::take(&mut self.changed), std::mem::take(&mut self.was_flushed))
    }

    pub(crate) const fn has_changes(&self) -> bool {
        !self.changed.is_empty() || self.was_flushed
    }

    /// A key changed after all that was written [quietly](Self::write_quietly).
    pub(crate) fn mark_changed(&mut self, key: &[u8]) {
        if self.changed.last().is_none_or(|last| **last != *key) {
            self.changed.push(key.into());
        }
    }

    /// A stream got an entry, or lost a group: those who wait for it are to look.
    pub(crate) fn mark_ready(&mut self, key: &[u8]) {
        self.ready.add(&key.into(), Signal::Stream);
    }

    /// Whether somebody waits for keys: where nobody does, nothing is noted for them.
    pub(crate) const fn listen_for_ready(&mut self, is_listening: bool) {
        self.ready.listen(is_listening);
    }

    /// What became of keys that somebody may wait for, since the last time.
    pub(crate) fn take_ready(&mut self) -> Vec<(Key, Signal)> {
        self.ready.take()
    }

    /// A key is about to change.
    pub(super) fn note(&mut self, key: &[u8]) {
        self.mark_changed(key);
        self.remember(key);
    }

    /// The same for one that is here.
    pub(super) fn note_at(&mut self, place: Place) {
        let Some((key, entry)) = self.entries.at(place) else { return };
        if self.changed.last().is_none_or(|last| last != key) {
            self.changed.push(Key::clone(key));
        }
        if let Some(journal) = &mut self.journal {
            journal.note_entry(key, entry);
        }
    }

    /// What a key is now can be undone to.
    pub(super) fn remember(&mut self, key: &[u8]) {
        if let Some(journal) = &mut self.journal {
            journal.note(key, &self.entries);
        }
    }
}

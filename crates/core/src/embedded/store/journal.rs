//! What was before: so that a script that is stopped leaves nothing behind.

use std::collections::BTreeMap;

use super::Key;
use super::dict::Dict;
use super::keyspace::Entry;

/// What the keys were before they were first touched. Copies share what they are copies of.
#[derive(Debug, Default)]
pub(super) struct Journal {
    touched: BTreeMap<Key, Option<Entry>>,
    /// All entries, from when all were removed at once.
    all: Option<Dict<Entry>>,
}

impl Journal {
    /// Notes what a key was, unless that is known.
    pub(super) fn note(&mut self, key: &[u8], entries: &Dict<Entry>) {
        if self.all.is_none() && !self.touched.contains_key(key) {
            self.touched.insert(key.into(), entries.get(key).cloned());
        }
    }

    /// Notes that all entries go.
    pub(super) fn note_all(&mut self, entries: Dict<Entry>) {
        self.all.get_or_insert(entries);
    }

    /// All entries if they went at once, and what each touched key was before that.
    pub(super) fn into_parts(self) -> (Option<Dict<Entry>>, BTreeMap<Key, Option<Entry>>) {
        (self.all, self.touched)
    }
}

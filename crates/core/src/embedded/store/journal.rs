//! What was before: so that a script that is stopped leaves nothing behind.

use std::collections::BTreeMap;

use super::Key;
use super::dict::Dict;
use super::keyspace::Entry;

/// What the keys were before they were first touched. Copies share what they are copies of.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// The key that was touched first: most scripts touch one.
    first: Option<(Key, Option<Entry>)>,
    /// All others.
    touched: BTreeMap<Key, Option<Entry>>,
    /// All entries, from when all were removed at once.
    all: Option<Dict<Entry>>,
}

impl Journal {
    /// Notes what a key was, unless that is known.
    pub(super) fn note(&mut self, key: &[u8], entries: &Dict<Entry>) {
        match entries.get_key_value(key) {
            Some((key, entry)) => self.note_entry(key, entry),
            None if self.knows(key) => {}
            None => self.add(key.into(), None),
        }
    }

    /// The same for a key that is there.
    pub(super) fn note_entry(&mut self, key: &Key, entry: &Entry) {
        if !self.knows(key) {
            self.add(Key::clone(key), Some(entry.clone()));
        }
    }

    fn knows(&self, key: &[u8]) -> bool {
        let is_first = self.first.as_ref().is_some_and(|(first, _)| **first == *key);
        is_first || self.all.is_some() || self.touched.contains_key(key)
    }

    fn add(&mut self, key: Key, before: Option<Entry>) {
        if self.first.is_none() {
            self.first = Some((key, before));
        } else {
            self.touched.insert(key, before);
        }
    }

    /// Notes that all entries go.
    pub(super) fn note_all(&mut self, entries: Dict<Entry>) {
        self.all.get_or_insert(entries);
    }

    /// All entries if they went at once, and what each touched key was before that.
    pub(super) fn into_parts(self) -> (Option<Dict<Entry>>, BTreeMap<Key, Option<Entry>>) {
        let mut touched = self.touched;
        touched.extend(self.first);
        (self.all, touched)
    }
}

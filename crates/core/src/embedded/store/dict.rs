//! A map by key whose order is the same on every run, and which can be walked while it changes.

#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    hash::{DefaultHasher, Hasher},
};

use super::{Chunks, Key, chunks::Place};

/// Hashes have 48 bits, so that a cursor stays exact where numbers are doubles, as in Lua.
const HASH_BITS: u32 = 48;

/// Key to value, ordered by the keys' hashes.
///
/// The order looks random and depends on the keys alone: not on the process, nor on what was removed before. Equal
/// hashes cost nothing but their place in a walk, for keys break the tie.
///
/// # Cost
///
/// For n entries: log n steps; for a clone and for [`Self::nth`], n / 128. Values are cloned, a chunk of them at a
/// time, when a dict is written whose clone is alive.
#[derive(Clone, Debug)]
pub(crate) struct Dict<V> {
    entries: Chunks<Entry<V>>,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    /// Never 0, which as a cursor means the beginning and the end.
    hash: u64,
    key: Key,
    value: V,
}

impl<V> Entry<V> {
    fn order(&self, hash: u64, key: &[u8]) -> Ordering {
        self.hash.cmp(&hash).then_with(|| (*self.key).cmp(key))
    }

    fn pair(&self) -> (&Key, &V) {
        (&self.key, &self.value)
    }
}

/// The hasher's keys are fixed, so that a seed replays a run.
fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    let hash = hasher.finish();
    ((hash ^ (hash >> HASH_BITS)) & ((1 << HASH_BITS) - 1)).max(1)
}

impl<V> Default for Dict<V> {
    fn default() -> Self {
        Self { entries: Chunks::default() }
    }
}

impl<V: Clone> Dict<V> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&V> {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// Copies what clones share, so look with [`Self::get`] first where nothing may change.
    pub(crate) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        let place = self.find(hash(key), key).ok()?;
        Some(&mut self.entries.at_mut(place)?.value)
    }

    pub(crate) fn get_key_value(&self, key: &[u8]) -> Option<(&Key, &V)> {
        let place = self.find(hash(key), key).ok()?;
        self.entries.at(place).map(Entry::pair)
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.place(key).is_some()
    }

    /// Where a key is, for who looks more than once; good until an entry comes or goes.
    pub(crate) fn place(&self, key: &[u8]) -> Option<Place> {
        self.find(hash(key), key).ok()
    }

    /// The key and the value at a [place](Self::place).
    pub(crate) fn at(&self, place: Place) -> Option<(&Key, &V)> {
        self.entries.at(place).map(Entry::pair)
    }

    /// The value at a [place](Self::place); copies what clones share.
    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut V> {
        self.entries.at_mut(place).map(|entry| &mut entry.value)
    }

    /// The value that was there before, if any; its key stays.
    pub(crate) fn insert(&mut self, key: Key, value: V) -> Option<V> {
        self.insert_hashed(hash(&key), key, value)
    }

    fn insert_hashed(&mut self, hash: u64, key: Key, value: V) -> Option<V> {
        match self.find(hash, &key) {
            Ok(place) => self.entries.at_mut(place).map(|entry| std::mem::replace(&mut entry.value, value)),
            Err(place) => {
                self.entries.insert_at(place, Entry { hash, key, value });
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<(Key, V)> {
        let place = self.find(hash(key), key).ok()?;
        self.entries.remove_at(place).map(|entry| (entry.key, entry.value))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &V)> {
        self.entries.iter().map(Entry::pair)
    }

    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// The entry at this index in the order of hashes; with a uniform index, a uniform choice.
    pub(crate) fn nth(&self, index: usize) -> Option<(&Key, &V)> {
        self.entries.get(index).map(Entry::pair)
    }

    /// About `count` entries (at least one, if any is left) from `cursor` on, and the cursor to go on with; 0 begins,
    /// and is returned at the end.
    ///
    /// # Guarantee
    ///
    /// Whatever is inserted and removed between the calls, an entry that is there all the time is returned at
    /// least once, and at most once a walk. A cursor is a hash and the order never changes, so nothing can move
    /// to the other side of it; a group of equal hashes is never cut.
    pub(crate) fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<(&Key, &V)>) {
        let start = self.entries.partition_point(|entry| entry.hash < cursor);
        let mut found = Vec::new();
        let mut last = 0;
        for entry in self.entries.iter_from(start) {
            if found.len() >= count.max(1) && entry.hash != last {
                return (entry.hash, found);
            }
            last = entry.hash;
            found.push(entry.pair());
        }
        (0, found)
    }

    fn find(&self, hash: u64, key: &[u8]) -> Result<Place, Place> {
        self.entries.find(|entry| entry.order(hash, key))
    }
}

impl<V: Clone> FromIterator<(Key, V)> for Dict<V> {
    fn from_iter<I: IntoIterator<Item = (Key, V)>>(pairs: I) -> Self {
        let mut dict = Self::new();
        for (key, value) in pairs {
            dict.insert(key, value);
        }
        dict
    }
}

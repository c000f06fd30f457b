//! Keys and their values, lives and changes.

mod changes;
mod undo;

use std::collections::BTreeSet;

use super::Key;
use super::agenda::Agenda;
use super::chunks::Place;
use super::dict::Dict;
use super::hash::Hash;
use super::journal::Journal;
use super::ready::{Ready, Signal};
use super::stored::{Kind, Stored};
use crate::embedded::refusal::Refusal;
use crate::mutant;

/// How coarse the time of the last use is kept.
const USE_RESOLUTION_MS: i64 = 1000;

/// What a key holds, and until when.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) value: Stored,
    /// Unix time in milliseconds.
    pub(crate) expires_at: Option<i64>,
    /// When it was last used, to the second.
    pub(crate) used_at: i64,
}

/// All entries as they were at some time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    entries: Dict<Entry>,
}

/// All keys of a node.
///
/// Nothing in it has expired: what is due is removed before each command, and time stands still during one. Every
/// change goes through it, so it knows what changed, and can undo it.
#[derive(Debug, Default)]
pub(crate) struct Keyspace {
    entries: Dict<Entry>,
    /// When keys expire.
    due: BTreeSet<(i64, Key)>,
    /// When fields of hashes expire, or sooner.
    fields_due: Agenda,
    now_ms: i64,
    changed: Vec<Key>,
    /// Keys that one who waits may want to look at, in the order in which they became so.
    ready: Ready,
    was_flushed: bool,
    journal: Option<Journal>,
}

impl Keyspace {
    pub(crate) const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Sets the time and removes what has expired by then.
    pub(crate) fn begin(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        if mutant::is_on("expired_key_is_readable") {
            return;
        }
        while let Some((_, key)) = self.due.first().filter(|(at, _)| *at <= now_ms) {
            let key = key.clone();
            self.remove(&key);
        }
        while let Some(key) = self.fields_due.take_due(now_ms) {
            if !matches!(self.entries.get(&key).map(|entry| &entry.value), Some(Stored::Hash(_))) {
                continue;
            }
            if let Ok(Some(hash)) = self.write::<Hash>(&key) {
                hash.expire(now_ms);
                let next = hash.next_expiry();
                self.expect_fields(&key, next);
                self.drop_if_hollow(&key);
            }
        }
    }

    /// When something expires next.
    pub(crate) fn next_expiry(&self) -> Option<i64> {
        let key = self.due.first().map(|(at, _)| *at);
        [key, self.fields_due.next()].into_iter().flatten().min()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many keys have an end.
    pub(crate) fn expiring(&self) -> usize {
        self.due.len()
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.entries.contains(key)
    }

    /// What a key holds, whatever its type. This is no use of it.
    pub(crate) fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Notes that a key was used now.
    pub(crate) fn mark_used(&mut self, key: &[u8]) {
        if let Some(place) = self.entries.place(key) {
            self.mark_used_at(place);
        }
    }

    fn mark_used_at(&mut self, place: Place) {
        let now_ms = self.now_ms;
        if let Some((_, entry)) = self.entries.at(place)
            && now_ms - entry.used_at >= USE_RESOLUTION_MS
            && let Some(entry) = self.entries.at_mut(place)
        {
            entry.used_at = now_ms;
        }
    }

    /// Sets when a key was last used, if there is the key. That is no change of it.
    pub(crate) fn set_used_at(&mut self, key: &[u8], used_at: i64) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.used_at = used_at;
        }
    }

    /// The value of a key that is a `T`, if there is the key.
    pub(crate) fn read<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&T>, Refusal> {
        let Some(place) = self.find::<T>(key)? else { return Ok(None) };
        Ok(self.entries.at(place).and_then(|(_, entry)| T::of(&entry.value)))
    }

    /// Where a key is that is a `T`, and is used now.
    fn find<T: Kind>(&mut self, key: &[u8]) -> Result<Option<Place>, Refusal> {
        let Some(place) = self.entries.place(key) else { return Ok(None) };
        self.mark_used_at(place);
        let is_of_kind = self.entries.at(place).is_some_and(|(_, entry)| T::of(&entry.value).is_some());
        if is_of_kind { Ok(Some(place)) } else { Err(Refusal::WRONG_TYPE) }
    }

    /// The same to change it, which it counts as: ask by [`read`](Self::read) first where nothing may change, and
    /// call [`drop_if_hollow`](Self::drop_if_hollow) after taking something out.
    pub(crate) fn write<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&mut T>, Refusal> {
        let Some(place) = self.find::<T>(key)? else { return Ok(None) };
        self.note_at(place);
        Ok(self.entries.at_mut(place).and_then(|entry| T::of_mut(&mut entry.value)))
    }

    /// The same for a change that nobody is told of, as what happens to a stream's groups.
    pub(crate) fn write_quietly<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&mut T>, Refusal> {
        let Some(place) = self.find::<T>(key)? else { return Ok(None) };
        self.remember(key);
        Ok(self.entries.at_mut(place).and_then(|entry| T::of_mut(&mut entry.value)))
    }

    /// The same, and an empty one is made if there is none.
    pub(crate) fn write_or_new<T: Kind>(&mut self, key: &[u8]) -> Result<&mut T, Refusal> {
        let place = match self.find::<T>(key)? {
            Some(place) => Some(place),
            None => {
                self.set(key.into(), T::empty(), None);
                self.entries.place(key)
            }
        };
        let entry = place.and_then(|place| {
            self.note_at(place);
            self.entries.at_mut(place)
        });
        entry.and_then(|entry| T::of_mut(&mut entry.value)).ok_or(Refusal::WRONG_TYPE)
    }

    /// Removes a key that holds nothing any more.
    pub(crate) fn drop_if_hollow(&mut self, key: &[u8]) {
        if self.entries.get(key).is_some_and(|entry| entry.value.is_hollow()) {
            self.remove(key);
        }
    }

    /// Sets a key, whatever it held, until `expires_at` or for good. A time that is past removes it.
    pub(crate) fn set(&mut self, key: Key, value: Stored, expires_at: Option<i64>) {
        if expires_at.is_some_and(|at| at <= self.now_ms) {
            self.remove(&key);
            return;
        }
        self.note(&key);
        self.put(key, Entry { value, expires_at, used_at: self.now_ms });
    }

    /// Sets when a key that is there expires, or that it does not. A time that is past removes it.
    pub(crate) fn set_expiry(&mut self, key: &[u8], expires_at: Option<i64>) {
        if expires_at.is_some_and(|at| at <= self.now_ms) {
            self.remove(key);
            return;
        }
        self.note(key);
        let Some(entry) = self.entries.get_mut(key) else { return };
        let before = std::mem::replace(&mut entry.expires_at, expires_at);
        if let Some(before) = before {
            self.due.remove(&(before, key.into()));
        }
        if let Some(at) = expires_at {
            self.due.insert((at, key.into()));
        }
    }

    /// A field of the hash `key` expires at `at`, if it does: whoever sets that says so.
    pub(crate) fn expect_fields(&mut self, key: &[u8], at: Option<i64>) {
        if let Some(at) = at {
            self.fields_due.expect(key, at);
        }
    }

    /// Removes a key and returns what it held.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        if !self.entries.contains(key) {
            return None;
        }
        self.note(key);
        let (key, entry) = self.entries.remove(key)?;
        if matches!(entry.value, Stored::Stream(_)) {
            self.ready.add(&key, Signal::StreamGone);
        }
        if let Some(at) = entry.expires_at {
            self.due.remove(&(at, key));
        }
        Some(entry)
    }

    /// Removes everything.
    pub(crate) fn flush(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        self.changed.extend(entries.keys().cloned());
        let streams = entries.iter().filter(|(_, entry)| matches!(entry.value, Stored::Stream(_)));
        streams.for_each(|(key, _)| self.ready.add(key, Signal::StreamGone));
        self.was_flushed = true;
        self.due.clear();
        self.fields_due = Agenda::default();
        if let Some(journal) = &mut self.journal {
            journal.note_all(entries);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter()
    }

    /// The key at this place of the iteration: with a random place, a random key.
    pub(crate) fn nth(&self, place: usize) -> Option<&Key> {
        self.entries.nth(place).map(|(key, _)| key)
    }

    /// Some keys from this cursor on, and the cursor to go on from: 0 at the beginning and at the end.
    pub(crate) fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<(&Key, &Entry)>) {
        self.entries.scan(cursor, count)
    }

    fn put(&mut self, key: Key, entry: Entry) {
        if let Stored::Hash(hash) = &entry.value
            && let Some(at) = hash.next_expiry()
        {
            self.fields_due.expect(&key, at);
        }
        let (after, signal) = (entry.expires_at, entry.value.signal());
        let before = self.entries.insert(key.clone(), entry);
        // Where another value was, Redis wakes nobody for the new one, but for a stream that is gone.
        let signal = match before.as_ref().map(|before| &before.value) {
            None => signal,
            Some(Stored::Stream(_)) => Some(Signal::StreamGone),
            Some(_) => None,
        };
        if let Some(signal) = signal {
            self.ready.add(&key, signal);
        }
        let before = before.and_then(|entry| entry.expires_at);
        if before != after {
            if let Some(at) = before {
                self.due.remove(&(at, key.clone()));
            }
            if let Some(at) = after {
                self.due.insert((at, key));
            }
        }
    }
}

//! What is queued for one remote: in order, bounded, and no more of it than is needed.
//!
//! Pure: the time is passed in, and nothing here waits. One round at a time is out; what is not settled in it stays at the head of
//! its lane, in its order. What comes later on a key may take the place of what waits there, but never of what was sent once: that
//! may have arrived, and its place says which.

mod backoff;
mod coalesce;
mod lane;
mod round;
#[cfg(test)]
mod tests;
mod weight;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::entry::Entry;
use crate::options::RemoteOptions;
use backoff::Backoff;
use coalesce::Newest;
use lane::{Lane, Slot};
pub(crate) use round::Settled;

/// What became of an entry that was to be queued.
#[derive(Debug)]
pub(crate) enum Pushed {
    /// It is queued. What it takes the place of is gone, and whoever waits for that waits for this now.
    Queued,
    /// There is no room for it, and nothing has changed.
    Full(Entry),
}

/// The queue of one remote.
#[derive(Debug)]
pub(crate) struct Lanes {
    max_entries: usize,
    max_bytes: usize,
    entries: usize,
    bytes: usize,
    /// A lane without entries is here only while some of its are out.
    lanes: BTreeMap<u16, Lane>,
    /// The place of the first that waits in each lane: the oldest of all comes first.
    heads: BTreeSet<(u64, u16)>,
    newest: Newest,
    /// What is out, in the order in which it was taken.
    round: Vec<Slot>,
    last_place: u64,
    last_seq: u64,
    backoff: Backoff,
}

impl Lanes {
    /// An empty queue with the remote's bounds and pauses. All chance is drawn from `seed`.
    pub(crate) fn new(options: &RemoteOptions, seed: u64) -> Self {
        Self {
            max_entries: options.max_entries,
            max_bytes: options.max_bytes,
            entries: 0,
            bytes: 0,
            lanes: BTreeMap::new(),
            heads: BTreeSet::new(),
            newest: Newest::default(),
            round: Vec::new(),
            last_place: 0,
            last_seq: 0,
            backoff: Backoff::new(options.first_retry, options.last_retry, seed),
        }
    }

    /// Queues the entry behind all others, in the place of those that it makes needless.
    ///
    /// Entries are pushed in the order of their seq.
    pub(crate) fn push(&mut self, entry: Entry) -> Pushed {
        self.place(entry, false)
    }

    /// Queues the entry in the same way, also where there is no room for it.
    pub(crate) fn push_anyway(&mut self, entry: Entry) {
        self.place(entry, true);
    }

    fn place(&mut self, mut entry: Entry, is_over: bool) -> Pushed {
        debug_assert!(entry.seq > self.last_seq, "what is passed by is never sent");
        let lane = self.lanes.get(&entry.lane);
        let replaced = self.newest.replaced_by(&entry, lane);
        let effect = replaced.sum.as_ref().map_or(&*entry.effect, |sum| &sum.effect);
        let bytes = weight::of(effect, entry.tickets.len() + replaced.tickets);
        let entries = (self.entries + 1).saturating_sub(replaced.places.len());
        let total = (self.bytes + bytes).saturating_sub(replaced.bytes);
        // What is larger than all of the queue goes alone, because it would never go otherwise.
        if (entries > self.max_entries || total > self.max_bytes) && self.entries > 0 && !is_over {
            return Pushed::Full(entry);
        }
        self.last_seq = self.last_seq.max(entry.seq);
        self.last_place += 1;
        let (mut place, mut first_seq) = (self.last_place, entry.seq);
        if let Some(sum) = replaced.sum {
            // It stands where its first part stood: until it has arrived, neither part has.
            (place, first_seq) = (sum.place, sum.first_seq);
            entry.effect = Arc::new(sum.effect);
        }
        for place in replaced.places.iter().rev() {
            if let Some(slot) = self.remove(entry.lane, *place) {
                entry.since = entry.since.min(slot.entry.since);
                take_tickets(&mut entry, slot.entry);
            }
        }
        let before = self.newest.note(&entry, place, replaced.before);
        (self.entries, self.bytes) = (self.entries + 1, self.bytes + bytes);
        let lane = entry.lane;
        let slot = Slot { place, first_seq, before, bytes, was_sent: false, entry: Arc::new(entry) };
        self.lanes.entry(lane).or_default().push_back(slot);
        self.see_head(lane);
        Pushed::Queued
    }

    /// Takes out what was queued first and is not out, until there is room for an entry of so many bytes, or nothing left.
    pub(crate) fn drop_oldest(&mut self, bytes_needed: usize) -> Vec<Arc<Entry>> {
        let mut dropped = Vec::new();
        while self.entries >= self.max_entries || self.bytes.saturating_add(bytes_needed) > self.max_bytes {
            let Some(&(place, lane)) = self.heads.first() else { break };
            let Some(slot) = self.remove(lane, place) else { break };
            self.newest.forget(&slot.entry, place);
            dropped.push(slot.entry);
            self.see_head(lane);
        }
        dropped
    }

    /// How many bytes the entry takes here: its commands, and what it costs to keep it.
    pub(crate) fn bytes_of(entry: &Entry) -> usize {
        weight::of(&entry.effect, entry.tickets.len())
    }

    /// Whether there is room for so many entries of so many bytes together, or nothing here that could make room.
    pub(crate) fn has_room(&self, entries: usize, bytes: usize) -> bool {
        self.entries == 0
            || self.entries.saturating_add(entries) <= self.max_entries
                && self.bytes.saturating_add(bytes) <= self.max_bytes
    }

    /// Takes the entry at this place out of its lane, if it waits there.
    fn remove(&mut self, lane: u16, place: u64) -> Option<Slot> {
        let slot = self.lanes.get_mut(&lane)?.remove(place)?;
        (self.entries, self.bytes) = (self.entries - 1, self.bytes - slot.bytes);
        Some(slot)
    }

    /// Notes what comes first in the lane now.
    fn see_head(&mut self, number: u16) {
        let Some(lane) = self.lanes.get_mut(&number) else { return };
        let first = lane.front().map(|slot| slot.place);
        if lane.head != first {
            if let Some(head) = lane.head {
                self.heads.remove(&(head, number));
            }
            if let Some(first) = first {
                self.heads.insert((first, number));
            }
            lane.head = first;
        }
        if first.is_none() && !lane.is_out {
            self.lanes.remove(&number);
        }
    }

    /// How many entries there are, with those that are out.
    pub(crate) const fn len(&self) -> usize {
        self.entries
    }

    /// Their bytes, as the bound counts them.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many entries are out.
    pub(crate) const fn in_flight(&self) -> usize {
        self.round.len()
    }

    /// Since when what is first here has waited, or what it took the place of.
    pub(crate) fn oldest_since(&self) -> Option<Duration> {
        self.firsts().map(|slot| slot.entry.since).min()
    }

    /// What is queued up to here is settled: no entry of this seq or a lower one is here, nor a part of one. What was passed over
    /// counts as settled.
    pub(crate) fn floor(&self) -> u64 {
        let oldest = self.firsts().map(|slot| slot.first_seq).min();
        oldest.map_or(self.last_seq, |seq| seq.saturating_sub(1))
    }

    /// Notes that up to here all that was not pushed is never going to be.
    pub(crate) fn pass_over(&mut self, seq: u64) {
        self.last_seq = self.last_seq.max(seq);
    }

    /// Takes all out, also what is out, whose round has no results then.
    pub(crate) fn clear(&mut self) -> Vec<Arc<Entry>> {
        let mut all = std::mem::take(&mut self.round);
        for (_, mut lane) in std::mem::take(&mut self.lanes) {
            while let Some(slot) = lane.pop_front() {
                all.push(slot);
            }
        }
        all.sort_by_key(|slot| slot.place);
        self.heads.clear();
        self.newest.clear();
        (self.entries, self.bytes) = (0, 0);
        all.into_iter().map(|slot| slot.entry).collect()
    }

    /// What is first of what is out, and of what is not: nothing here is older.
    fn firsts(&self) -> impl Iterator<Item = &Slot> {
        let waiting = self.heads.first().and_then(|(_, lane)| self.lanes.get(lane)).and_then(Lane::front);
        self.round.first().into_iter().chain(waiting)
    }
}

/// Whoever waits for `old` waits for `entry` now. Of the two lists the longer one stays where it is, because a key that is written
/// all the time has ever more of them.
fn take_tickets(entry: &mut Entry, old: Arc<Entry>) {
    let mut tickets = Arc::try_unwrap(old).map_or_else(|old| old.tickets.clone(), |old| old.tickets);
    if tickets.len() > entry.tickets.len() {
        std::mem::swap(&mut tickets, &mut entry.tickets);
    }
    entry.tickets.append(&mut tickets);
}

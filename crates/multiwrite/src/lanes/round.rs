//! Rounds: what is sent at once, and what becomes of it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::mutant;

use super::Lanes;
use super::lane::Slot;
use crate::entry::Entry;

/// What became of an entry of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is not sent again, whatever the reason.
    Done,
    /// It is sent again, before anything else of its lane, when the lane has waited for a while.
    Again,
}

impl Lanes {
    /// The next round: the oldest of the lanes that need not wait, in the order in which they were queued, at most so many and
    /// of so many bytes, though one at least. Nothing while a round is out.
    pub(crate) fn take(&mut self, now: Duration, max_entries: usize, max_bytes: usize) -> Vec<Arc<Entry>> {
        if !self.round.is_empty() {
            return Vec::new();
        }
        let ready = |lane: &u16| self.lanes.get(lane).is_some_and(|lane| lane.ready_at <= now);
        let ready = self.heads.iter().filter(|(_, lane)| ready(lane)).take(max_entries.max(1));
        let mut next: BinaryHeap<_> = ready.map(|head| Reverse(*head)).collect();
        let mut room = max_bytes;
        while let Some(Reverse((_, number))) = next.pop() {
            let Some(lane) = self.lanes.get_mut(&number) else { continue };
            let until = next.peek().map_or(u64::MAX, |Reverse((place, _))| *place);
            let is_full = loop {
                let Some(slot) = lane.front() else { break false };
                if slot.place > until {
                    next.push(Reverse((slot.place, number)));
                    break false;
                }
                let is_full = self.round.len() >= max_entries || slot.bytes > room;
                if is_full && !self.round.is_empty() {
                    break true;
                }
                room = room.saturating_sub(slot.bytes);
                let Some(slot) = lane.pop_front() else { break false };
                self.newest.forget(&slot.entry, slot.place);
                lane.is_out = true;
                self.round.push(slot);
            };
            self.see_head(number);
            if is_full {
                break;
            }
        }
        self.round.iter().map(|slot| Arc::clone(&slot.entry)).collect()
    }

    /// Ends the round that is out: `results` are those of its entries, each with its seq, in their order. What is done is
    /// returned. One without a result, or with that of another, is taken to be as before.
    pub(crate) fn settle(&mut self, now: Duration, results: Vec<(u64, Settled)>) -> Vec<Arc<Entry>> {
        let round = std::mem::take(&mut self.round);
        let mut done = Vec::with_capacity(round.len());
        let mut again = Vec::new();
        let mut touched: Vec<u16> = round.iter().map(|slot| slot.entry.lane).collect();
        let mut results = results.into_iter();
        for slot in round {
            let result = results.next().filter(|(seq, _)| *seq == slot.entry.seq);
            if matches!(result, Some((_, Settled::Done))) {
                (self.entries, self.bytes) = (self.entries - 1, self.bytes - slot.bytes);
                if let Some(lane) = self.lanes.get_mut(&slot.entry.lane) {
                    lane.attempts = 0;
                }
                done.push(slot.entry);
            } else {
                again.push(slot);
            }
        }
        self.put_back(again, now);
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            if let Some(lane) = self.lanes.get_mut(&number) {
                lane.is_out = false;
            }
            self.see_head(number);
        }
        done
    }

    /// Puts these back at the heads of their lanes, which wait for a while.
    fn put_back(&mut self, again: Vec<Slot>, now: Duration) {
        let mut put = BTreeSet::new();
        for mut slot in again.into_iter().rev() {
            slot.was_sent = true;
            let number = slot.entry.lane;
            let lane = self.lanes.entry(number).or_default();
            if put.insert(number) {
                lane.attempts = lane.attempts.saturating_add(1);
                lane.ready_at = now.saturating_add(self.backoff.pause(lane.attempts));
            }
            if mutant::is_on("lanes_are_reordered") {
                lane.push_back(slot);
            } else {
                lane.push_front(slot);
            }
        }
    }

    /// How long until a round can be taken: none if nothing waits, or while one is out.
    pub(crate) fn next_due(&self, now: Duration) -> Option<Duration> {
        if !self.round.is_empty() {
            return None;
        }
        let lanes = self.heads.iter().filter_map(|(_, lane)| self.lanes.get(lane));
        // Nothing is due earlier than now, so there is no need to look further.
        let mut first = Duration::MAX;
        for lane in lanes {
            first = first.min(lane.ready_at);
            if first <= now {
                return Some(Duration::ZERO);
            }
        }
        (!self.heads.is_empty()).then(|| first - now)
    }
}

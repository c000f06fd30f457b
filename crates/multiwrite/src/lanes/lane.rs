//! One lane: entries in their order, any of which can be taken out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::entry::Entry;

/// So many gaps are never worth closing.
const FEW_GAPS: usize = 32;

/// An entry and where it stands.
#[derive(Debug)]
pub(super) struct Slot {
    /// Its place among all entries of the remote: what is pushed later has a higher one.
    pub(super) place: u64,
    /// The seq of the first effect that is in it.
    pub(super) first_seq: u64,
    /// The place of the entry before it on its key, which could be replaced too when this was pushed; 0 if there was none.
    pub(super) before: u64,
    pub(super) bytes: usize,
    /// Whether it was out before, and so may have arrived.
    pub(super) was_sent: bool,
    pub(super) entry: Arc<Entry>,
}

/// What waits in one lane. The first and the last are never gaps.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// By place. What was taken out of the middle left a gap.
    waiting: VecDeque<(u64, Option<Slot>)>,
    gaps: usize,
    /// The place under which it is known as the first.
    pub(super) head: Option<u64>,
    /// Whether some of its entries are out.
    pub(super) is_out: bool,
    /// How often in a row nothing of it was done.
    pub(super) attempts: u32,
    /// When it may be sent again.
    pub(super) ready_at: Duration,
}

impl Lane {
    pub(super) fn front(&self) -> Option<&Slot> {
        self.waiting.front()?.1.as_ref()
    }

    pub(super) fn back(&self) -> Option<&Slot> {
        self.waiting.back()?.1.as_ref()
    }

    pub(super) fn push_back(&mut self, slot: Slot) {
        self.waiting.push_back((slot.place, Some(slot)));
    }

    pub(super) fn push_front(&mut self, slot: Slot) {
        self.waiting.push_front((slot.place, Some(slot)));
    }

    pub(super) fn pop_front(&mut self) -> Option<Slot> {
        let (_, slot) = self.waiting.pop_front()?;
        self.trim();
        slot
    }

    /// The entry at this place.
    pub(super) fn get(&self, place: u64) -> Option<&Slot> {
        self.waiting.get(self.find(place)?)?.1.as_ref()
    }

    /// Takes out the entry at this place.
    ///
    /// # Cost
    ///
    /// A search in what waits; now and then all of it is moved, but no more often than half of it was taken out.
    pub(super) fn remove(&mut self, place: u64) -> Option<Slot> {
        let at = self.find(place)?;
        let slot = self.waiting.get_mut(at)?.1.take()?;
        self.gaps += 1;
        self.trim();
        if self.gaps > FEW_GAPS && self.gaps > self.waiting.len() / 2 {
            self.waiting.retain(|(_, slot)| slot.is_some());
            self.gaps = 0;
        }
        Some(slot)
    }

    fn find(&self, place: u64) -> Option<usize> {
        // Mostly it is the first or the last.
        if self.waiting.back()?.0 == place {
            return Some(self.waiting.len() - 1);
        }
        self.waiting.binary_search_by_key(&place, |(place, _)| *place).ok()
    }

    /// How many places there are, with those that are gaps.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.waiting.len()
    }

    /// Closes the gaps at both ends.
    fn trim(&mut self) {
        while matches!(self.waiting.front(), Some((_, None))) {
            self.waiting.pop_front();
            self.gaps -= 1;
        }
        while matches!(self.waiting.back(), Some((_, None))) {
            self.waiting.pop_back();
            self.gaps -= 1;
        }
    }
}

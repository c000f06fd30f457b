//! What an entry takes the place of.

use std::collections::HashMap;

use redfleet_core::mutant;

use super::lane::Lane;
use crate::effect::{Effect, Key, Kind};
use crate::entry::Entry;

/// What an entry takes the place of.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    /// The places of what goes, the last first.
    pub(super) places: Vec<u64>,
    /// The bytes of what goes.
    pub(super) bytes: usize,
    /// How many tickets of what goes go on to the entry.
    pub(super) tickets: usize,
    /// The place of what stays before the entry on its key, and may go later; 0 if there is none.
    pub(super) before: u64,
    /// What is sent instead of the entry's own effect, if that is joined with the one before it.
    pub(super) sum: Option<Sum>,
}

/// Two numbers that are added at once.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) effect: Effect,
    /// The place of the first.
    pub(super) place: u64,
    /// The seq of the first effect that is in it.
    pub(super) first_seq: u64,
}

/// For each key, the last entry that waits and touches it, if that can be replaced.
///
/// It has never more keys than entries wait. Entries on one key follow each other like links of a chain: each knows the place of
/// the one before it. An entry on several keys ends the chains of them all, because it may read there what the entries before it
/// left. One that is sent goes from its chain for ever.
#[derive(Debug, Default)]
pub(super) struct Newest {
    places: HashMap<Key, u64>,
}

impl Newest {
    /// What `entry` would take the place of in its lane.
    pub(super) fn replaced_by(&self, entry: &Entry, lane: Option<&Lane>) -> Replaced {
        let mut replaced = Replaced::default();
        let (Some(key), Some(lane)) = (only_key(&entry.effect), lane) else { return replaced };
        let Some(last) = self.places.get(key).and_then(|place| lane.get(*place)) else { return replaced };
        replaced.before = last.place;
        match (entry.effect.kind, last.entry.effect.kind) {
            (Kind::Overwrites, _) => {
                let mut next = Some(last);
                while let Some(slot) = next {
                    replaced.places.push(slot.place);
                    replaced.bytes += slot.bytes;
                    replaced.tickets += slot.entry.tickets.len();
                    next = lane.get(slot.before).filter(|slot| !slot.was_sent);
                }
                replaced.before = 0;
            }
            (Kind::SetsLife, Kind::SetsLife) => {
                replaced.places.push(last.place);
                replaced.bytes = last.bytes;
                replaced.tickets = last.entry.tickets.len();
                replaced.before = last.before;
            }
            // Right before it in the lane, and not only on the key: what stands between them may have arrived when this process
            // ends, and its watermark would then say of the first that it is there.
            (Kind::Adds(more), Kind::Adds(sum))
                if lane.back().is_some_and(|back| back.place == last.place)
                    && is_one_life(&entry.effect, &last.entry.effect) =>
            {
                if let Some(sum) = sum.checked_add(more) {
                    replaced.places.push(last.place);
                    replaced.bytes = last.bytes;
                    replaced.tickets = last.entry.tickets.len();
                    replaced.before = last.before;
                    let effect = joined(key, &entry.effect, sum);
                    replaced.sum = Some(Sum { effect, place: last.place, first_seq: last.first_seq });
                }
            }
            (Kind::SetsLife | Kind::Adds(_) | Kind::Builds | Kind::Reads, _) => {}
        }
        replaced
    }

    /// Notes that the entry stands at this place, and returns the place of the one before it on its key, which was `before`
    /// it was pushed.
    pub(super) fn note(&mut self, entry: &Entry, place: u64, before: u64) -> u64 {
        if let Some(key) = only_key(&entry.effect) {
            self.places.insert(Key::clone(key), place);
            return before;
        }
        if entry.effect.kind != Kind::Reads {
            for key in &entry.effect.keys {
                self.places.remove(key);
            }
        }
        0
    }

    /// The entry at this place is sent, or gone.
    pub(super) fn forget(&mut self, entry: &Entry, place: u64) {
        if let Some(key) = only_key(&entry.effect)
            && self.places.get(key) == Some(&place)
        {
            self.places.remove(key);
        }
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}

/// The effect's key, if it has only one.
fn only_key(effect: &Effect) -> Option<&Key> {
    if let [key] = &*effect.keys { Some(key) } else { None }
}

/// Whether the key had the same life after both. If not, it came to its end between them: a remote where it did too would then
/// build the sum on nothing, and have what is no longer there.
fn is_one_life(later: &Effect, earlier: &Effect) -> bool {
    later.lives == earlier.lives || mutant::is_on("sums_outlive_their_key")
}

/// The later effect, with the sum of both.
fn joined(key: &Key, later: &Effect, sum: i64) -> Effect {
    Effect {
        steps: vec![redis::cmd("INCRBY").arg(&**key).arg(sum).take()],
        keys: later.keys.clone(),
        lives: later.lives.clone(),
        kind: Kind::Adds(sum),
    }
}

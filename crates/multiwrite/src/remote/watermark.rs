//! How far a remote is: what is known of the place, in each lane, up to which it has everything.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use redfleet_core::{Incarnation, Slot};

/// How many milliseconds a watermark lives after it was last moved: a week. Then whoever moved it is thought to be gone.
pub(super) const TTL_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The watermarks of one remote, as they were last seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watermarks {
    lanes: BTreeMap<u16, Mark>,
    /// Through which connection they were last compared. Only kept where scripts do not compare them each time.
    compared_through: Option<Incarnation>,
}

/// The watermark of one lane.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Its key on the remote.
    pub(super) key: Vec<u8>,
    /// The seq that the remote has said to have, 0 if it has said nothing.
    pub(super) acked: u64,
    /// The first of the round that is being sent: none below it comes again.
    pub(super) from: u64,
    /// It was looked at through the connection that is up.
    pub(super) is_compared: bool,
    /// What the journal was told of it.
    told: u64,
}

impl Watermarks {
    /// Nothing is known yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The mark of a lane. A remote that is not sharded has one lane, 0.
    pub(super) fn of(&mut self, lane: u16, is_sharded: bool, source: &str) -> &mut Mark {
        self.lanes.entry(lane).or_insert_with(|| Mark {
            key: key(lane, is_sharded, source),
            acked: 0,
            from: 0,
            is_compared: false,
            told: 0,
        })
    }

    /// The mark of a lane that was asked for before.
    pub(super) fn known(&mut self, lane: u16) -> Option<&mut Mark> {
        self.lanes.get_mut(&lane)
    }

    /// All lanes whose marks are known, in order.
    pub(super) fn lanes(&self) -> Vec<u16> {
        self.lanes.keys().copied().collect()
    }

    /// What the remote is known to have acknowledged in a lane, from before a restart of this process. It must be a seq that a
    /// round was acknowledged up to: one that was only settled here is not there.
    pub(crate) fn resume(&mut self, lane: u16, is_sharded: bool, source: &str, acked: u64) {
        let mark = self.of(lane, is_sharded, source);
        (mark.acked, mark.told) = (acked, acked);
    }

    /// Whether nothing is known of any lane.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// What the journal does not know yet of these lanes; now it is told.
    pub(super) fn untold(&mut self, lanes: impl IntoIterator<Item = u16>) -> Vec<(u16, u64)> {
        let mut untold = Vec::new();
        for lane in lanes {
            if let Some(mark) = self.lanes.get_mut(&lane).filter(|mark| mark.told != mark.acked) {
                mark.told = mark.acked;
                untold.push((lane, mark.acked));
            }
        }
        untold
    }

    /// Behind another connection there may be a server that has less: all are to be looked at again.
    pub(super) fn seen_through(&mut self, incarnation: Incarnation) {
        if self.compared_through.as_ref() != Some(&incarnation) {
            self.lanes.values_mut().for_each(|mark| mark.is_compared = false);
            self.compared_through = Some(incarnation);
        }
    }
}

/// The key of a lane's watermark, which on a remote that is sharded lies in the lane's slot.
fn key(lane: u16, is_sharded: bool, source: &str) -> Vec<u8> {
    if is_sharded {
        format!("redfleet:mw:{{{}}}:{source}", tag(lane))
    } else {
        format!("redfleet:mw:{source}")
    }
    .into_bytes()
}

/// How many slots there are.
const SLOTS: usize = 16_384;

/// The smallest number that lies in each slot.
static TAGS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut tags = vec![None; SLOTS];
    let mut missing = SLOTS;
    for number in 0_u32.. {
        let slot = usize::from(Slot::of_key(number.to_string().as_bytes()).index());
        if let Some(place @ None) = tags.get_mut(slot) {
            *place = Some(number);
            missing -= 1;
        }
        if missing == 0 {
            break;
        }
    }
    tags.into_iter().flatten().collect()
});

/// A number that lies in this slot.
fn tag(slot: u16) -> u32 {
    TAGS.get(usize::from(slot)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_each_slots_watermark_lies_in_that_slot() {
        for slot in 0..16_384 {
            assert_eq!(Slot::of_key(&key(slot, true, "s")).index(), slot);
        }
        assert_eq!(key(0, false, "s"), b"redfleet:mw:s");
    }
}

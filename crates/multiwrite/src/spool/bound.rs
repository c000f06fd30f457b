//! What leaves a spool: what all remotes have, and, when there is too much, the oldest.

use std::collections::BTreeMap;

use redfleet_core::mutant;

use super::error::SpoolError;
use super::log::{Log, Segment};
use super::read::read_outcomes;
use super::record::{put_gone, put_gone_all};
use crate::effect::Key;

impl Log {
    /// Begins another segment when the last is long, and lets go of what is not needed or too much. `slack_bytes` is how far
    /// over its bounds it may be.
    pub(super) fn keep_within(&mut self, slack_bytes: u64) -> Result<(), SpoolError> {
        if self.active.bytes - self.active.snapshot_bytes >= self.options.segment_bytes + slack_bytes {
            self.write()?;
            self.rotate()?;
        }
        self.let_go()?;
        let limit_bytes = self.options.max_bytes - self.options.segment_bytes / 2 + 2 * slack_bytes;
        while self.bytes() > limit_bytes && !self.older.is_empty() {
            self.drop_oldest()?;
        }
        Ok(())
    }

    /// Removes segments all of whose outcomes all remotes have.
    fn let_go(&mut self) -> Result<(), SpoolError> {
        let floor = self.ledger.floor();
        while self.older.front().is_some_and(|oldest| oldest.last_seq <= floor) {
            self.remove_oldest()?;
        }
        Ok(())
    }

    /// Removes the oldest segment. What it says besides outcomes, the next one says as well.
    fn remove_oldest(&mut self) -> Result<(), SpoolError> {
        self.sync_now()?;
        let Some(oldest) = self.older.front() else { return Ok(()) };
        let removed = self.storage.remove(oldest.number);
        removed.map_err(|cause| self.error("remove a file", cause))?;
        self.older.pop_front();
        Ok(())
    }

    /// Removes the oldest segment, of which not all remotes have all: notes the keys that they may lack.
    fn drop_oldest(&mut self) -> Result<(), SpoolError> {
        let floor = self.ledger.floor();
        let Some(oldest) = self.older.front() else { return Ok(()) };
        let last_seq = oldest.last_seq;
        match self.keys_above(oldest, floor) {
            Some(keys) if self.has_room_for_keys(keys.len()) => {
                for (key, seq) in keys {
                    if mutant::is_on("what_goes_is_forgotten") {
                        continue;
                    }
                    self.record(|out| put_gone(out, &key, seq));
                    self.ledger.lose(key, seq);
                }
            }
            // Too many, or the file cannot be read.
            Some(_) | None => {
                self.record(|out| put_gone_all(out, last_seq));
                self.ledger.lose_all(last_seq);
            }
        }
        tracing::warn!(last_seq, "the spool is over its bound: what the oldest file holds is copied instead");
        // The note is there before the file goes.
        self.write()?;
        self.remove_oldest()
    }

    /// Whether so many more keys can be noted. Every file begins with all of them, so they must not fill what there is.
    fn has_room_for_keys(&self, keys: usize) -> bool {
        self.ledger.gone.len() + keys <= self.options.max_keys
            && self.active.snapshot_bytes <= self.options.max_bytes / 4
    }

    /// The keys of the outcomes that are later than this one, and the last of each.
    fn keys_above(&self, segment: &Segment, floor: u64) -> Option<BTreeMap<Key, u64>> {
        let first = segment.index.first().map_or(segment.bytes, |(_, offset)| *offset);
        let bytes = self.storage.read(segment.number, first, segment.bytes - first).ok()?;
        let mut keys = BTreeMap::new();
        let end = read_outcomes(&bytes, segment.number, first, &mut |seq, effect| {
            if seq > floor {
                keys.extend(effect.keys.into_iter().map(|key| (key, seq)));
            }
            true
        });
        (end == segment.bytes).then_some(keys)
    }
}

//! The queues of several callers as one.

use std::ops::Range;

use super::Queue;
use crate::flush::{Answers, Deal};

/// What one caller's queue is within one that several share.
#[derive(Debug)]
pub(crate) struct Share {
    commands: usize,
    holes: Vec<Range<usize>>,
}

impl Queue {
    /// An empty queue for the same connection.
    pub(crate) fn successor(&self) -> Self {
        Self::new(self.room, self.is_sharded)
    }

    /// Takes in what another caller queued for the same connection, behind what is here. Nobody queues here afterwards.
    ///
    /// The batches of a caller stay whole, and share one with those of others where there is room.
    pub(crate) fn take_in(&mut self, other: Self) -> Share {
        let (before, commands) = (self.len(), other.len());
        let Self { earlier, last, holes, repeatable, .. } = other;
        self.repeatable.extend(repeatable.into_iter().map(|range| before + range.start..before + range.end));
        for draft in earlier.into_iter().chain([last]) {
            if self.last.len() > 0 && self.last.len() + draft.len() > self.room {
                self.full += self.last.len();
                self.earlier.push(std::mem::take(&mut self.last));
            }
            self.last.append(draft);
        }
        Share { commands, holes }
    }
}

impl Share {
    /// Takes this caller's replies from the front of what is left of those to all.
    pub(crate) fn of(&self, deal: &mut Deal) -> Answers {
        deal.take(self.commands).with_holes(&self.holes)
    }
}

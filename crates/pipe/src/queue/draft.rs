//! A batch that is still being queued, from which the last commands may be taken back.

use std::ops::Range;

use redfleet_core::{Batch, ScriptCall};
use redis::Cmd;

/// A batch, and which of its commands were taken back. To take them out at once would copy all others each time.
#[derive(Debug, Default)]
pub(super) struct Draft {
    batch: Batch,
    /// What was taken back, by its place in the batch: in order, and apart.
    gone: Vec<Range<usize>>,
    /// How many commands that is.
    lost: usize,
}

impl Draft {
    /// How many commands will be sent.
    pub(super) fn len(&self) -> usize {
        self.batch.len() - self.lost
    }

    /// Adds a command that a shared connection takes; any other is refused.
    pub(super) fn push(&mut self, command: Cmd) -> redfleet_core::Result<()> {
        self.batch.push_shared(command).map(drop)
    }

    pub(super) fn push_script(&mut self, call: &ScriptCall) {
        self.batch.push_script(call);
    }

    /// Takes in what another draft holds, behind what is here.
    pub(super) fn append(&mut self, other: Self) {
        self.settle();
        self.batch.append(other.into_batch());
    }

    /// Makes the commands after the first `len` one transaction.
    pub(super) fn make_atomic_after(&mut self, len: usize) {
        let (begin, _) = self.find(len);
        self.batch.make_atomic(begin..self.batch.len());
    }

    /// Takes back the commands after the first `len`. Over all, it takes as long as what is taken back.
    pub(super) fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        let (mut begin, earlier) = self.find(len);
        self.gone.truncate(earlier);
        if let Some(before) = self.gone.pop_if(|before| before.end == begin) {
            begin = before.start;
        }
        self.gone.push(begin..self.batch.len());
        self.lost = self.batch.len() - len;
        // Before they are more than what stays, so that the memory is bounded, and each copy is paid for.
        if self.lost > len {
            self.settle();
        }
    }

    /// Where in the batch the commands after the first `len` begin, and how many ranges of what was taken back lie before.
    fn find(&self, len: usize) -> (usize, usize) {
        let (mut end, mut after) = (self.batch.len(), self.len().saturating_sub(len));
        let mut earlier = self.gone.len();
        for range in self.gone.iter().rev() {
            let between = end - range.end;
            if after <= between {
                break;
            }
            after -= between;
            end = range.start;
            earlier -= 1;
        }
        (end - after, earlier)
    }

    /// Takes out for good what was taken back.
    fn settle(&mut self) {
        if self.gone.is_empty() {
            return;
        }
        if self.len() == 0 {
            self.batch = Batch::new();
        } else {
            self.batch.remove(&self.gone);
        }
        self.gone.clear();
        self.lost = 0;
    }

    /// What is to be sent.
    pub(super) fn into_batch(mut self) -> Batch {
        self.settle();
        self.batch
    }
}

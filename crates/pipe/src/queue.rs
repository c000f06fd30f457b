//! What a pipe has queued for one connection, and how it is sent.

mod draft;
mod repeat;
mod send;
mod splice;

use std::ops::Range;

use redfleet_core::{ScriptCall, mutant};
use redis::Cmd;

use draft::Draft;
pub(crate) use splice::Share;

/// The commands for one connection, in batches of bounded length.
#[derive(Debug)]
pub(crate) struct Queue {
    /// How many commands go in one batch.
    room: usize,
    /// Whether the connection is of several servers, so that not every command can go somewhere.
    is_sharded: bool,
    /// The batches that are full.
    earlier: Vec<Draft>,
    /// The batch that takes the next command.
    last: Draft,
    /// How many commands stand in the full ones.
    full: usize,
    /// How many commands were ever queued, those that were rolled back among them: no index is given twice.
    given: usize,
    /// The indices of what was rolled back, in order.
    holes: Vec<Range<usize>>,
    /// Which commands may be sent again when their effect is unknown, by their position.
    repeatable: Vec<Range<usize>>,
    /// Where the atomic block begins that is being queued, as a position.
    block: Option<usize>,
}

/// How far a queue had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    len: usize,
    given: usize,
}

impl Queue {
    /// An empty one, for batches of at most `room` commands. A block is never spread over two, so one may be longer.
    pub(crate) fn new(room: usize, is_sharded: bool) -> Self {
        Self {
            room,
            is_sharded,
            earlier: Vec::new(),
            last: Draft::default(),
            full: 0,
            given: 0,
            holes: Vec::new(),
            repeatable: Vec::new(),
            block: None,
        }
    }

    /// How many commands there are.
    pub(crate) fn len(&self) -> usize {
        self.full + self.last.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) const fn is_sharded(&self) -> bool {
        self.is_sharded
    }

    /// How many indices were given.
    pub(crate) const fn given(&self) -> usize {
        self.given
    }

    /// Gives an index for a command that is not kept, because its pipe or scope is refused: it stands for no reply.
    pub(crate) const fn skip(&mut self) -> usize {
        self.give()
    }

    /// Queues a command; the index of its reply. One that a shared connection would refuse is refused, and gets an index
    /// all the same.
    pub(crate) fn push(&mut self, command: Cmd) -> (usize, redfleet_core::Result<()>) {
        self.make_room();
        let pushed = self.last.push(command);
        (self.give(), pushed)
    }

    /// Queues the call of a script; the index of its reply.
    pub(crate) fn push_script(&mut self, call: &ScriptCall) -> usize {
        self.make_room();
        self.last.push_script(call);
        self.give()
    }

    const fn give(&mut self) -> usize {
        self.given += 1;
        self.given - 1
    }

    /// Begins another batch where the last is full. A block is never spread over two.
    fn make_room(&mut self) {
        if self.last.len() >= self.room && self.block.is_none() {
            self.full += self.last.len();
            let at = if mutant::is_on("batches_are_swapped") { 0 } else { self.earlier.len() };
            self.earlier.insert(at, std::mem::take(&mut self.last));
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { len: self.len(), given: self.given }
    }

    /// Forgets what was queued since the mark.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        if self.given == mark.given {
            return;
        }
        while self.full > mark.len {
            self.last = self.earlier.pop().unwrap_or_default();
            self.full -= self.last.len();
        }
        self.last.truncate(mark.len - self.full);
        if mutant::is_on("roll_back_gives_indices_again") {
            self.given = mark.given;
        }
        while self.holes.pop_if(|hole| hole.start >= mark.given).is_some() {}
        self.holes.push(mark.given..self.given);
        while self.repeatable.pop_if(|range| range.start >= mark.len).is_some() {}
        if let Some(last) = self.repeatable.last_mut() {
            last.end = last.end.min(mark.len);
        }
    }

    /// The commands from here on are one transaction.
    pub(crate) fn begin_block(&mut self) {
        // A full batch ends before the block, and not in it.
        self.make_room();
        self.block = Some(self.len());
    }

    /// The block ends here.
    pub(crate) fn end_block(&mut self) {
        let (Some(begin), end) = (self.block.take(), self.len()) else { return };
        if begin < end && !mutant::is_on("blocks_are_loose") {
            self.last.make_atomic_after(begin - self.full);
        }
    }

    /// What was to be a block is none: its closure panicked, and nothing of it will be sent.
    pub(crate) const fn abandon_block(&mut self) {
        self.block = None;
    }

    /// The commands since `from` may be sent again when their effect is unknown.
    pub(crate) fn repeat_since(&mut self, from: Mark) {
        let to = self.len();
        // Those inside it become part of it, so that all are in order and apart.
        while self.repeatable.pop_if(|inner| inner.start >= from.len).is_some() {}
        match self.repeatable.last_mut() {
            // One range for many calls one behind the other.
            Some(last) if last.end == from.len => last.end = to,
            Some(_) | None if from.len < to => self.repeatable.push(from.len..to),
            Some(_) | None => {}
        }
    }

    /// Whether the command at this position may be sent again.
    fn may_repeat(&self, position: usize) -> bool {
        let at = self.repeatable.partition_point(|range| range.end <= position);
        self.repeatable.get(at).is_some_and(|range| range.contains(&position))
    }
}

#[cfg(test)]
mod tests;

//! Random queues, taken back here and there, against lists that say the same the slow way.

use redfleet_core::{Batch, Error as Said};
use redis::{Value, cmd};

use super::*;
use crate::error::Error;
use crate::flush::Answers;

/// One command that was queued, by the number in which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    label: usize,
    /// The block that it stands in.
    block: Option<usize>,
    is_repeatable: bool,
}

fn number(label: usize) -> Value {
    Value::Int(i64::try_from(label).unwrap())
}

/// A queue, and what must be in it.
struct Trial {
    queue: Queue,
    room: usize,
    kept: Vec<Entry>,
    given: usize,
    blocks: usize,
    block: Option<usize>,
    dice: fastrand::Rng,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let room = dice.usize(1..6);
        let queue = Queue::new(room, false);
        Self { queue, room, kept: Vec::new(), given: 0, blocks: 0, block: None, dice }
    }

    fn steps(&mut self, depth: u32) {
        for _ in 0..self.dice.usize(..6) {
            match self.dice.u8(..10) {
                0..3 if depth < 4 => self.scope(depth),
                3 if depth < 4 && self.block.is_none() => {
                    self.queue.begin_block();
                    self.block = Some(self.blocks);
                    self.blocks += 1;
                    self.steps(depth + 1);
                    self.block = None;
                    self.queue.end_block();
                }
                4 if depth < 4 => {
                    let (mark, from) = (self.queue.mark(), self.kept.len());
                    self.steps(depth + 1);
                    self.queue.repeat_since(mark);
                    self.kept[from..].iter_mut().for_each(|entry| entry.is_repeatable = true);
                }
                5 => {
                    assert_eq!(self.queue.skip(), self.given);
                    let mark = Mark { len: self.queue.len(), given: self.given };
                    self.given += 1;
                    // Whatever is skipped is taken back with the scope that was refused.
                    self.queue.roll_back(mark);
                }
                _ => {
                    let (index, pushed) = self.queue.push(cmd("ECHO").arg(self.given).take());
                    pushed.unwrap();
                    assert_eq!(index, self.given, "indices are given one by one");
                    self.kept.push(Entry { label: index, block: self.block, is_repeatable: false });
                    self.given += 1;
                }
            }
        }
    }

    /// A scope that is taken back, as often as not.
    fn scope(&mut self, depth: u32) {
        let (mark, from) = (self.queue.mark(), self.kept.len());
        self.steps(depth + 1);
        if self.dice.bool() {
            self.queue.roll_back(mark);
            self.kept.truncate(from);
        }
    }

    /// What is in the queue, read back from its batches.
    fn found(&self, batches: &[Batch]) -> Vec<Entry> {
        let mut found = Vec::new();
        let mut blocks = 0;
        for batch in batches {
            let from = found.len();
            for (at, command) in batch.commands().enumerate() {
                let Some(redis::Arg::Simple(label)) = command.args_iter().nth(1) else { unreachable!() };
                let label = std::str::from_utf8(label).unwrap().parse().unwrap();
                let block =
                    batch.blocks().iter().position(|block| block.contains(&at)).map(|block| block + blocks);
                let is_repeatable = self.queue.may_repeat(from + at);
                found.push(Entry { label, block, is_repeatable });
            }
            blocks += batch.blocks().len();
        }
        found
    }

    fn judge(mut self, seed: u64) {
        // Blocks are numbered anew, for empty ones leave no trace.
        let mut numbers: Vec<_> = self.kept.iter().filter_map(|entry| entry.block).collect();
        numbers.dedup();
        for entry in &mut self.kept {
            entry.block = entry.block.and_then(|block| numbers.binary_search(&block).ok());
        }
        assert_eq!(self.queue.len(), self.kept.len());
        let mut drafts = std::mem::take(&mut self.queue.earlier);
        drafts.push(std::mem::take(&mut self.queue.last));
        let mut batches: Vec<Batch> = drafts.into_iter().map(Draft::into_batch).collect();
        assert_eq!(self.found(&batches), self.kept, "seed {seed}");
        batches.pop();
        for batch in &batches {
            let overlong = batch.len() > self.room;
            assert!(
                !overlong || !batch.blocks().is_empty(),
                "seed {seed}: only a block makes a batch longer"
            );
        }
        let is_bad = |label: usize| label.is_multiple_of(3);
        let fate = |entry: &Entry| {
            if is_bad(entry.label) { Err(Said::Unanswered) } else { Ok(number(entry.label)) }
        };
        let replies = self.kept.iter().map(fate).collect();
        let bad = self.kept.iter().enumerate().filter(|(_, entry)| is_bad(entry.label));
        let failure = |(at, entry): (usize, &Entry)| {
            (u32::try_from(at).unwrap(), Error::TooLong { limit: entry.label })
        };
        let mut answers = Answers::new(replies, bad.map(failure).collect()).with_holes(&self.queue.holes);
        for index in 0..self.given {
            let answer = answers.get(u32::try_from(index).unwrap());
            let is_kept = self.kept.iter().any(|entry| entry.label == index);
            let is_right = match &answer {
                Ok(value) => is_kept && !is_bad(index) && *value == number(index),
                Err(Error::TooLong { limit }) => is_kept && is_bad(index) && *limit == index,
                Err(error) => !is_kept && matches!(error, Error::RolledBack),
            };
            assert!(is_right, "seed {seed}: {index} answers {answer:?}");
        }
    }
}

#[test]
fn every_index_finds_its_own_reply_whatever_was_taken_back() {
    for seed in 0..20_000 {
        let mut trial = Trial::new(seed);
        trial.steps(0);
        trial.judge(seed);
    }
}

#[test]
fn neighbouring_parts_that_may_be_repeated_are_one_range() {
    let mut queue = Queue::new(10_000, false);
    for _ in 0..1000 {
        let mark = queue.mark();
        queue.push(cmd("GET")).1.unwrap();
        queue.repeat_since(mark);
    }
    assert_eq!(queue.repeatable.iter().map(|range| range.len()).collect::<Vec<_>>(), [1000]);
    let mark = queue.mark();
    queue.repeat_since(mark);
    queue.push(cmd("GET")).1.unwrap();
    let mark = queue.mark();
    queue.push(cmd("GET")).1.unwrap();
    queue.repeat_since(mark);
    assert_eq!(queue.repeatable, [0..1000, 1001..1002]);
}

#[test]
fn a_roll_back_costs_what_it_takes_back_and_not_what_was_queued_before() {
    let allocations = |roll_backs: usize| {
        let info = allocation_counter::measure(|| {
            let mut queue = Queue::new(10_000, false);
            for _ in 0..1000 {
                queue.push(cmd("INCR")).1.unwrap();
            }
            for _ in 0..roll_backs {
                let mark = queue.mark();
                queue.push(cmd("INCR")).1.unwrap();
                queue.roll_back(mark);
            }
            assert_eq!(queue.len(), 1000);
        });
        info.count_total
    };
    // A copy of all that stays would be 2,000 allocations each time.
    let (none, many) = (allocations(0), allocations(10_000));
    assert!(many - none < 100_000, "{} allocations for 10,000 roll-backs", many - none);
}

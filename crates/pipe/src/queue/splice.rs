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

#[cfg(test)]
mod tests {
    use redis::{Arg, Cmd, Value, cmd};

    use super::super::draft::Draft;
    use super::*;

    fn echo(label: usize) -> Cmd {
        cmd("ECHO").arg(label).take()
    }

    fn label(command: &Cmd) -> usize {
        let Some(Arg::Simple(label)) = command.args_iter().nth(1) else { unreachable!() };
        std::str::from_utf8(label).unwrap().parse().unwrap()
    }

    /// One caller's queue of random length, with holes; what it keeps, and what of that may be repeated.
    fn caller(dice: &mut fastrand::Rng, room: usize, first: usize) -> (Queue, Vec<usize>, Vec<usize>) {
        let (mut queue, mut kept, mut repeatable) = (Queue::new(room, false), Vec::new(), Vec::new());
        for index in 0..dice.usize(..12) {
            let mark = queue.mark();
            queue.push(echo(first + index)).1.unwrap();
            match dice.u8(..4) {
                0 => queue.roll_back(mark),
                1 => {
                    queue.repeat_since(mark);
                    repeatable.push(first + index);
                    kept.push(first + index);
                }
                _ => kept.push(first + index),
            }
        }
        (queue, kept, repeatable)
    }

    #[test]
    fn each_caller_of_a_queue_that_several_share_gets_its_own_replies() {
        for seed in 0..3000 {
            let mut dice = fastrand::Rng::with_seed(seed);
            let room = dice.usize(1..6);
            let (mut all, mut shares, mut labels) = (Queue::new(room, false), Vec::new(), Vec::new());
            for number in 0..dice.usize(1..6) {
                let (queue, kept, repeatable) = caller(&mut dice, room, number * 100);
                let given = queue.given();
                labels.extend(kept.iter().map(|label| (*label, repeatable.contains(label))));
                shares.push((all.take_in(queue), kept, number * 100..number * 100 + given));
            }
            let found: Vec<_> = (0..all.len()).map(|position| all.may_repeat(position)).collect();
            let batches = all.earlier.drain(..).chain([std::mem::take(&mut all.last)]);
            let batches: Vec<_> = batches.map(Draft::into_batch).collect();
            assert!(batches.iter().all(|batch| batch.len() <= room), "seed {seed}");
            let sent = batches.iter().flat_map(|batch| batch.commands()).map(label);
            let sent: Vec<_> = sent.zip(found).collect();
            assert_eq!(sent, labels, "seed {seed}");

            let reply = |label: usize| i64::try_from(label).map(Value::Int).unwrap();
            let mut deal =
                Answers::new(sent.iter().map(|(label, _)| Ok(reply(*label))).collect(), Vec::new()).deal();
            for (share, kept, given) in shares {
                let mut answers = share.of(&mut deal);
                for (index, label) in (0..).zip(given) {
                    let told = answers.get(index).ok();
                    assert_eq!(told, kept.contains(&label).then(|| reply(label)), "seed {seed}");
                }
            }
        }
    }
}

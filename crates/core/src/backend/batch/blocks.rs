//! Which commands of a batch are transactions of their own: pure.

use std::iter;
use std::ops::Range;

/// Ranges of commands: none is empty, none overlaps another, and they are in order.
#[derive(Clone, Default)]
pub(super) struct Blocks(Vec<Range<usize>>);

/// What is carried out at once: one command, or a whole block of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    Command,
    Block(usize),
}

impl Portion {
    /// How many commands, and so how many replies, it has.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Command => 1,
            Self::Block(commands) => commands,
        }
    }
}

impl Blocks {
    pub(super) fn as_slice(&self) -> &[Range<usize>] {
        &self.0
    }

    /// Adds a block. With those that it overlaps it becomes one.
    pub(super) fn add(&mut self, block: Range<usize>) {
        if block.is_empty() {
            return;
        }
        let from = self.0.partition_point(|other| other.end <= block.start);
        let to = self.0.partition_point(|other| other.start < block.end);
        let overlapped = self.0.get(from..to).unwrap_or_default();
        let start = overlapped.first().map_or(block.start, |first| first.start.min(block.start));
        let end = overlapped.last().map_or(block.end, |last| last.end.max(block.end));
        self.0.splice(from..to, iter::once(start..end));
    }

    pub(super) fn contains(&self, command: usize) -> bool {
        let at = self.0.partition_point(|block| block.end <= command);
        self.0.get(at).is_some_and(|block| block.contains(&command))
    }

    /// The portions of `len` commands, in order.
    pub(super) fn portions(&self, len: usize) -> impl Iterator<Item = Portion> {
        let mut blocks = self.0.iter().peekable();
        let mut at = 0;
        iter::from_fn(move || {
            let portion = match blocks.next_if(|block| block.start == at) {
                Some(block) => Portion::Block(block.len()),
                None => Portion::Command,
            };
            let is_there = at < len;
            at += portion.len();
            is_there.then_some(portion)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_unions_of_what_overlaps_for_any_ranges() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..5_000 {
            const LEN: usize = 12;
            // Between which neighbours nothing may come.
            let mut is_tied = [false; LEN];
            let mut is_inside = [false; LEN];
            let mut blocks = Blocks::default();
            let len = random.usize(..=LEN);
            for _ in 0..random.usize(..6) {
                let start = random.usize(..LEN);
                let range = start..random.usize(start..=LEN);
                range.clone().for_each(|at| is_inside[at] = true);
                range.clone().skip(1).for_each(|at| is_tied[at] = true);
                blocks.add(range.start.min(len)..range.end.min(len));
            }
            let portions: Vec<_> = blocks.portions(len).collect();
            let mut at = 0;
            for portion in &portions {
                assert_eq!(*portion == Portion::Command, !is_inside[at], "{at} of {portions:?}");
                assert!(!is_tied[at], "{at} of {portions:?} begins in the middle");
                let tied = (at + 1..len).take_while(|at| is_tied[*at]).count();
                assert_eq!(portion.len(), tied + 1);
                at += portion.len();
            }
            assert_eq!(at, len);
            (0..LEN).for_each(|at| assert_eq!(blocks.contains(at), at < len && is_inside[at]));
        }
    }

    #[test]
    fn neighbours_stay_two_blocks() {
        let mut blocks = Blocks::default();
        blocks.add(2..4);
        blocks.add(0..2);
        blocks.add(3..3);
        assert_eq!(blocks.as_slice(), [0..2, 2..4]);
    }
}

//! Which commands of a batch are sent again, so that none overtakes another: pure.

use std::collections::HashSet;
use std::ops::Range;

use redfleet_core::{Batch, command_name, keys_of, mutant};
use redis::Cmd;

/// Whether to send each command again, by its offset; nothing at all if none is to be.
///
/// Those that are `lost` are meant, as far as they are `repeatable`. Such a one is sent again only if every later command
/// that shares a key with it is sent again after it, also one that was answered. Where that is not possible, because a
/// later one is not repeatable, it is left alone: it would undo what that one did.
pub(super) fn due(
    batch: &Batch,
    is_lost: impl Fn(usize) -> bool,
    is_repeatable: impl Fn(usize) -> bool,
) -> Vec<bool> {
    if !(0..batch.len()).any(|at| is_lost(at) && is_repeatable(at)) {
        return Vec::new();
    }
    let commands: Vec<&Cmd> = batch.commands().collect();
    let of = |portion: &Range<usize>| commands.get(portion.clone()).unwrap_or_default();
    let portions = portions(batch);

    let mut kept = Touched::default();
    let mut can: Vec<bool> = Vec::with_capacity(portions.len());
    for portion in portions.iter().rev() {
        let meets = kept.meets(of(portion)) && !mutant::is_on("repetitions_overtake");
        let may = portion.clone().all(&is_repeatable) && !meets;
        if !may {
            kept.add(of(portion));
        }
        can.push(may);
    }

    let mut again = Touched::default();
    let mut due = vec![false; commands.len()];
    for (portion, may) in portions.iter().zip(can.iter().rev()) {
        let is_meant = portion.clone().any(&is_lost) || again.meets(of(portion));
        if *may && is_meant {
            again.add(of(portion));
            due.iter_mut().skip(portion.start).take(portion.len()).for_each(|due| *due = true);
        }
    }
    due
}

/// What is carried out at once, in order: each block, and every other command by itself.
fn portions(batch: &Batch) -> Vec<Range<usize>> {
    let mut blocks = batch.blocks().iter().peekable();
    let (mut portions, mut at) = (Vec::with_capacity(batch.len()), 0);
    while at < batch.len() {
        let end = blocks.next_if(|block| block.start == at).map_or(at + 1, |block| block.end);
        portions.push(at..end);
        at = end;
    }
    portions
}

/// The keys of some commands.
#[derive(Default)]
struct Touched<'a> {
    keys: HashSet<&'a [u8]>,
    /// Whether there is a command of which nobody knows what it touches.
    is_all: bool,
}

impl<'a> Touched<'a> {
    fn add(&mut self, commands: &[&'a Cmd]) {
        for command in commands {
            self.is_all |= is_wide(command);
            self.keys.extend(keys_of(command));
        }
    }

    fn meets(&self, commands: &[&Cmd]) -> bool {
        let is_any = self.is_all || !self.keys.is_empty();
        is_any
            && commands.iter().any(|command| {
                self.is_all || is_wide(command) || keys_of(command).any(|key| self.keys.contains(key))
            })
    }
}

/// Whether a command may touch more than the keys that stand in it: one without keys (FLUSHDB), and SORT by its patterns.
fn is_wide(command: &Cmd) -> bool {
    keys_of(command).next().is_none() || command_name(command).starts_with("SORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets that are sent again, of commands that are each marked: `?` was lost, `*` is repeatable.
    fn again(blocks: &[Range<usize>], commands: &[&str]) -> Vec<usize> {
        let mut batch = Batch::new();
        for text in commands {
            let mut words = text.trim_start_matches(['?', '*']).split(' ');
            let command = words.next().map(redis::cmd).unwrap();
            batch.push(words.fold(command, |mut command, word| command.arg(word).take()));
        }
        blocks.iter().for_each(|block| batch.make_atomic(block.clone()));
        let marked = |mark: char| move |at: usize| commands[at].chars().take(2).any(|other| other == mark);
        let due = due(&batch, marked('?'), marked('*'));
        due.iter().enumerate().filter(|(_, due)| **due).map(|(at, _)| at).collect()
    }

    #[test]
    fn what_is_lost_and_repeatable_is_sent_again_where_no_other_command_of_its_keys_follows() {
        assert_eq!(again(&[], &["?*SET k 1", "?INCR n"]), [0]);
        assert_eq!(again(&[], &["?INCR k", "?*SET k 1"]), [1], "one before it is not overtaken");
        assert_eq!(again(&[], &["SET k 1", "*SET k 1", "?SET k 1"]), [0; 0], "nothing is both");
    }

    #[test]
    fn nothing_overtakes_a_later_command_of_its_keys_whether_that_was_answered_or_lost() {
        assert_eq!(again(&[], &["?*SET k 1", "SET k 2"]), [0; 0]);
        assert_eq!(again(&[], &["?*SET k 1", "?SET k 2"]), [0; 0]);
        assert_eq!(again(&[], &["?*GET a", "MSET b 1 a 1"]), [0; 0], "wherever the key stands");
        assert_eq!(again(&[], &["?*SET x 1", "?*MSET x 1 y 1", "INCR y"]), [0; 0], "not by way of another");
    }

    #[test]
    fn what_follows_on_the_same_key_is_sent_again_too_if_it_may_be() {
        assert_eq!(again(&[], &["?*SET k 1", "*GET k", "*GET other"]), [0, 1]);
        assert_eq!(again(&[], &["?*SET k 1", "*MSET k 1 l 1", "*GET l", "*GET k"]), [0, 1, 2, 3]);
    }

    #[test]
    fn a_command_of_which_nobody_knows_what_it_touches_counts_as_touching_all() {
        assert_eq!(again(&[], &["?*SET k 1", "FLUSHDB"]), [0; 0]);
        assert_eq!(again(&[], &["?*FLUSHDB", "SET k 1"]), [0; 0]);
        assert_eq!(again(&[], &["?*SORT k BY w_*", "SET w_1 1"]), [0; 0]);
        assert_eq!(again(&[], &["?*FLUSHDB", "*SET k 1"]), [0, 1]);
    }

    #[test]
    fn a_block_goes_again_whole_or_not_at_all() {
        let commands = ["?*SET a 1", "?*SET b 1", "INCR b"];
        assert_eq!(again(&[0..2], &commands), [0; 0]);
        assert_eq!(again(&[], &commands), [0], "without the block, one of them may");
        assert_eq!(again(&[0..2], &["?*SET a 1", "SET b 1"]), [0; 0]);
        assert_eq!(again(&[0..2, 2..3], &["?*SET a 1", "*SET b 1", "*GET b"]), [0, 1, 2]);
    }
}

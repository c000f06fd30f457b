//! How much of a queue's bytes an effect takes.

use redis::{Arg, Cmd};

use crate::effect::Effect;

/// What an entry costs besides the bytes of its commands: its place, its keys in lists, and what its commands are kept in.
const ENTRY_BYTES: usize = 256;
/// What an argument costs besides its bytes.
const ARGUMENT_BYTES: usize = 16;

/// The bytes of the effect's commands, and about what it costs to keep them.
pub(super) fn of(effect: &Effect) -> usize {
    ENTRY_BYTES + effect.steps.iter().map(of_command).sum::<usize>()
}

fn of_command(command: &Cmd) -> usize {
    let of_argument = |argument: Arg<&[u8]>| match argument {
        Arg::Simple(bytes) => bytes.len() + ARGUMENT_BYTES,
        // No effect has one.
        Arg::Cursor | _ => ARGUMENT_BYTES,
    };
    command.args_iter().map(of_argument).sum()
}

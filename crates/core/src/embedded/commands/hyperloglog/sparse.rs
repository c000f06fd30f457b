//! The sparse form: runs of registers that are equal, one or two bytes a run.
//!
//! `00llllll` is up to 64 zeros, `01llllll llllllll` up to 16384, `1rrrrrll` up to four registers of a rank up to 32; each
//! number is one less than what it means.

use super::sketch::{CORRUPT, HEADER_BYTES, REGISTERS};
use crate::embedded::refusal::Refusal;

/// The longest run of zeros in one byte.
const SHORT_ZEROS_MAX: usize = 64;
/// The highest rank that has a run.
const RANK_MAX: u8 = 32;
/// The longest run of a rank.
const RANKS_MAX: usize = 4;
/// How large a sketch may be before it becomes dense: the default of `hll-sparse-max-bytes`.
const BYTES_MAX: usize = 3000;
/// Around a change, so many runs are looked at for those that can be joined.
const JOINED_MAX: usize = 5;

/// Some registers with the same rank.
#[derive(Clone, Copy, Debug)]
struct Run {
    rank: u8,
    len: usize,
    /// How many bytes it is.
    bytes: usize,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// The register had that rank or a higher one.
    No,
    Yes,
    /// There is no sparse form of it.
    NeedsDense,
}

/// A sketch in which all registers are zero, behind its header.
pub(super) fn push_empty(bytes: &mut Vec<u8>) {
    push_zeros(bytes, REGISTERS);
}

/// The run that begins at `at`.
fn run(bytes: &[u8], at: usize) -> Option<Run> {
    let first = *bytes.get(at)?;
    let low = usize::from(first & 0x3f);
    Some(match first {
        0x80.. => Run { rank: (first >> 2 & 0x1f) + 1, len: usize::from(first & 3) + 1, bytes: 1 },
        0x40.. => Run { rank: 0, len: (low << 8 | usize::from(*bytes.get(at + 1)?)) + 1, bytes: 2 },
        _ => Run { rank: 0, len: low + 1, bytes: 1 },
    })
}

fn push_zeros(bytes: &mut Vec<u8>, len: usize) {
    let [.., high, low] = len.saturating_sub(1).to_be_bytes();
    if len > SHORT_ZEROS_MAX {
        bytes.push(0x40 | high & 0x3f);
    }
    if len > 0 {
        bytes.push(low);
    }
}

fn push_ranks(bytes: &mut Vec<u8>, rank: u8, len: usize) {
    if len > 0 {
        bytes.push(ranks(rank, len));
    }
}

fn ranks(rank: u8, len: usize) -> u8 {
    let [.., len] = len.saturating_sub(1).to_be_bytes();
    0x80 | (rank.saturating_sub(1) & 0x1f) << 2 | len & 3
}

/// The ranks of all registers.
pub(super) fn registers(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (mut registers, mut at) = (Vec::with_capacity(REGISTERS), HEADER_BYTES);
    while at < bytes.len() {
        let run = run(bytes, at).ok_or(CORRUPT)?;
        if registers.len() + run.len > REGISTERS {
            return Err(CORRUPT);
        }
        registers.resize(registers.len() + run.len, run.rank);
        at += run.bytes;
    }
    if registers.len() == REGISTERS { Ok(registers) } else { Err(CORRUPT) }
}

/// Gives a register this rank, if its own is lower.
pub(super) fn raise(bytes: &mut Vec<u8>, register: usize, to: u8) -> Result<Raised, Refusal> {
    if to > RANK_MAX {
        return Ok(Raised::NeedsDense);
    }
    let (mut at, mut first, mut previous) = (HEADER_BYTES, 0, None);
    let old = loop {
        let run = run(bytes, at).ok_or(CORRUPT)?;
        if register < first + run.len {
            break run;
        }
        (first, previous) = (first + run.len, Some(at));
        at += run.bytes;
    };
    if old.rank >= to {
        return Ok(Raised::No);
    }
    let (before, after) = (register - first, first + old.len - 1 - register);
    let mut new = Vec::new();
    if old.rank > 0 {
        push_ranks(&mut new, old.rank, before);
        push_ranks(&mut new, to, 1);
        push_ranks(&mut new, old.rank, after);
    } else {
        push_zeros(&mut new, before);
        push_ranks(&mut new, to, 1);
        push_zeros(&mut new, after);
    }
    if new.len() > old.bytes && bytes.len() + new.len() - old.bytes > BYTES_MAX {
        return Ok(Raised::NeedsDense);
    }
    bytes.splice(at..at + old.bytes, new);
    join(bytes, previous.unwrap_or(HEADER_BYTES));
    Ok(Raised::Yes)
}

/// Joins neighbours of the same rank, from the run at `at` on.
fn join(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOINED_MAX {
        let Some(left) = run(bytes, at) else { return };
        let right = run(bytes, at + left.bytes).filter(|right| left.rank > 0 && right.rank == left.rank);
        match right {
            Some(right) if left.len + right.len <= RANKS_MAX => {
                bytes.splice(at..at + 2, [ranks(left.rank, left.len + right.len)]);
            }
            Some(_) | None => at += left.bytes,
        }
    }
}

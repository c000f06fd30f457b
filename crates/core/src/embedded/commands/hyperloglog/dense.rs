//! The dense form: six bits a register, the lowest bits first.

use super::sketch::{HEADER_BYTES, REGISTERS};

const RANK_BITS: usize = 6;
const RANK_MASK: u16 = (1 << RANK_BITS) - 1;

/// How many bytes a dense sketch has, always.
pub(super) const BYTES: usize = HEADER_BYTES + REGISTERS * RANK_BITS / 8;

/// The two bytes around a register as one number, the first being the lower.
fn around(bytes: &[u8], register: usize) -> u16 {
    let at = HEADER_BYTES + register * RANK_BITS / 8;
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    u16::from_le_bytes([byte(at), byte(at + 1)])
}

fn rank(bytes: &[u8], register: usize) -> u8 {
    let rank = around(bytes, register) >> (register * RANK_BITS % 8) & RANK_MASK;
    u8::try_from(rank).unwrap_or_default()
}

pub(super) fn registers(bytes: &[u8]) -> Vec<u8> {
    (0..REGISTERS).map(|register| rank(bytes, register)).collect()
}

/// Gives a register this rank, if its own is lower. Whether it was.
pub(super) fn raise(bytes: &mut [u8], register: usize, to: u8) -> bool {
    let is_lower = rank(bytes, register) < to;
    if is_lower {
        let shift = register * RANK_BITS % 8;
        let new = around(bytes, register) & !(RANK_MASK << shift) | (u16::from(to) & RANK_MASK) << shift;
        let at = HEADER_BYTES + register * RANK_BITS / 8;
        for (old, new) in bytes.iter_mut().skip(at).zip(new.to_le_bytes()) {
            *old = new;
        }
    }
    is_lower
}

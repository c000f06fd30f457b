//! Where an element belongs: `MurmurHash64A`, which says its register and its rank.
//!
//! # References
//!
//! Appleby, "`MurmurHash2`, 64-bit versions", in the public domain.

use super::sketch::REGISTER_BITS;

const SEED: u64 = 0xadc8_3b19;
const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

fn hash(element: &[u8]) -> u64 {
    let len = u64::try_from(element.len()).unwrap_or(u64::MAX);
    let (words, tail) = element.as_chunks::<8>();
    let mut hash = words.iter().fold(SEED ^ len.wrapping_mul(MULTIPLIER), |hash, word| {
        let word = u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        let word = (word ^ (word >> SHIFT)).wrapping_mul(MULTIPLIER);
        (hash ^ word).wrapping_mul(MULTIPLIER)
    });
    if !tail.is_empty() {
        let rest = tail.iter().rev().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
        hash = (hash ^ rest).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> SHIFT)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> SHIFT)
}

/// The register of an element, and its rank: how many zeros the rest of its hash ends with, and one.
pub(super) fn place(element: &[u8]) -> (usize, u8) {
    let hash = hash(element);
    let register = usize::try_from(hash & ((1 << REGISTER_BITS) - 1)).unwrap_or_default();
    let rest = hash >> REGISTER_BITS | 1 << (u64::BITS - REGISTER_BITS);
    (register, u8::try_from(rest.trailing_zeros() + 1).unwrap_or(u8::MAX))
}

//! A hash of keys that is the same in every process.

/// Odd, and without a pattern: the fraction of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of which any bits are good. Keys that somebody chose to be alike in it wait for each other, and nothing worse.
pub(super) fn of(key: &[u8]) -> usize {
    let mut chunks = key.chunks_exact(8);
    let mut hash = MULTIPLIER ^ key.len() as u64;
    for chunk in &mut chunks {
        hash = mixed(hash, word(chunk));
    }
    hash = mixed(hash, word(chunks.remainder()));
    #[expect(clippy::cast_possible_truncation, reason = "any bits of it are good")]
    let hash = (hash ^ hash >> 32) as usize;
    hash
}

/// Up to eight bytes as a number.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn mixed(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word).wrapping_mul(u128::from(MULTIPLIER));
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded into one")]
    let folded = (product ^ product >> 64) as u64;
    folded.wrapping_add(word.rotate_left(23))
}

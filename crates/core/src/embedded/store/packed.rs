//! How many bytes a value takes in Redis's packed form, by which it decides how to hold things.

use crate::embedded::number;

/// What a listpack needs without items.
pub(crate) const FRAME_BYTES: usize = 7;

/// How many bytes an item takes: what it is, itself, and its length once more, for the way back.
pub(crate) fn item_bytes(item: &[u8]) -> usize {
    number::integer(item).map_or_else(|| both_ways(text_bytes(item.len())), integer_bytes)
}

/// The same for a number.
pub(crate) const fn integer_bytes(value: i64) -> usize {
    both_ways(match value {
        0..=127 => 1,
        -4096..=4095 => 2,
        -32_768..=32_767 => 3,
        -8_388_608..=8_388_607 => 4,
        -2_147_483_648..=2_147_483_647 => 5,
        _ => 9,
    })
}

const fn text_bytes(len: usize) -> usize {
    match len {
        ..64 => 1 + len,
        64..4096 => 2 + len,
        _ => 5 + len,
    }
}

const fn both_ways(own: usize) -> usize {
    own + match own {
        ..128 => 1,
        128..16_383 => 2,
        _ => 3,
    }
}

//! Numbers as Redis reads and writes them: what a word may look like, and how a reply shows a value.
//!
//! Redis 8.0 is the measure. 7.0 writes doubles with 17 digits (`0.10000000000000001`), which [`general`] does.

mod big;
mod binary;
mod double;
mod grisu;
mod hexadecimal;
mod long_double;
mod text;

pub(super) use double::{double, range_end};
pub(super) use long_double::LongDouble;
pub(super) use text::{double_text, general};

/// Reads a word as Redis reads integers: no space, no plus, no leading zero, no `-0`.
pub(super) fn integer(word: &[u8]) -> Option<i64> {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    match digits {
        [b'0'] => (digits.len() == word.len()).then_some(0),
        [b'1'..=b'9', ..] => {
            if digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            str::from_utf8(word).ok()?.parse().ok()
        }
        _ => None,
    }
}

/// Reads a word as Redis reads unsigned numbers (the parts of a stream's ids, cursors): as [`integer`], and what that
/// does not read as C's `strtoull` does, so `+7`, ` 7` and `007` pass, and `-05` wraps around.
pub(super) fn unsigned(word: &[u8]) -> Option<u64> {
    let word = until_nul(word);
    if let Some(value) = integer(word) {
        return u64::try_from(value).ok();
    }
    let start = word.iter().take_while(|byte| is_space(**byte)).count();
    let (is_negative, digits) = sign(word.get(start..)?);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if is_negative { value.wrapping_neg() } else { value })
}

/// The sign of a number, and what follows it.
fn sign(word: &[u8]) -> (bool, &[u8]) {
    match word {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, word),
    }
}

/// The digits behind an `e` or a `p`; what is beyond all measure stays beyond all measure.
fn exponent(word: &[u8]) -> Option<i64> {
    const BEYOND: i64 = 1 << 40;
    let (is_negative, digits) = sign(word);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = str::from_utf8(digits).ok()?.parse().map_or(BEYOND, |value: i64| value.min(BEYOND));
    Some(if is_negative { -value } else { value })
}

/// What C's `isspace` says.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// The part of a word that C's functions on strings see.
fn until_nul(word: &[u8]) -> &[u8] {
    word.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;

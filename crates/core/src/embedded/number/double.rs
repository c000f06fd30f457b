//! Doubles as Redis reads them.

use super::binary::Format;
use super::{hexadecimal, sign, until_nul};

/// Reads a word as Redis reads a score or any other double: `inf` and hexadecimal are numbers; `nan`, spaces, what is
/// too large and what is too small to be other than zero are not.
pub(in crate::embedded) fn double(word: &[u8]) -> Option<f64> {
    let (is_negative, digits) = sign(word);
    if let [b'0', b'x' | b'X', hex @ ..] = digits {
        let exact = hexadecimal::read(hex)?;
        let (mantissa, exponent) = exact.rounded(&Format::DOUBLE)?;
        let value = product(mantissa, exponent);
        return (value != 0.0 || exact.is_zero()).then_some(if is_negative { -value } else { value });
    }
    let value = decimal(word)?;
    let is_spelt = digits.first().is_some_and(u8::is_ascii_alphabetic);
    if value.is_infinite() && !is_spelt {
        return None;
    }
    (value != 0.0 || is_zero(digits)).then_some(value)
}

/// Reads the end of a range of scores, without its bracket, as ZRANGEBYSCORE of 8.0 does. That is less strict than
/// [`double`] in some places and more in others: an empty word is 0, what is too large is infinite, nothing counts
/// behind a NUL, and hexadecimal is refused (older servers, which leave this to C, take it, and spaces before it).
pub(in crate::embedded) fn range_end(word: &[u8]) -> Option<f64> {
    let word = until_nul(word);
    if word.is_empty() { Some(0.0) } else { decimal(word) }
}

/// A decimal number or an infinity, in all that C and Rust agree upon.
fn decimal(word: &[u8]) -> Option<f64> {
    let value: f64 = str::from_utf8(word).ok()?.parse().ok()?;
    (!value.is_nan()).then_some(value)
}

/// Whether every digit before the exponent is zero.
fn is_zero(digits: &[u8]) -> bool {
    digits.iter().take_while(|byte| !matches!(byte, b'e' | b'E')).all(|byte| matches!(byte, b'0' | b'.'))
}

/// `mantissa * 2^exponent`, which is known to be a double. No step on the way leaves what is normal but the last.
fn product(mantissa: u64, exponent: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a double's own mantissa has 53 bits")]
    let mut value = mantissa as f64;
    let mut left = exponent;
    while left != 0 {
        let step = i32::try_from(left.clamp(-1000, 1000)).unwrap_or_default();
        value *= 2.0_f64.powi(step);
        left -= i64::from(step);
    }
    value
}

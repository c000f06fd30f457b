//! Hexadecimal numbers as C reads them: `0x1.8p-3`.

use super::binary::Exact;

/// Reads what follows `0x`.
pub(super) fn read(word: &[u8]) -> Option<Exact> {
    let (digits, power) = match word.iter().position(|byte| matches!(byte, b'p' | b'P')) {
        Some(at) => (word.get(..at)?, super::exponent(word.get(at + 1..)?)?),
        None => (word, 0),
    };
    let (mut mantissa, mut exponent, mut has_digit, mut has_point) = (0_u128, 0_i64, false, false);
    for byte in digits {
        if *byte == b'.' && !has_point {
            has_point = true;
            continue;
        }
        let digit = char::from(*byte).to_digit(16)?;
        has_digit = true;
        if mantissa >> 124 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
            exponent -= if has_point { 4 } else { 0 };
        } else {
            mantissa |= u128::from(digit != 0);
            exponent += if has_point { 0 } else { 4 };
        }
    }
    has_digit.then_some(Exact { mantissa, exponent: exponent.saturating_add(power) })
}

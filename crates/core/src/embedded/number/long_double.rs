//! The `long double` of x86, in which INCRBYFLOAT and HINCRBYFLOAT count, done by hand.
//!
//! An `f64` would not do: to 17 places behind the point, which is what these commands write, 10.5 + 0.1 is
//! 10.59999999999999964 there, and 10.6 on a server. Servers on other processors (aarch64 has 113 bits) may differ in the
//! last places from those on x86, and so from this.

use std::cmp::Reverse;

use super::big::Big;
use super::binary::{Exact, Format, shifted};
use super::{exponent, hexadecimal, sign};

/// The longest word that is read as such a number: the size of Redis's buffer.
const WORD_MAX_BYTES: usize = 5 * 1024 - 1;

/// Decimal exponents beyond this are too large or too small for certain.
const EXPONENT_MAX: i64 = 5_000;

/// How many places are written behind the point.
const PLACES: u32 = 17;

/// A number with 64 bits of mantissa, or an infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::embedded) struct LongDouble {
    is_negative: bool,
    /// Mantissa and exponent; `None` is an infinity.
    size: Option<(u64, i64)>,
}

impl LongDouble {
    /// Reads a word: as for any double, but in this precision and range. `inf` is a number here, too; whether it is
    /// wanted is for the command to say.
    pub(in crate::embedded) fn read(word: &[u8]) -> Option<Self> {
        if word.len() > WORD_MAX_BYTES {
            return None;
        }
        let (is_negative, digits) = sign(word);
        if digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity") {
            return Some(Self { is_negative, size: None });
        }
        let exact = match digits {
            [b'0', b'x' | b'X', hex @ ..] => hexadecimal::read(hex)?,
            _ => decimal(digits)?,
        };
        let size = exact.rounded(&Format::LONG_DOUBLE)?;
        (size.0 != 0 || exact.is_zero()).then_some(Self { is_negative, size: Some(size) })
    }

    pub(in crate::embedded) fn is_finite(self) -> bool {
        self.size.is_some()
    }

    /// The sum; `None` where it is not a finite number, which these commands refuse.
    pub(in crate::embedded) fn plus(self, other: Self) -> Option<Self> {
        let mut terms = [(self.size?, self.is_negative), (other.size?, other.is_negative)];
        terms.sort_by_key(|((mantissa, exponent), _)| {
            let top = (*mantissa != 0).then_some(*exponent - i64::from(mantissa.leading_zeros()));
            Reverse((top, *mantissa))
        });
        let [((large, high), is_negative), ((small, low), is_other_negative)] = terms;
        if small == 0 {
            return Some(Self { is_negative: is_negative && large != 0, size: Some((large, high)) });
        }
        // Room below the larger one, so that nothing but a sticky bit can be lost of the smaller.
        let zeros = large.leading_zeros();
        let (large, high) = (u128::from(large) << (zeros + 62), high - i64::from(zeros) - 62);
        let small = aligned(u128::from(small), low - high);
        let mantissa = if is_negative == is_other_negative { large + small } else { large.abs_diff(small) };
        let size = Exact { mantissa, exponent: high }.rounded(&Format::LONG_DOUBLE)?;
        Some(Self { is_negative: is_negative && size.0 != 0, size: Some(size) })
    }

    /// Writes the number without an exponent, and without zeros at its end.
    pub(in crate::embedded) fn text(self) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let Some((mantissa, exponent)) = self.size else { return format!("{sign}inf") };
        if let Ok(power) = u32::try_from(exponent) {
            let mut whole = Big::from(mantissa);
            whole.times_power_of_two(power);
            let text = whole.decimal();
            return if text == "0" { text } else { format!("{sign}{text}") };
        }
        let one = 10_u128.pow(PLACES);
        let cut = u32::try_from(-exponent).unwrap_or(u32::MAX);
        let scaled = shifted(u128::from(mantissa) * one, cut);
        let text = format!("{}.{:017}", scaled / one, scaled % one);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "0" { text.into() } else { format!("{sign}{text}") }
    }
}

/// `value * 2^shift`, with a sticky bit for what is lost.
fn aligned(value: u128, shift: i64) -> u128 {
    match (u32::try_from(shift), u32::try_from(-shift)) {
        (Ok(left), _) => value << left,
        (_, Ok(right @ 0..=127)) => value >> right | u128::from(value & ((1 << right) - 1) != 0),
        _ => 1,
    }
}

/// Reads a decimal number without its sign.
fn decimal(word: &[u8]) -> Option<Exact> {
    let (digits, power) = match word.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (word.get(..at)?, exponent(word.get(at + 1..)?)?),
        None => (word, 0),
    };
    let (mut value, mut exponent, mut has_digit, mut has_point) = (Big::from(0), power, false, false);
    let (mut group, mut group_size) = (0, 1);
    let mut count = 0;
    for byte in digits {
        if *byte == b'.' && !has_point {
            has_point = true;
            continue;
        }
        let digit = char::from(*byte).to_digit(10)?;
        has_digit = true;
        exponent -= i64::from(has_point);
        count += i64::from(count > 0 || digit > 0);
        (group, group_size) = (group * 10 + digit, group_size * 10);
        if group_size == 1_000_000_000 {
            value.times_plus(group_size, group);
            (group, group_size) = (0, 1);
        }
    }
    value.times_plus(group_size, group);
    if !has_digit {
        return None;
    }
    Some(if count == 0 { Exact { mantissa: 0, exponent: 0 } } else { powered(value, exponent, count) })
}

/// `value * 10^exponent` in binary, for a value of `count` digits.
fn powered(mut value: Big, exponent: i64, count: i64) -> Exact {
    let mut divisor = Big::from(1);
    let power = u32::try_from(exponent.abs()).unwrap_or(u32::MAX);
    match exponent.saturating_add(count) {
        // Rounding makes these an overflow, and a zero.
        size if size > EXPONENT_MAX => return Exact { mantissa: 1, exponent: i64::MAX / 2 },
        size if size < -EXPONENT_MAX => return Exact { mantissa: 1, exponent: i64::MIN / 2 },
        _ if exponent < 0 => divisor.times_power_of_ten(power),
        _ => value.times_power_of_ten(power),
    }
    value.divided(divisor)
}

//! Digits of a double by Grisu2, because Redis takes its digits from it, to the last one.
//!
//! They always read back as the same value; once in a few hundred values they are not the shortest that do, and where two
//! are equally near they need not be the even ones, so an exact algorithm would print other replies than a server.
//!
//! # References
//!
//! Florian Loitsch, Printing Floating-Point Numbers Quickly and Accurately with Integers, 2010, section 5.

use std::sync::LazyLock;

use super::big::Big;

/// The powers of ten that are kept: every eighth from here on.
const LOWEST_POWER: i32 = -348;
const POWER_STEP: i32 = 8;
const POWERS: i32 = 87;

/// Where the exponent of a scaled number has to lie, so that its whole part fits into 32 bits.
const LOWEST_EXPONENT: i32 = -60;
const HIGHEST_EXPONENT: i32 = -32;

/// `fraction * 2^exponent`.
#[derive(Debug, Clone, Copy)]
struct Float {
    fraction: u64,
    exponent: i32,
}

impl Float {
    fn normal(self) -> Self {
        let zeros = self.fraction.leading_zeros();
        Self { fraction: self.fraction << zeros, exponent: self.exponent - zeros.cast_signed() }
    }

    /// The upper half of the product, rounded.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.fraction) * u128::from(other.fraction) + (1 << 63);
        let fraction = u64::try_from(product >> 64).unwrap_or(u64::MAX);
        Self { fraction, exponent: self.exponent + other.exponent + 64 }
    }
}

static CACHE: LazyLock<Vec<Float>> =
    LazyLock::new(|| (0..POWERS).map(|at| power_of_ten(power(at))).collect());

fn power(at: i32) -> i32 {
    LOWEST_POWER + POWER_STEP * at
}

/// A power of ten, rounded to 64 bits.
fn power_of_ten(power: i32) -> Float {
    let (mut above, mut below) = (Big::from(1), Big::from(1));
    let scaled = if power < 0 { &mut below } else { &mut above };
    scaled.times_power_of_ten(power.unsigned_abs());
    let exact = above.divided(below);
    let cut = 64 - exact.mantissa.leading_zeros();
    let fraction = u64::try_from(super::binary::shifted(exact.mantissa, cut)).unwrap_or(u64::MAX);
    Float { fraction, exponent: i32::try_from(exact.exponent).unwrap_or_default() + cut.cast_signed() }
}

/// The digits of a positive, finite value, and the power of ten of the last one.
pub(super) fn digits(value: f64) -> (String, i32) {
    let plain = split(value);
    let upper = Float { fraction: plain.fraction * 2 + 1, exponent: plain.exponent - 1 }.normal();
    // Below a power of two the neighbour is only half as far.
    let nearer = if plain.fraction == 1 << 52 { 2 } else { 1 };
    let lower = Float { fraction: (plain.fraction << nearer) - 1, exponent: plain.exponent - nearer };
    let lower = lower.fraction << (lower.exponent - upper.exponent);
    let (scale, power) = scale(upper.exponent);
    let value = plain.normal().times(scale);
    let upper = upper.times(scale);
    let lower = Float { fraction: lower, exponent: 0 }.times(scale);
    let (digits, exponent) =
        generate(value.fraction, upper.fraction - 1, lower.fraction + 1, upper.exponent.unsigned_abs());
    (digits, exponent - power)
}

/// A double as it is stored: its mantissa with the bit that is not written, and its exponent.
fn split(value: f64) -> Float {
    let (fraction, biased) = (value.to_bits() & ((1 << 52) - 1), (value.to_bits() >> 52) & 0x7ff);
    let biased = i32::try_from(biased).unwrap_or_default();
    if biased == 0 {
        Float { fraction, exponent: -1074 }
    } else {
        Float { fraction: fraction | 1 << 52, exponent: biased - 1075 }
    }
}

/// The kept power of ten that brings a number of this exponent to where its digits can be taken off, and which it is.
fn scale(exponent: i32) -> (Float, i32) {
    // The guess is Redis's own, since where two powers would do, another one may give other digits.
    let guess = f64::from(-(exponent + POWERS)) * 0.301_029_995_663_981_14;
    #[expect(clippy::cast_possible_truncation, reason = "what is behind the point is to be dropped")]
    let mut at = (guess as i32 - LOWEST_POWER) / POWER_STEP;
    loop {
        let Some(kept) = usize::try_from(at).ok().and_then(|at| CACHE.get(at)) else {
            // Not reached for any double; a factor of one would be wrong, but would end.
            return (Float { fraction: 1 << 63, exponent: -63 }, 0);
        };
        match exponent + kept.exponent + 64 {
            sum if sum < LOWEST_EXPONENT => at += 1,
            sum if sum > HIGHEST_EXPONENT => at -= 1,
            _ => return (*kept, power(at)),
        }
    }
}

/// Takes digits off the upper end until what is left lies between both ends; `point` bits are behind the point.
fn generate(value: u64, upper: u64, lower: u64, point: u32) -> (String, i32) {
    let one = 1_u64 << point;
    let (mut whole, mut behind) = (upper >> point, upper & (one - 1));
    let (mut width, mut distance) = (upper - lower, upper - value);
    let mut digits = Vec::with_capacity(17);
    for power in (0..10_u32).rev() {
        let unit = 10_u64.pow(power);
        push(&mut digits, whole / unit);
        whole %= unit;
        let rest = (whole << point) + behind;
        if rest <= width {
            approach(&mut digits, width, rest, unit << point, distance);
            return (text(digits), power.cast_signed());
        }
    }
    let mut exponent = 0;
    loop {
        behind = behind.wrapping_mul(10);
        width = width.wrapping_mul(10);
        distance = distance.wrapping_mul(10);
        exponent -= 1;
        push(&mut digits, behind >> point);
        behind &= one - 1;
        if behind < width {
            approach(&mut digits, width, behind, one, distance);
            return (text(digits), exponent);
        }
    }
}

fn push(digits: &mut Vec<u8>, digit: u64) {
    if digit != 0 || !digits.is_empty() {
        digits.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

/// Lowers the last digit as long as that comes nearer to the value and stays between the ends.
fn approach(digits: &mut [u8], width: u64, mut rest: u64, unit: u64, distance: u64) {
    while rest < distance
        && width - rest >= unit
        && (rest + unit < distance || distance - rest > rest + unit - distance)
    {
        if let Some(last) = digits.last_mut() {
            *last -= 1;
        }
        rest += unit;
    }
}

fn text(digits: Vec<u8>) -> String {
    String::from_utf8(digits).unwrap_or_default()
}

//! Natural numbers of any size: just what it takes to turn decimal into binary exactly, and back.

use std::cmp::Ordering;

use super::binary::Exact;

/// A natural number as digits to the base 2^32, the lowest first, no zero at the top.
#[derive(Debug, Clone)]
pub(super) struct Big(Vec<u32>);

impl Big {
    pub(super) fn from(value: u64) -> Self {
        let mut big = Self(vec![low(value), low(value >> 32)]);
        big.trim();
        big
    }

    /// `self * factor + summand`.
    pub(super) fn times_plus(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = low(carry);
            carry >>= 32;
        }
        self.0.push(low(carry));
        self.trim();
    }

    pub(super) fn times_power_of_ten(&mut self, power: u32) {
        for _ in 0..power / 9 {
            self.times_plus(1_000_000_000, 0);
        }
        self.times_plus(10_u32.pow(power % 9), 0);
    }

    pub(super) fn times_power_of_two(&mut self, power: u32) {
        self.times_plus(1 << (power % 32), 0);
        if !self.0.is_empty() {
            let zeros = usize::try_from(power / 32).unwrap_or_default();
            self.0.splice(0..0, std::iter::repeat_n(0, zeros));
        }
    }

    /// Divides by a billion and gives the rest: the last nine decimal digits.
    fn pop_billion(&mut self) -> u32 {
        let mut rest = 0_u64;
        for digit in self.0.iter_mut().rev() {
            rest = rest << 32 | u64::from(*digit);
            *digit = low(rest / 1_000_000_000);
            rest %= 1_000_000_000;
        }
        self.trim();
        low(rest)
    }

    /// The decimal digits.
    pub(super) fn decimal(mut self) -> String {
        let mut groups = Vec::new();
        while !self.0.is_empty() {
            groups.push(self.pop_billion());
        }
        let mut text = groups.pop().unwrap_or_default().to_string();
        text.extend(groups.iter().rev().map(|group| format!("{group:09}")));
        text
    }

    /// `self / divisor` with 96 bits at least, and a sticky bit below them. The divisor must not be zero.
    pub(super) fn divided(mut self, mut divisor: Self) -> Exact {
        const BITS: u32 = 96;
        if self.0.is_empty() {
            return Exact { mantissa: 0, exponent: 0 };
        }
        let ahead = i64::from(self.bits()) - i64::from(divisor.bits());
        match u32::try_from(ahead) {
            Ok(ahead) => divisor.times_power_of_two(ahead),
            Err(_) => self.times_power_of_two(u32::try_from(-ahead).unwrap_or_default()),
        }
        // Both have the same length now: the quotient is one bit before the point, and the rest comes bit by bit.
        let mut mantissa = 0_u128;
        for _ in 0..=BITS {
            let fits = self.cmp(&divisor) != Ordering::Less;
            mantissa = mantissa << 1 | u128::from(fits);
            if fits {
                self.subtract(&divisor);
            }
            self.times_plus(2, 0);
        }
        let sticky = u128::from(!self.0.is_empty());
        Exact { mantissa: mantissa << 1 | sticky, exponent: ahead - i64::from(BITS) - 1 }
    }

    fn bits(&self) -> u32 {
        let whole = u32::try_from(self.0.len()).unwrap_or(u32::MAX / 32);
        self.0.last().map_or(0, |top| whole * 32 - top.leading_zeros())
    }

    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes away what is known not to be larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (digit, other) in self.0.iter_mut().zip(others) {
            let (first, borrowed) = digit.overflowing_sub(other);
            let (second, again) = first.overflowing_sub(u32::from(borrow));
            (*digit, borrow) = (second, borrowed || again);
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
fn low(value: u64) -> u32 {
    value as u32
}

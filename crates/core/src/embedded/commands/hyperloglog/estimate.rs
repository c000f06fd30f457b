//! From registers to a number: Ertl's improved raw estimator, which needs no correction for small or large numbers.

use super::sketch::REGISTER_BITS;

/// The highest rank below the one of a hash that is all zeros.
const RANK_MAX: usize = 64 - REGISTER_BITS as usize;
/// `1 / (2 ln 2)`.
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// About how many different elements these registers have seen.
///
/// Each step rounds as on a server, so that the number is the same.
pub(super) fn count(registers: &[u8]) -> u64 {
    let mut ranks = [0_u32; 64];
    for rank in registers {
        if let Some(count) = ranks.get_mut(usize::from(*rank)) {
            *count += 1;
        }
    }
    let with_rank = |rank: usize| ranks.get(rank).copied().map_or(0.0, f64::from);
    let all = f64::from(1_u32 << REGISTER_BITS);
    let mut sum = all * tau((all - with_rank(RANK_MAX + 1)) / all);
    for rank in (1..=RANK_MAX).rev() {
        sum += with_rank(rank);
        sum *= 0.5;
    }
    sum += all * sigma(with_rank(0) / all);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is above zero and, with ranks up to 51, below 2^64; a cast ends at the edges"
    )]
    let count = (ALPHA * all * all / sum).round() as u64;
    count
}

/// What the registers amount to whose rank is beyond measure.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}

/// What the registers amount to that have seen nothing.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

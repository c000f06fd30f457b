//! Chance from the seed: a stream of its own for every purpose, so that one more draw here shifts nothing there.

use std::time::Duration;

/// A stream of random numbers that depends on the seed and the purpose alone.
pub(super) fn dice(seed: u64, purpose: &str) -> fastrand::Rng {
    // FNV-1a: a purpose is a few letters, and all that matters is that two of them differ.
    let hash = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    fastrand::Rng::with_seed(seed.rotate_left(32) ^ hash)
}

/// A time between both, to the microsecond.
pub(super) fn between(dice: &mut fastrand::Rng, from: Duration, to: Duration) -> Duration {
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(dice.u64(us(from)..=us(to).max(us(from))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_the_seed_and_the_purpose() {
        let draw = |seed, purpose| dice(seed, purpose).u64(..);
        assert_eq!(draw(1, "c0-n0"), draw(1, "c0-n0"));
        assert_ne!(draw(1, "c0-n0"), draw(2, "c0-n0"));
        assert_ne!(draw(1, "c0-n0"), draw(1, "c0-n1"));
    }

    #[test]
    fn times_are_drawn_from_both_ends_and_all_between() {
        let mut dice = dice(1, "times");
        let us = Duration::from_micros;
        let drawn: std::collections::BTreeSet<_> =
            (0..200).map(|_| between(&mut dice, us(3), us(6))).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [us(3), us(4), us(5), us(6)]);
        assert_eq!(between(&mut dice, us(9), us(6)), us(9), "an empty range is its start");
    }
}

//! The random numbers of scripts: the 48-bit generator of Redis, in the state in which a server starts.
//!
//! As on a server since 7.0 it is not reset between scripts: the same scripts in the same order draw the same numbers.

use std::sync::atomic::{AtomicU64, Ordering};

const MASK: u64 = (1 << 48) - 1;
const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const INCREMENT: u64 = 0xB;
/// The low bits of every seed.
const LOW: u64 = 0x330E;

/// drand48's sequence, so that scripts draw what they draw on a server.
#[derive(Debug)]
pub(super) struct Generator(AtomicU64);

impl Generator {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0x1234_ABCD_330E))
    }

    pub(super) fn seed(&self, seed: u32) {
        self.0.store((u64::from(seed) << 16) | LOW, Ordering::Relaxed);
    }

    /// From 0 (inclusive) to 1 (exclusive), in steps of 2^-31 or so.
    pub(super) fn draw(&self) -> f64 {
        let state = self.0.load(Ordering::Relaxed).wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
        self.0.store(state, Ordering::Relaxed);
        let bits = u32::try_from(state >> 17).unwrap_or(0);
        const MAX: u32 = 0x7FFF_FFFF;
        f64::from(bits % MAX) / f64::from(MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asked of a Redis 8.0: `tostring(math.random())` with and without `math.randomseed(0)` before it.
    #[test]
    fn draws_are_those_of_a_server_that_has_just_started_or_was_seeded() {
        let generator = Generator::new();
        let drawn: Vec<String> = (0..2).map(|_| format!("{:.14}", generator.draw())).collect();
        assert_eq!(drawn, ["0.39646477363839", "0.84048536971234"]);
        generator.seed(0);
        let drawn: Vec<String> = (0..2).map(|_| format!("{:.14}", generator.draw())).collect();
        assert_eq!(drawn, ["0.17082803611217", "0.74990198051087"]);
    }
}

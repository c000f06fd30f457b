//! How long a lane waits before it is sent again.

use std::time::Duration;

/// Full jitter: by chance, anything up to a bound that doubles with each attempt.
///
/// # References
///
/// Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015: of the ways that are compared there, the one with the
/// least work for the server.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    last: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    /// Pauses of up to `first`, and never over `last`.
    pub(super) fn new(first: Duration, last: Duration, seed: u64) -> Self {
        Self { first, last, random: fastrand::Rng::with_seed(seed) }
    }

    /// The pause after so many attempts in a row that came to nothing.
    pub(super) fn pause(&mut self, attempts: u32) -> Duration {
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.first.saturating_mul(doubled).min(self.last);
        let bound_ns = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.u64(..=bound_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_fill_a_bound_that_doubles_up_to_the_last() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(10), ms(100), 7);
        for (attempts, bound) in
            [(0, 10), (1, 10), (2, 20), (3, 40), (4, 80), (5, 100), (6, 100), (u32::MAX, 100)]
        {
            let pauses: Vec<_> = (0..1000).map(|_| backoff.pause(attempts)).collect();
            let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
            assert!(*least < ms(bound) / 50, "{attempts}: {least:?} is far from none");
            assert!(*most <= ms(bound) && *most > ms(bound) * 49 / 50, "{attempts}: {most:?}");
        }
    }

    #[test]
    fn one_seed_draws_the_same_pauses() {
        let drawn = |seed| {
            let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_secs(5), seed);
            (0..20).map(|attempts| backoff.pause(attempts)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn no_pause_is_no_pause() {
        assert_eq!(Backoff::new(Duration::ZERO, Duration::ZERO, 1).pause(9), Duration::ZERO);
    }
}

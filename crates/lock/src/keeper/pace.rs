//! How often a lease is extended, and how soon again after a failure: pure.

use std::time::Duration;

use crate::validity;

/// How one lease is extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) ttl: Duration,
    /// Until when it may be extended at most.
    pub(crate) max_until: Duration,
    /// Whether it is extended without being asked.
    pub(crate) is_attended: bool,
}

impl Pace {
    /// When to extend what was confirmed by what was sent at `start`, and protects until then.
    pub(crate) fn due(&self, start: Duration, until: Duration) -> Option<Duration> {
        (self.is_attended && until < self.max_until).then(|| start + self.ttl / 3)
    }

    /// For how long to ask in a round that begins at `start`: the ttl, or what is left to the end and the margin, so that the
    /// servers do not keep the lock much longer than it may be held. A server that has the lock for longer keeps it so.
    pub(crate) fn ask(&self, start: Duration, drift_ppm: u32) -> Duration {
        let left = self.max_until.saturating_sub(start);
        self.ttl.min(left.saturating_add(validity::margin(self.ttl, drift_ppm)))
    }
}

/// How long to wait after a round that failed: a few round trips, twice as long each time, and never long against the ttl.
/// `chance` is from 0 to 1, so that processes which failed together do not come back together.
pub(crate) fn pause(round_trip: Duration, failures: u32, ttl: Duration, chance: f64) -> Duration {
    let most = (ttl / 20).clamp(Duration::from_millis(1), Duration::from_millis(500));
    let least = Duration::from_millis(5).min(most);
    let pause = round_trip.saturating_mul(2 << failures.min(8)).clamp(least, most);
    pause.mul_f64(0.5 + chance.clamp(0.0, 1.0))
}

/// How long a round may take: what an attempt may, and twice as long each time it failed, because servers that have become
/// slower than they ever were are not heard otherwise. Never so long that only few rounds fit into a ttl.
pub(crate) fn deadline(usual: Duration, failures: u32, ttl: Duration) -> Duration {
    let most = (ttl / 6).clamp(Duration::from_millis(20), Duration::from_secs(1));
    usual.saturating_mul(1 << failures.min(8)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const PACE: Pace = Pace { ttl: ms(30_000), max_until: Duration::MAX, is_attended: true };

    #[test]
    fn it_is_extended_a_third_of_its_ttl_after_what_confirmed_it_was_sent() {
        assert_eq!(PACE.due(ms(1_000), ms(30_000)), Some(ms(11_000)));
        let unattended = Pace { is_attended: false, ..PACE };
        assert_eq!(unattended.due(ms(1_000), ms(30_000)), None, "unless nobody wants that");
        let bounded = Pace { max_until: ms(30_000), ..PACE };
        assert_eq!(bounded.due(ms(1_000), ms(29_999)), Some(ms(11_000)));
        assert_eq!(bounded.due(ms(1_000), ms(30_000)), None, "nor where it reaches to its end");
    }

    #[test]
    fn what_is_asked_for_reaches_to_the_end_and_hardly_beyond() {
        assert_eq!(PACE.ask(ms(500), 5_000), ms(30_000));
        for left_ms in [1, 50, 4_999, 20_000, 29_697, 29_698] {
            let pace = Pace { max_until: ms(500 + left_ms), ..PACE };
            let ask = pace.ask(ms(500), 5_000);
            assert!(validity::valid_until(ms(500), ask, 5_000) >= pace.max_until, "{left_ms}");
            assert!(ask <= ms(left_ms + 302), "{left_ms}");
        }
    }

    #[test]
    fn pauses_grow_with_failures_and_stay_short_against_the_ttl() {
        assert_eq!(pause(ms(3), 0, ms(30_000), 0.5), ms(6));
        assert_eq!(pause(ms(3), 2, ms(30_000), 0.5), ms(24));
        assert_eq!(pause(ms(3), 30, ms(30_000), 0.5), ms(500));
        assert_eq!(pause(ms(3), 30, ms(400), 0.5), ms(20));
        assert_eq!(pause(ms(0), 0, ms(10), 0.5), ms(1));
        assert_eq!(pause(ms(3), 30, ms(30_000), 0.0), ms(250));
        assert_eq!(pause(ms(3), 30, ms(30_000), 1.0), ms(750));
    }

    #[test]
    fn deadlines_grow_with_failures_and_several_fit_into_a_ttl() {
        assert_eq!(deadline(ms(50), 0, ms(30_000)), ms(50));
        assert_eq!(deadline(ms(50), 3, ms(30_000)), ms(400));
        assert_eq!(deadline(ms(50), 99, ms(30_000)), ms(1_000));
        assert_eq!(deadline(ms(1_000), 0, ms(600)), ms(100));
        assert_eq!(deadline(ms(1_000), 0, ms(4)), ms(20));
    }
}

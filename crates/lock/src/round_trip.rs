//! How long the servers take: deadlines and pauses follow from it.

use std::sync::Mutex;
use std::time::Duration;

use redfleet_core::lock;

/// The smoothed round trip and its deviation, as TCP keeps them.
///
/// # References
///
/// Jacobson, Congestion Avoidance and Control, 1988; RFC 6298.
#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    mean: Duration,
    deviation: Duration,
    least: Duration,
}

/// What an attempt may take before anything is known of the servers, and at most.
const UNKNOWN: Duration = Duration::from_secs(1);
/// What an attempt may take at least, however fast the servers are. It is no measure of the way but of the longest stops that are
/// nobody's failure: a server that forks to save a large store, a disk that is slow to sync, a machine that has more to do than it can.
/// Little depends on it: a server that is down costs nothing once its breaker is open, and one that hangs delays nobody as long as
/// a majority answers. Only where a majority hangs is it how long a caller waits to be told so; and an attempt that was given up too early
/// costs its release, and another attempt.
const LEAST: Duration = Duration::from_millis(500);

impl RoundTrip {
    /// A round trip took this long.
    pub(crate) fn note(&self, took: Duration) {
        let mut known = lock(&self.known);
        *known = Some(match *known {
            None => Known { mean: took, deviation: took / 2, least: took },
            Some(Known { mean, deviation, least }) => Known {
                mean: (mean * 7 + took) / 8,
                deviation: (deviation * 3 + mean.abs_diff(took)) / 4,
                least: least.min(took),
            },
        });
    }

    /// The shortest round trip that there was: no answer is here before that.
    pub(crate) fn least(&self) -> Option<Duration> {
        lock(&self.known).map(|known| known.least)
    }

    /// The smoothed round trip, if there was one.
    pub(crate) fn mean(&self) -> Option<Duration> {
        lock(&self.known).map(|known| known.mean)
    }

    /// Longer than nearly every round trip: the mean and four deviations.
    pub(crate) fn longest(&self) -> Option<Duration> {
        lock(&self.known).map(|known| known.mean + known.deviation * 4)
    }

    /// How long one attempt waits for the servers: four times the longest, from half a second to 1 s.
    pub(crate) fn deadline(&self) -> Duration {
        self.longest().map_or(UNKNOWN, |longest| (longest * 4).clamp(LEAST, UNKNOWN))
    }

    /// How long a lock is kept for the one that was woken: three times the longest, from 20 to 200 ms.
    pub(crate) fn reservation(&self) -> Duration {
        let (least, most) = (Duration::from_millis(20), Duration::from_millis(200));
        self.longest().map_or(most, |longest| (longest * 3).clamp(least, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    fn noted(took: impl IntoIterator<Item = Duration>) -> RoundTrip {
        let round_trip = RoundTrip::default();
        took.into_iter().for_each(|took| round_trip.note(took));
        round_trip
    }

    #[test]
    fn before_anything_is_known_there_is_time_enough() {
        let round_trip = RoundTrip::default();
        assert_eq!((round_trip.mean(), round_trip.longest()), (None, None));
        assert_eq!(round_trip.deadline(), Duration::from_secs(1));
        assert_eq!(round_trip.reservation(), Duration::from_millis(200));
    }

    #[test]
    fn the_first_round_trip_is_the_mean_and_half_of_it_the_deviation() {
        let round_trip = noted([us(40_000)]);
        assert_eq!((round_trip.mean(), round_trip.longest()), (Some(us(40_000)), Some(us(120_000))));
        assert_eq!(round_trip.deadline(), us(500_000), "480 ms would be less than the least");
        assert_eq!(round_trip.reservation(), us(200_000), "no longer than this");
    }

    #[test]
    fn steady_servers_are_waited_for_the_least_time() {
        let round_trip = noted([us(300); 100]);
        assert_eq!(round_trip.mean(), Some(us(300)));
        assert!(round_trip.longest() < Some(us(310)), "the deviation goes");
        assert_eq!(round_trip.deadline(), Duration::from_millis(500));
        assert_eq!(round_trip.reservation(), Duration::from_millis(20));
    }

    #[test]
    fn one_late_reply_moves_the_mean_by_an_eighth_and_the_longest_by_more_than_itself() {
        let round_trip = noted([us(1_000); 100].into_iter().chain([us(9_000)]));
        assert_eq!(round_trip.mean(), Some(us(2_000)));
        assert!(round_trip.longest() > Some(us(9_000)), "{:?}", round_trip.longest());
        let slow = noted([Duration::from_secs(5)]);
        assert_eq!(slow.deadline(), Duration::from_secs(1), "no longer than this");
    }
}

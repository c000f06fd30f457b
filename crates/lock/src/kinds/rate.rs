//! Rates: how many in how long, and how many at once; kept by each server with its own clock.

mod limiter;
mod take;

use std::time::Duration;

use crate::error::{Error, Result};

pub use limiter::{RateLimiter, Taken};

/// How many in how long, and how many at once.
///
/// # Example
///
/// ```
/// use redfleet_lock::Rate;
/// use std::time::Duration;
///
/// let mails = Rate::per(100, Duration::from_secs(3600)).burst(10);
/// assert_eq!(mails.interval(), Duration::from_secs(36));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Duration,
    burst: u32,
}

/// The longest time that may earn a burst: ten years, so that all times are exact in Lua's numbers.
const LONGEST_US: u128 = 10 * 366 * 86_400 * 1_000_000;

impl Rate {
    /// So many a second, one at a time.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        Self::per(count, Duration::from_secs(1))
    }

    /// So many in each such time, one at a time.
    #[must_use]
    pub const fn per(count: u32, time: Duration) -> Self {
        Self { count, per: time, burst: 1 }
    }

    /// How many may be taken at once after a pause: 1 unless it is said. They are earned one by one, at the rate.
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// The time that earns one: rounded up to a whole microsecond, so the rate is never exceeded, and one of more than about ten
    /// thousand a second is lower by what is rounded.
    #[must_use]
    pub fn interval(&self) -> Duration {
        let count = u128::from(self.count.max(1)) * 1_000;
        Duration::from_micros(u64::try_from(self.per.as_nanos().div_ceil(count)).unwrap_or(u64::MAX))
    }

    /// The times that earn `cost` and a burst, in microseconds.
    fn times_us(&self, cost: u32) -> Result<(u64, u64)> {
        let wrong = |what, expected: &'static str| Err(Error::Request { what, expected: expected.into() });
        if self.count == 0 || self.burst == 0 || self.per.is_zero() {
            return wrong("a rate", "at least 1 in some time, and 1 at once");
        }
        if cost == 0 || cost > self.burst {
            return wrong("what is taken at once from a rate", "at least 1, and at most its burst");
        }
        let interval = self.interval().as_micros();
        if interval * u128::from(self.burst) > LONGEST_US {
            return wrong("the time that earns the burst of a rate", "at most ten years");
        }
        let micros = |count: u32| u64::try_from(interval * u128::from(count)).unwrap_or(u64::MAX);
        Ok((micros(cost), micros(self.burst)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earns_one_is_rounded_up_so_that_the_rate_is_never_exceeded() {
        assert_eq!(Rate::per_second(3).interval(), Duration::from_micros(333_334));
        assert_eq!(Rate::per_second(1_000_000).interval(), Duration::from_micros(1));
        assert_eq!(Rate::per_second(3_000_000).interval(), Duration::from_micros(1));
        assert_eq!(Rate::per_second(4).burst(3).times_us(2).unwrap(), (500_000, 750_000));
    }

    #[test]
    fn what_can_never_be_taken_is_no_request() {
        let day = Duration::from_secs(86_400);
        let wrong = [
            (Rate::per_second(0), 1),
            (Rate::per_second(1).burst(0), 1),
            (Rate::per(1, Duration::ZERO), 1),
            (Rate::per_second(5), 2),
            (Rate::per_second(5), 0),
            (Rate::per(1, day).burst(4_000), 1),
        ];
        for (rate, cost) in wrong {
            assert!(matches!(rate.times_us(cost), Err(Error::Request { .. })), "{rate:?} {cost}");
        }
    }
}

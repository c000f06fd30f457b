//! How long a key lives, in Redis's milliseconds and in ours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::Value;

use super::read::sequence;
use crate::deferred::convert;
use crate::error::Result;

/// How long a key, or a field of a hash, will live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Redis knows these three, and callers must match on all")]
pub enum Ttl {
    /// There is none.
    Missing,
    /// It has no time to live: it stays until it is deleted.
    Forever,
    /// It lives this much longer.
    Left(Duration),
}

/// What PTTL says.
pub(super) fn ttl(reply: Value) -> Result<Ttl> {
    Ok(match convert::<i64>(reply)? {
        -1 => Ttl::Forever,
        left => u64::try_from(left).map_or(Ttl::Missing, |left_ms| Ttl::Left(Duration::from_millis(left_ms))),
    })
}

/// What HPTTL says: one for each field. Of a hash that is not there, some versions say nothing.
pub(super) fn ttls(reply: Value) -> Result<Vec<Ttl>> {
    sequence(reply)?.into_iter().map(ttl).collect()
}

/// Whole milliseconds, rounded up: what is to live a little does not die at once.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Milliseconds of the Unix clock, rounded up. A time before it is the past all the same.
pub(super) fn unix_millis(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(1, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lives_are_told_apart() {
        let of = |reply| ttl(Value::Int(reply)).unwrap();
        assert_eq!(
            [-2, -1, 0, 5].map(of),
            [Ttl::Missing, Ttl::Forever, Ttl::Left(Duration::ZERO), Ttl::Left(Duration::from_millis(5))]
        );
        assert!(ttl(Value::Okay).is_err());
    }

    #[test]
    fn a_life_is_never_rounded_to_nothing() {
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_micros(1_001)), 2);
        assert_eq!(millis(Duration::from_secs(2)), 2_000);
        assert_eq!(millis(Duration::MAX), u64::MAX);
        assert_eq!(unix_millis(UNIX_EPOCH + Duration::from_secs(1)), 1_000);
        assert_eq!(unix_millis(UNIX_EPOCH - Duration::from_secs(1)), 1);
    }
}

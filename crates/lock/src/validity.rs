//! How long a lease protects: pure arithmetic over times of one clock.

use std::time::Duration;

use redfleet_core::mutant;

/// Redis ends lives in steps of a millisecond, at both ends of an interval.
pub(crate) const GRAIN: Duration = Duration::from_millis(2);

/// How much of a span is given up because two clocks, ours and a server's, may each run at a rate that is off.
pub(crate) fn margin(span: Duration, drift_ppm: u32) -> Duration {
    if mutant::is_on("margin_is_missing") {
        return Duration::ZERO;
    }
    let drift = span.as_nanos() * 2 * u128::from(drift_ppm) / 1_000_000;
    Duration::from_nanos(u64::try_from(drift).unwrap_or(u64::MAX)).saturating_add(GRAIN)
}

/// Until when a lease protects that was asked for at `start`, before anything was sent.
pub(crate) fn valid_until(start: Duration, ttl: Duration, drift_ppm: u32) -> Duration {
    start + ttl.saturating_sub(margin(ttl, drift_ppm))
}

/// When that was asked for which protects until then: before anything was sent.
pub(crate) fn start(valid_until: Duration, ttl: Duration, drift_ppm: u32) -> Duration {
    valid_until.saturating_sub(ttl.saturating_sub(margin(ttl, drift_ppm)))
}

/// How long a server must not vote that may have forgotten leases: until the longest of them has ended on every clock.
pub(crate) fn quarantine(max_ttl: Duration, drift_ppm: u32) -> Duration {
    if mutant::is_on("quarantine_is_ignored") {
        return GRAIN;
    }
    max_ttl + margin(max_ttl, drift_ppm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clocks_drift_so_twice_the_budget_is_given_up() {
        let ttl = Duration::from_secs(30);
        assert_eq!(margin(ttl, 5_000), Duration::from_millis(302));
        let start = Duration::from_secs(100);
        assert_eq!(valid_until(start, ttl, 5_000), start + Duration::from_millis(29_698));
        assert_eq!(super::start(valid_until(start, ttl, 5_000), ttl, 5_000), start);
        assert_eq!(valid_until(start, Duration::from_millis(1), 5_000), start, "never before the start");
        assert_eq!(quarantine(Duration::from_secs(60), 5_000), Duration::from_millis(60_602));
    }
}

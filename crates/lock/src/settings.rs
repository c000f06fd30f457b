//! What a [`Locks`](crate::Locks) is told when it is built, and what of it is possible.

use std::time::Duration;

use redfleet_core::Clock;

use crate::error::BuildError;
use crate::validity;

/// The settings, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The prefix of all keys: `redfleet:lock:`, with a namespace `redfleet:lock:NAMESPACE:`.
    pub(crate) space: String,
    /// How long a lease lives on the servers unless it is said, 30 s.
    pub(crate) ttl: Duration,
    /// The longest ttl that any client of the fleet may ask for, 60 s.
    pub(crate) max_ttl: Duration,
    /// By how much the rate of any one clock may be off, in parts per million: 5,000.
    pub(crate) drift_ppm: u32,
    /// How many times in a row a lock may be passed on within the process, 8.
    pub(crate) local_hand_overs: u32,
    /// Whether the fleet was declared to be new.
    pub(crate) is_new_fleet: bool,
    /// Whether the servers were declared to keep over a restart all that they acknowledged.
    pub(crate) is_durable: bool,
    pub(crate) clock: Clock,
    pub(crate) seed: Option<u64>,
}

/// What all keys begin with.
const SPACE: &str = "redfleet:lock:";
/// One clock in ten wrong by so much is no clock: a tenth.
const MAX_DRIFT_PPM: u32 = 100_000;
/// A new life of a server does not vote for this long: nobody wants to wait longer.
const MAX_MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// A block of tokens, one a microsecond, is used up by a hold that takes longer than so many microseconds: what was given out
/// never runs ahead of the time.
const MAX_LOCAL_HAND_OVERS: u32 = 64;

impl Default for Settings {
    fn default() -> Self {
        Self {
            space: SPACE.to_owned(),
            ttl: Duration::from_secs(30),
            max_ttl: Duration::from_secs(60),
            drift_ppm: 5_000,
            local_hand_overs: 8,
            is_new_fleet: false,
            is_durable: false,
            clock: Clock::system(),
            seed: None,
        }
    }
}

impl Settings {
    /// Puts all keys into a namespace.
    pub(crate) fn set_namespace(&mut self, namespace: &str) -> Result<(), BuildError> {
        if namespace.is_empty() || namespace.contains(['{', '}']) {
            return Err(impossible("the namespace", "not empty, and without braces"));
        }
        self.space = format!("{SPACE}{namespace}:");
        Ok(())
    }

    /// Says what of them is impossible.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if !(1..=MAX_DRIFT_PPM).contains(&self.drift_ppm) {
            return Err(impossible("drift_ppm", "from 1 to 100,000: no two clocks run alike"));
        }
        if self.max_ttl > MAX_MAX_TTL {
            return Err(impossible(
                "max_ttl",
                "24 hours or shorter: a server that forgot does not vote for it",
            ));
        }
        if self.local_hand_overs > MAX_LOCAL_HAND_OVERS {
            return Err(impossible("local_hand_overs", "64 or fewer: tokens must not run ahead of the time"));
        }
        self.check_ttl(self.ttl).map_err(|expected| impossible("ttl", expected))
    }

    /// Says what is wrong with a lease's ttl: the one that was set, or one that is asked for. One that is longer than `max_ttl` could
    /// outlive a quarantine.
    pub(crate) fn check_ttl(&self, ttl: Duration) -> Result<(), &'static str> {
        if ttl.is_zero() {
            return Err("longer than zero");
        }
        if ttl > self.max_ttl {
            return Err("no longer than max_ttl");
        }
        // What the servers are told is in whole milliseconds.
        let told = Duration::from_millis(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        if told <= validity::margin(told, self.drift_ppm) {
            return Err("longer than the margin for clocks that drift, which is 2 ms and twice drift_ppm");
        }
        Ok(())
    }
}

const fn impossible(setting: &'static str, expected: &'static str) -> BuildError {
    BuildError::Setting { setting, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.check().map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn the_defaults_are_possible_and_what_is_at_a_bound_is_so_too() {
        assert_eq!(wrong(|_| {}), "fine");
        assert_eq!(wrong(|s| s.ttl = s.max_ttl), "fine");
        assert_eq!(wrong(|s| s.drift_ppm = 100_000), "fine");
        assert_eq!(wrong(|s| s.local_hand_overs = 0), "fine");
        assert_eq!(wrong(|s| s.ttl = Duration::from_millis(3)), "fine");
    }

    #[test]
    fn what_is_impossible_is_said_by_its_name() {
        let ms = Duration::from_millis;
        assert!(wrong(|s| s.ttl = Duration::ZERO).contains("ttl must be longer than zero"));
        assert!(wrong(|s| s.ttl = s.max_ttl + ms(1)).contains("ttl must be no longer than max_ttl"));
        assert!(wrong(|s| s.ttl = ms(2)).contains("ttl must be longer than the margin"));
        assert!(
            wrong(|s| s.ttl = Duration::from_micros(2_999)).contains("ttl must be longer than the margin")
        );
        assert!(wrong(|s| s.drift_ppm = 0).contains("drift_ppm must be"));
        assert!(wrong(|s| s.drift_ppm = 100_001).contains("drift_ppm must be"));
        assert!(wrong(|s| s.max_ttl = Duration::from_secs(86_401)).contains("max_ttl must be"));
        assert!(wrong(|s| s.local_hand_overs = 65).contains("local_hand_overs must be"));
    }

    #[test]
    fn a_namespace_is_part_of_every_key_and_never_of_the_slot() {
        let mut settings = Settings::default();
        settings.set_namespace("shop").unwrap();
        assert_eq!(settings.space, "redfleet:lock:shop:");
        for bad in ["", "{", "a}b"] {
            assert!(settings.set_namespace(bad).is_err(), "{bad:?}");
        }
    }
}

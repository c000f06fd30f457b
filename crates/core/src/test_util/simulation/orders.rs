//! Which seeds a person asked for, and what they are told.

use std::env;
use std::ops::Range;
use std::time::Duration;

use super::{Failure, Summary};

const SEEDS: &str = "REDFLEET_SIM_SEEDS";
const SEED: &str = "REDFLEET_SIM_SEED";
const TRACE: &str = "REDFLEET_SIM_TRACE";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) seeds: Range<u64>,
    is_single: bool,
    wants_trace: bool,
}

impl Orders {
    /// Reads the variables that `cargo xtask sim` sets.
    pub(super) fn from_environment(usual: u64) -> Self {
        let read = |name: &str| env::var(name).ok();
        Self::from(usual, read(SEEDS).as_deref(), read(SEED).as_deref(), read(TRACE).is_some())
    }

    /// A number that cannot be read, or no seed at all, must not look like a run that was asked for and is fine.
    fn from(usual: u64, seeds: Option<&str>, seed: Option<&str>, wants_trace: bool) -> Self {
        let number = |name: &str, text: &str| -> u64 {
            text.parse().unwrap_or_else(|_| panic!("{name} must be a number, and is {text:?}"))
        };
        let first = |count: u64, whose: &str| {
            assert!(count > 0, "{whose} must be at least 1: without a seed nothing is run");
            Self { seeds: 0..count, is_single: false, wants_trace: false }
        };
        match (seeds, seed) {
            (_, Some(seed)) => {
                let seed = number(SEED, seed);
                let Some(end) = seed.checked_add(1) else { panic!("{SEED} must be less than {}", u64::MAX) };
                Self { seeds: seed..end, is_single: true, wants_trace }
            }
            (Some(seeds), None) => first(number(SEEDS, seeds), SEEDS),
            (None, None) => first(usual, "the number of seeds of a scenario"),
        }
    }

    /// Whether the trace is told also of a run that is fine.
    pub(super) const fn wants_trace(&self) -> bool {
        self.wants_trace
    }

    /// The failure, with the whole trace if it was asked for by its seed.
    pub(super) fn whole(&self, mut failure: Failure) -> Failure {
        failure.is_whole = self.is_single;
        failure
    }

    /// Tells what was run and how fast: `worked` is the time that it took one core.
    pub(super) fn tell_success(&self, name: &str, summary: &Summary, worked: Duration) {
        let took = worked.as_secs_f64();
        let runs = summary.seeds.max(1);
        let a_second = runs as f64 / took.max(f64::EPSILON);
        let (requests, lasted) = (summary.requests / runs, summary.lasted.as_secs_f64() / runs as f64);
        tell(&format!(
            "scenario {name}: seeds {} to {} are fine, {a_second:.0} a second of one core; \
             {requests} requests and {lasted:.1} s of simulated time a run\n",
            self.seeds.start,
            self.seeds.end.saturating_sub(1),
        ));
    }
}

/// Tells it to whoever runs the test.
#[expect(clippy::print_stdout, reason = "what was run is to be seen where a test's output is shown")]
pub(super) fn tell(text: &str) {
    print!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_stronger_than_a_number_of_seeds() {
        assert_eq!(Orders::from(50, None, None, true).seeds, 0..50);
        assert_eq!(Orders::from(50, Some("1000"), None, false).seeds, 0..1000);
        let one = Orders::from(50, Some("1000"), Some("17"), true);
        assert_eq!(one, Orders { seeds: 17..18, is_single: true, wants_trace: true });
    }

    #[test]
    #[should_panic(expected = "REDFLEET_SIM_SEED must be a number, and is \"x\"")]
    fn what_is_no_number_is_told() {
        Orders::from(50, None, Some("x"), false);
    }

    #[test]
    #[should_panic(expected = "REDFLEET_SIM_SEEDS must be at least 1")]
    fn no_seed_is_no_run_that_could_be_fine() {
        Orders::from(50, Some("0"), None, false);
    }

    #[test]
    #[should_panic(expected = "the number of seeds of a scenario must be at least 1")]
    fn a_scenario_without_a_seed_is_a_mistake() {
        Orders::from(0, None, None, false);
    }

    #[test]
    #[should_panic(expected = "REDFLEET_SIM_SEED must be less than 18446744073709551615")]
    fn the_seed_that_has_no_next_one_is_refused() {
        Orders::from(50, None, Some("18446744073709551615"), false);
    }
}

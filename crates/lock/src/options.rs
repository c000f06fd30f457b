//! The options of a request: what may be said of a lock when it is asked for, whatever its kind.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::hold::Terms;
use crate::round_trip::RoundTrip;
use crate::settings::Settings;

/// What is said of a lock when it is asked for. What each option means to whoever says it,
/// [`LockRequest`](crate::LockRequest) tells.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long the lease lives on the servers if it is not extended.
    pub(crate) ttl: Duration,
    /// How long it is waited for if it is not free.
    pub(crate) wait: Duration,
    /// Whether it is taken past those who were woken for it.
    pub(crate) is_fast: bool,
    /// What concerns the hold: its owner, how long it lasts at most, and whether it is extended.
    pub(crate) terms: Terms,
}

impl Options {
    /// Nothing is said: all is as the locks were built.
    pub(crate) fn new(settings: &Settings) -> Self {
        let ttl = settings.ttl;
        Self { ttl, wait: ttl, is_fast: false, terms: Terms::default() }
    }

    /// Whether a lock may be asked for like this.
    ///
    /// # Errors
    ///
    /// [`Error::Request`]: no lease can have this ttl.
    pub(crate) fn check(&self, settings: &Settings) -> Result<()> {
        let wrong =
            |expected: &'static str| Error::Request { what: "the ttl of a lock", expected: expected.into() };
        settings.check_ttl(self.ttl).map_err(wrong)
    }

    /// Whether it may be waited for like this, by what is known of the servers.
    ///
    /// # Errors
    ///
    /// [`Error::Request`]: the wait is over before an answer can be there.
    pub(crate) fn check_wait(&self, round_trip: &RoundTrip) -> Result<()> {
        // The shortest, which what was slow once does not change: who is refused sends nothing, and would never know better.
        match round_trip.least() {
            Some(least) if self.wait < least && !self.wait.is_zero() => {
                let expected = format!("zero, or at least a round trip, which takes {least:?}").into();
                Err(Error::Request { what: "the wait for a lock", expected })
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_not_said_is_as_the_locks_were_built() {
        let settings = Settings { ttl: ms(7_000), ..Settings::default() };
        let options = Options::new(&settings);
        assert_eq!((options.ttl, options.wait, options.is_fast), (ms(7_000), ms(7_000), false));
        let Terms { owner, max_hold, is_attended } = options.terms;
        assert_eq!((owner, max_hold, is_attended), (None, Duration::MAX, true));
    }

    #[test]
    fn a_ttl_is_from_the_margin_to_the_longest() {
        let settings = Settings::default();
        let with = |ttl| Options { ttl, ..Options::new(&settings) }.check(&settings);
        with(ms(3)).unwrap();
        with(settings.max_ttl).unwrap();
        for wrong in [Duration::ZERO, ms(2), settings.max_ttl + ms(1)] {
            let told = with(wrong).unwrap_err().to_string();
            assert!(told.starts_with("nothing was sent: the ttl of a lock must be "), "{told}");
        }
    }

    #[test]
    fn a_wait_is_zero_or_a_round_trip_long_where_one_is_known() {
        let (settings, round_trip) = (Settings::default(), RoundTrip::default());
        let with = |wait| Options { wait, ..Options::new(&settings) };
        with(ms(1)).check_wait(&round_trip).unwrap();
        round_trip.note(ms(40));
        with(Duration::ZERO).check_wait(&round_trip).unwrap();
        with(ms(40)).check_wait(&round_trip).unwrap();
        let told = with(ms(39)).check_wait(&round_trip).unwrap_err().to_string();
        assert!(told.ends_with("must be zero, or at least a round trip, which takes 40ms"), "{told}");
        round_trip.note(ms(490));
        with(ms(40)).check_wait(&round_trip).unwrap();
    }
}

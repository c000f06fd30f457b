//! A breaker: a node that is down is not asked until a probe finds it up.

mod guarded;
mod health;

use std::sync::Arc;
use std::time::Duration;

use super::Layer;
use crate::backend::Backend;
use crate::error::ConfigError;

pub(crate) use guarded::Guarded;

/// Settings of a breaker.
///
/// # Guarantee
///
/// It opens at once when the node refuses the connection or the login, and after a number of time-outs and broken
/// connections in a row otherwise; never on an error that the server itself replied. While it is open, every
/// call answers at once with [`Error::Down`](crate::Error::Down), whose cause is the failure that opened it. A hung connection is
/// dropped, and what was in flight on it ends with effect unknown. A probe (one PING) goes out on a new
/// connection, first after 100 ms and then ever more rarely, up to every 60 s; any reply closes the breaker.
///
/// Time-outs are told to it by whoever owns the deadline, through [`Backend::overdue`]: a breaker has no
/// deadline of its own, except for its probes.
///
/// One is enough: a [`Fleet`](crate::Fleet) has one around each of its nodes, and a second one around the first only
/// adds its own pauses between probes.
///
/// # References
///
/// Nygard, Release It!, 2007: circuit breaker.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    strikes: u32,
    first_probe: Duration,
    last_probe: Duration,
    probe_deadline: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            strikes: 3,
            first_probe: Duration::from_millis(100),
            last_probe: Duration::from_secs(60),
            probe_deadline: Duration::from_secs(1),
        }
    }
}

impl Breaker {
    /// Opens after this many time-outs and broken connections in a row; 3 unless it is said.
    ///
    /// # Errors
    ///
    /// If it is zero.
    pub const fn strikes(mut self, strikes: u32) -> Result<Self, ConfigError> {
        if strikes == 0 {
            return Err(ConfigError::Setting { setting: "the breaker's strikes", expected: "at least 1" });
        }
        self.strikes = strikes;
        Ok(self)
    }

    /// Probes first after `first`, then twice as late each time, up to `last`; 100 ms and 60 s unless it is
    /// said.
    ///
    /// # Errors
    ///
    /// If `first` is zero or longer than `last`.
    pub fn probes(mut self, first: Duration, last: Duration) -> Result<Self, ConfigError> {
        if first.is_zero() || first > last {
            let expected = "longer than zero, and the first not longer than the last";
            return Err(ConfigError::Setting { setting: "the breaker's probes", expected });
        }
        (self.first_probe, self.last_probe) = (first, last);
        Ok(self)
    }

    /// Gives a probe this long to be answered, connecting included; 1 s unless it is said.
    ///
    /// # Errors
    ///
    /// If it is zero.
    pub fn probe_deadline(mut self, deadline: Duration) -> Result<Self, ConfigError> {
        if deadline.is_zero() {
            return Err(ConfigError::Setting {
                setting: "the probe's deadline",
                expected: "longer than zero",
            });
        }
        self.probe_deadline = deadline;
        Ok(self)
    }

    pub(crate) fn guard(self, inner: Arc<dyn Backend>) -> Arc<Guarded> {
        Guarded::new(inner, self)
    }
}

impl Layer for Breaker {
    fn layer(&self, inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        self.guard(inner)
    }
}

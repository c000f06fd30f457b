//! Clocks that are off.

use std::time::Duration;

/// How far a clock is off at most.
pub(crate) const OFF: Duration = Duration::from_millis(1500);

//! When a deadline is over that counts from now.

use std::time::Duration;

use tokio::time::Instant;

/// As far away as anybody waits: thirty years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The time so long from now; for what is longer than the clock can tell, one that nobody sees.
pub(crate) fn after(wait: Duration) -> Instant {
    Instant::now() + wait.min(FAR)
}

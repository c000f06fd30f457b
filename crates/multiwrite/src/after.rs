//! Deadlines that count from now: when one is over, and a node that has not answered by then.

use std::time::Duration;

use redfleet_core::{Error, Result};
use tokio::time::{Instant, timeout};

/// As far away as anybody waits: thirty years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The time so long from now; for what is longer than the clock can tell, one that nobody sees.
pub(crate) fn after(wait: Duration) -> Instant {
    Instant::now() + wait.min(FAR)
}

/// What a node answers within the deadline; past it, that it has not.
pub(crate) async fn within<T>(deadline: Duration, asked: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(deadline, asked).await.unwrap_or_else(|_| Err(Error::deadline(deadline)))
}

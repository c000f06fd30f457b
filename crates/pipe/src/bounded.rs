//! One call of a backend, and how long it may take.

use std::time::Duration;

use redfleet_core::{Backend, Error, Result};
use tokio::time::timeout;

/// The call's answer, or that it did not come within the deadline, which the backend is told of too.
pub(crate) async fn bounded<T>(
    backend: &dyn Backend,
    deadline: Option<Duration>,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(deadline) = deadline else { return call.await };
    match timeout(deadline, call).await {
        Ok(answer) => answer,
        Err(_) => {
            backend.overdue(deadline);
            Err(Error::deadline(deadline))
        }
    }
}

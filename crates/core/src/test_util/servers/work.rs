//! Work on the background runtime: connections to Docker and to servers must belong to no test's own.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::background::background;

/// How long anything may take that is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs `work` where it outlives every test, and hands on its answer or its panic.
///
/// # Cancel safety
///
/// Dropping the future does not stop the work.
pub(super) async fn on_background<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match background().spawn(work).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("the runtime of the test ground has ended: {error}"),
        },
    }
}

/// The value, or a panic that says what was tried.
pub(super) fn must<T>(what: impl Display, result: Result<T, impl Display>) -> T {
    result.unwrap_or_else(|error| panic!("cannot {what}: {error}"))
}

/// Looks again and again until there is an answer, and panics with the last reason if there is none in time.
pub(super) async fn until<T, F: Future<Output = Result<T, String>> + Send>(
    what: impl Display + Send,
    mut look: impl FnMut() -> F + Send,
) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(answer) => return answer,
            Err(reason) if Instant::now() > give_up => panic!("waited {PATIENCE:?} for {what}: {reason}"),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

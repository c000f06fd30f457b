//! What goes on without a caller: bounded, and waited for by a shutdown.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How many releases may wait for their repetition at once. Those beyond are sent once: their keys end with their ttl.
const MAX_REPEATING: usize = 4_096;

/// The tasks of one [`Locks`](crate::Locks) that nobody waits for until it is shut down.
///
/// What is spawned here ends by itself, within the deadlines of what it sends; nothing here goes on for ever.
#[derive(Debug)]
pub(crate) struct Background {
    /// Where the locks were built: a lease may be dropped where there is no runtime.
    runtime: Option<Handle>,
    tasks: TaskTracker,
    repeating: Arc<Semaphore>,
}

impl Background {
    /// On the runtime that this is called in.
    pub(crate) fn new() -> Self {
        let runtime = Handle::try_current().ok();
        Self { runtime, tasks: TaskTracker::new(), repeating: Arc::new(Semaphore::new(MAX_REPEATING)) }
    }

    /// Carries this out, on the runtime where the locks were built. Once that has ended, nothing can be carried out any more.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = self.runtime() {
            drop(self.tasks.spawn_on(task, &runtime));
        }
    }

    /// Where the locks were built; if there was no runtime, the one that this is called in.
    pub(crate) fn runtime(&self) -> Option<Handle> {
        self.runtime.clone().or_else(|| Handle::try_current().ok())
    }

    /// Counts as a task until it is dropped: for what goes on in the fleet's own tasks.
    pub(crate) fn token(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Leave to repeat a release, unless too many are at it.
    pub(crate) fn may_repeat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.repeating).try_acquire_owned().ok()
    }

    /// Waits until nothing goes on any more, at most this long.
    pub(crate) async fn drained(&self, within: Duration) {
        self.tasks.close();
        timeout(within, self.tasks.wait()).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_all_of_it_waits_for_tasks_and_for_tokens_but_not_for_ever() {
        let background = Background::new();
        let start = tokio::time::Instant::now();
        background.spawn(tokio::time::sleep(Duration::from_millis(300)));
        background.drained(Duration::from_secs(3)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(300));
        let token = background.token();
        background.drained(Duration::from_secs(3)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(3_300));
        drop(token);
        background.drained(Duration::from_secs(3)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(3_300));
    }

    #[tokio::test]
    async fn no_more_than_so_many_releases_wait_for_their_repetition() {
        let background = Background::new();
        let all: Vec<_> = (0..MAX_REPEATING).map(|_| background.may_repeat().unwrap()).collect();
        assert!(background.may_repeat().is_none());
        drop(all);
        assert!(background.may_repeat().is_some());
    }
}

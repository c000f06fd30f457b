//! What is under way in a fleet, so that a shutdown can wait for all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::mutant;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Counts what is under way. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    under_way: AtomicUsize,
    stragglers: AtomicUsize,
    is_closed: AtomicBool,
    /// The longest deadline of all operations so far, in milliseconds.
    longest_ms: AtomicU64,
    ended: Notify,
}

impl Tracker {
    /// Notes the start of an operation, unless the fleet was shut down.
    pub(super) fn enter(&self, deadline: Duration) -> Option<Entry> {
        let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        self.shared.longest_ms.fetch_max(deadline_ms.saturating_add(1), Ordering::Relaxed);
        // Counted before the look, so that a shutdown either sees the entry or is seen by it.
        self.shared.under_way.fetch_add(1, Ordering::SeqCst);
        let entry = Entry { shared: self.shared.clone(), is_straggler: false };
        if self.shared.is_closed.load(Ordering::SeqCst) { None } else { Some(entry) }
    }

    /// How many operations still wait for a node after their caller was answered, or went away.
    pub(super) fn stragglers(&self) -> usize {
        self.shared.stragglers.load(Ordering::Relaxed)
    }

    /// Lets nothing new in, and waits until nothing is under way, at most for the longest deadline: an operation
    /// that nobody polls any more never ends.
    pub(super) async fn close(&self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        let longest = Duration::from_millis(self.shared.longest_ms.load(Ordering::Relaxed));
        if !mutant::is_on("shutdown_does_not_wait") {
            timeout(longest, self.ended()).await.ok();
        }
    }

    async fn ended(&self) {
        loop {
            let ended = self.shared.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.shared.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            ended.await;
        }
    }
}

/// One operation under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    shared: Arc<Shared>,
    is_straggler: bool,
}

impl Entry {
    /// The caller is gone or answered, and the operation goes on.
    pub(super) fn becomes_straggler(&mut self) {
        self.is_straggler = true;
        self.shared.stragglers.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.is_straggler {
            self.shared.stragglers.fetch_sub(1, Ordering::Relaxed);
        }
        if self.shared.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.shared.ended.notify_waiters();
        }
    }
}

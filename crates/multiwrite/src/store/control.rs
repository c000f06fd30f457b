//! What is done with a store as a whole, while it runs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_core::lock;
use tokio::time::{Instant, timeout_at};

use super::MultiWrite;
use super::undelivered::Undelivered;
use crate::after::after;
use crate::health::RemoteHealth;
use crate::journal::Journal;
use crate::outcome::DropReason;

impl MultiWrite {
    /// Waits until all that was written before is on all remotes, at most until `deadline` from now.
    ///
    /// # Errors
    ///
    /// What they still lack then. It stays on its way.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn flush(&self, deadline: Duration) -> Result<(), Undelivered> {
        self.flushed(after(deadline)).await
    }

    async fn flushed(&self, until: Instant) -> Result<(), Undelivered> {
        let settled = async {
            // What an outbox has from before is dirty as soon as it is known.
            self.shared.local.known().await;
            self.shared.local.look().await;
            // A caller that went away may have written all the same.
            self.shared.under_way.left_behind().await;
        };
        if timeout_at(until, settled).await.is_err() {
            return Err(self.undelivered(true, None));
        }
        let sequencer = &self.shared.local.sequencer;
        let seq = sequencer.last_seq();
        for remote in sequencer.remotes().iter() {
            remote.hurry();
            if !timeout_at(until, remote.has_all(seq)).await.unwrap_or(false) {
                return Err(self.undelivered(false, Some(&remote.name)));
            }
        }
        Ok(())
    }

    /// What the remotes lack. Nobody can say what `unseen` has, which does not answer.
    fn undelivered(&self, is_writing: bool, unseen: Option<&str>) -> Undelivered {
        let lacks = |remote: &RemoteHealth| {
            let is_unseen = unseen == Some(&*remote.name);
            is_unseen || remote.entries > 0 || remote.dirty_keys > 0 || remote.is_copying_everything
        };
        Undelivered { remotes: self.health().into_iter().filter(lacks).collect(), is_writing }
    }

    /// Takes no more writes, lets those that are under way end, waits until the remotes have everything, at most until
    /// `deadline` from now, and ends all tasks. Every further write is told [`Error::Shutdown`](crate::Error::Shutdown). Local is left as it is.
    ///
    /// # Errors
    ///
    /// What was not delivered. Without a journal it is forgotten with the process, so that a
    /// [`resync`](Self::resync) is due then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the store taking no writes; it may be shut down again.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::MultiWrite;
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// # let store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
    /// let () = store.everywhere().set("a", 1).await?;
    /// if let Err(undelivered) = store.shutdown(Duration::from_secs(5)).await {
    ///     eprintln!("{undelivered}; a resync is due"); // eu: 12 writes queued, 3 keys to be copied
    /// }
    /// let error = store.everywhere().set::<_, _, ()>("a", 2).await.unwrap_err();
    /// assert!(error.to_string().contains("the store was shut down"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self, deadline: Duration) -> Result<(), Undelivered> {
        let until = after(deadline);
        self.shared.is_shut.store(true, Ordering::SeqCst);
        let is_writing = timeout_at(until, self.shared.under_way.ended()).await.is_err();
        let mut result = self.flushed(until).await;
        if is_writing {
            result = Err(self.undelivered(true, None));
        }
        for remote in self.shared.local.sequencer.remotes().iter() {
            remote.end(DropReason::Shutdown);
        }
        let tasks = std::mem::take(&mut *lock(&self.shared.tasks));
        tasks.iter().for_each(|(_, task)| task.abort());
        for (_, task) in tasks {
            // It was told to end: then nobody but the caller holds the journal any more.
            drop(task.await);
        }
        let local = &self.shared.local;
        let kept = match &*local.journal {
            Journal::None => return result,
            Journal::Spool(spool) => spool.flush(local.clock.now()).is_ok(),
            Journal::Outbox(outbox) => {
                let told = async {
                    outbox.trim(&*local.backend).await?;
                    if result.is_ok() { outbox.close(&*local.backend).await } else { Ok(()) }
                };
                timeout_at(until, told).await.is_ok_and(|told| told.is_ok())
            }
        };
        tracing::debug!(kept, "the journal is written for the last time");
        result
    }

    /// What is known of each remote, in the order in which they were added.
    #[must_use]
    pub fn health(&self) -> Vec<RemoteHealth> {
        self.shared.local.sequencer.remotes().iter().map(|remote| remote.health()).collect()
    }
}

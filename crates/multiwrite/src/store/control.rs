//! What is done with a store as a whole, or with one of its remotes, while it runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_core::Backend;
use tokio::time::{Instant, timeout_at};

use super::{MultiWrite, builder};
use crate::after::after;
use crate::dirty::Cause;
use crate::error::{BuildError, Error};
use crate::health::RemoteHealth;
use crate::journal::Journal;
use crate::lock::lock;
use crate::options::RemoteOptions;
use crate::outcome::DropReason;
use crate::remote::Remote;

/// What remotes still lack, as far as is known.
///
/// It reads like `eu: 12 writes queued, 3 keys to be copied`.
#[derive(Clone, Debug)]
pub struct Undelivered {
    remotes: Vec<RemoteHealth>,
    /// Writes that local has not answered yet.
    is_writing: bool,
}

impl Undelivered {
    /// The remotes that lack something, and what.
    #[must_use]
    pub fn remotes(&self) -> &[RemoteHealth] {
        &self.remotes
    }

    /// Whether local had not answered all writes yet.
    #[must_use]
    pub const fn is_writing(&self) -> bool {
        self.is_writing
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for remote in &self.remotes {
            write!(f, "{gap}{}: {} writes queued, ", remote.name, remote.entries)?;
            if remote.is_copying_everything {
                write!(f, "all keys to be copied")?;
            } else {
                write!(f, "{} keys to be copied", remote.dirty_keys)?;
            }
            gap = "; ";
        }
        if self.is_writing {
            write!(f, "{gap}local has not answered all writes")?;
        }
        Ok(())
    }
}

impl std::error::Error for Undelivered {}

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
    /// `deadline` from now, and ends all tasks. Every further write is told [`Error::Shutdown`]. Local is left as it is.
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

    /// Sends nothing more to a remote until it is [resumed](Self::resume). What is written meanwhile is queued.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRemote`].
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
    /// store.pause("eu")?; // while it is upgraded
    /// let () = store.everywhere().set("a", 1).await?;
    /// assert_eq!(store.health()[0].entries, 1);
    /// store.resume("eu")?;
    /// store.flush(Duration::from_secs(5)).await?;
    /// assert_eq!(store.health()[0].entries, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pause(&self, name: &str) -> Result<(), Error> {
        self.remote(name)?.set_paused(true);
        Ok(())
    }

    /// Goes on with a remote that was paused, or that was halted because it cannot be written: then everything is copied.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRemote`].
    pub fn resume(&self, name: &str) -> Result<(), Error> {
        self.remote(name)?.set_paused(false);
        Ok(())
    }

    /// Copies everything from local to a remote, and deletes there what local does not have.
    ///
    /// # Cost
    ///
    /// All keys of local are read, in chunks, whose writers wait meanwhile; and all keys of the remote are named.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRemote`].
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redfleet_core::{Embedded, Handle};
    /// use redfleet_multiwrite::MultiWrite;
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// let mut local = Handle::new(here.shared());
    /// let () = local.set("a", 1).await?; // before there was a store
    /// let store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
    /// store.resync("eu")?;
    /// store.flush(Duration::from_secs(5)).await?;
    /// assert!(store.verify("eu").await?.is_equal());
    /// # Ok(())
    /// # }
    /// ```
    pub fn resync(&self, name: &str) -> Result<(), Error> {
        self.remote(name)?.mark_everything(Cause::Effect);
        Ok(())
    }

    /// Adds a remote. Everything is copied there, and from now on each write goes there too.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`](super::Builder::build).
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::{MultiWrite, RemoteOptions};
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// let store = MultiWrite::builder(here.shared()).build()?;
    /// let () = store.everywhere().set("a", 1).await?;
    /// store.add_remote("eu", there.shared(), RemoteOptions::new())?;
    /// store.flush(Duration::from_secs(5)).await?;
    /// assert!(store.verify("eu").await?.is_equal());
    /// store.remove_remote("eu")?; // it keeps what it has
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_remote(
        &self,
        name: impl Into<Arc<str>>,
        backend: Arc<dyn Backend>,
        options: RemoteOptions,
    ) -> Result<(), BuildError> {
        tokio::runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let local = &self.shared.local;
        let seed = lock(&self.shared.random).u64(..);
        let journal = Arc::clone(&local.journal);
        let has_spool = matches!(*journal, Journal::Spool(_));
        let remote = builder::make(name.into(), backend, options, local.clock.clone(), seed, journal);
        let remote = Arc::new(remote);
        let last_seq = local.sequencer.last_seq();
        local.sequencer.change(|remotes| {
            // Whoever shuts down ends those that are in the list by then.
            if self.shared.is_shut() {
                return Err(BuildError::Shutdown);
            }
            builder::check(&remote, &local.backend, remotes, has_spool)?;
            local.journal.add_remote(&remote.name, true, last_seq);
            // What nobody knows the effect of may still be carried out on local: the others know which keys that concerns.
            remote.mark_everything(Cause::UnknownOnLocal);
            remotes.push(Arc::clone(&remote));
            self.shared.begin(&remote);
            Ok(())
        })
    }

    /// Removes a remote: nothing more is sent there. Who waits for it is told so.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRemote`].
    pub fn remove_remote(&self, name: &str) -> Result<(), Error> {
        let removed = self.remote(name)?;
        self.shared.local.sequencer.change(|remotes| {
            remotes.retain(|remote| !Arc::ptr_eq(remote, &removed));
            self.shared.local.journal.remove_remote(name);
            Ok::<_, Error>(())
        })?;
        removed.end(DropReason::RemoteRemoved);
        lock(&self.shared.tasks).retain(|(of, task)| {
            if **of == *name {
                task.abort();
            }
            **of != *name
        });
        Ok(())
    }

    /// What is known of each remote, in the order in which they were added.
    #[must_use]
    pub fn health(&self) -> Vec<RemoteHealth> {
        self.shared.local.sequencer.remotes().iter().map(|remote| remote.health()).collect()
    }

    pub(super) fn remote(&self, name: &str) -> Result<Arc<Remote>, Error> {
        let remotes = self.shared.local.sequencer.remotes();
        let found = remotes.iter().find(|remote| &*remote.name == name);
        found.cloned().ok_or_else(|| {
            let known: Vec<_> = remotes.iter().map(|remote| format!("`{}`", remote.name)).collect();
            let known = if known.is_empty() { "none".into() } else { known.join(", ").into() };
            Error::NoSuchRemote { name: name.into(), known }
        })
    }
}

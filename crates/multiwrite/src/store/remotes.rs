//! What is done with one remote of a store, while it runs.

use std::sync::Arc;

use redfleet_core::{Backend, lock};

use super::{MultiWrite, builder};
use crate::dirty::Cause;
use crate::error::{BuildError, Error};
use crate::journal::Journal;
use crate::options::RemoteOptions;
use crate::outcome::DropReason;
use crate::remote::Remote;

impl MultiWrite {
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
            // It tells the journal nothing more, and another one of its name is not there yet.
            removed.end(DropReason::RemoteRemoved);
            self.shared.local.journal.remove_remote(name);
            Ok::<_, Error>(())
        })?;
        lock(&self.shared.tasks).retain(|(of, task)| {
            let is_its = Arc::ptr_eq(of, &removed.name);
            if is_its {
                task.abort();
            }
            !is_its
        });
        Ok(())
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

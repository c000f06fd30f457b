//! Whether a remote is equal to local, and making it so where it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::timeout_at;

use super::MultiWrite;
use crate::after::after;
use crate::dirty::Cause;
use crate::effect::Key;
use crate::error::Error;
use crate::gate::Entered;
use crate::remote::Remote;
use crate::verify::{Failed, Report, Sides, Which};

/// How often a key is looked at again because it became dirty meanwhile.
const MAX_LOOKS: usize = 8;

impl MultiWrite {
    /// Compares local with a remote, key by key, and says which differ. It may run under load: a key that seems to differ is
    /// compared once more, alone, when what is under way to it has arrived.
    ///
    /// # Guarantee
    ///
    /// A key that is told differed while nobody wrote it through this store, or would not settle within the remote's deadline. Once
    /// the remote was too late for one key, as when it is paused, all further ones are compared as they are. What others write to
    /// local at the same time may be told as well.
    ///
    /// # Cost
    ///
    /// Two round trips of each side for every 256 keys or so, in which each key is dumped; some more for each key that differs. The
    /// writers of such a key wait meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRemote`]; [`Error::Local`] and [`Error::Remote`] where a server does not answer.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::MultiWrite;
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (here, there) = (Embedded::new(), Embedded::new());
    /// let mut store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
    /// let () = store.set("a", 1).await?; // to local alone
    /// let report = store.verify("eu").await?;
    /// assert_eq!(report.to_string(), "1 key compared, 1 differs");
    /// store.repair("eu", &report)?;
    /// store.flush(Duration::from_secs(5)).await?;
    /// assert!(store.verify("eu").await?.is_equal());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify(&self, name: &str) -> Result<Report, Error> {
        let remote = self.remote(name)?;
        let local = &self.shared.local;
        let sides =
            Sides::new((&*local.backend, local.deadline), (&*remote.backend, remote.options.deadline));
        let is_late = AtomicBool::new(false);
        let hold = |key| self.hold(&remote, key, &is_late);
        sides.compare(|key| local.scope.holds(key), hold).await.map_err(|Failed { which, error }| match which
        {
            Which::Local => Error::Local(error),
            Which::Remote => Error::Remote { name: Arc::clone(&remote.name), error },
        })
    }

    /// Copies the keys that a report names from local to the remote. If more differ than it names, everything is copied.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRemote`].
    pub fn repair(&self, name: &str, report: &Report) -> Result<(), Error> {
        let remote = self.remote(name)?;
        if report.differing > report.differences.len() as u64 {
            remote.mark_everything(Cause::Effect);
            return Ok(());
        }
        let keys: Vec<Key> =
            report.differences.iter().map(|difference| Arc::clone(&difference.key)).collect();
        remote.mark(&keys, Cause::Effect);
        Ok(())
    }

    /// Keeps the writers of a key away until what is returned is dropped, once the remote has all that they wrote. Past the deadline
    /// it is compared as it is; and so is each one after it, because the remote is too far behind, or paused.
    async fn hold(&self, remote: &Remote, key: Key, is_late: &AtomicBool) -> Entered {
        let local = &self.shared.local;
        let until = after(remote.options.deadline);
        let keys = [key];
        for _ in 0..MAX_LOOKS {
            if is_late.load(Ordering::Relaxed) {
                break;
            }
            remote.hurry();
            let has_all =
                timeout_at(until, remote.has_all(local.sequencer.last_seq())).await.unwrap_or(false);
            let entered = local.gate.enter(&keys).await;
            let is_sent = timeout_at(until, remote.has_sent(local.sequencer.last_seq())).await.is_ok();
            if !has_all || !is_sent {
                is_late.store(true, Ordering::Relaxed);
                return entered;
            }
            // While its writers are kept away, so is whoever would copy it.
            if !remote.is_dirty(&keys) {
                return entered;
            }
        }
        local.gate.enter(&keys).await
    }
}

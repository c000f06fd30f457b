//! Work that is done under a lock, and stopped when the lock is lost.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::request::LockRequest;

impl LockRequest {
    /// Takes the lock, does this work, and gives the lock back.
    ///
    /// The work is dropped as soon as the lease is lost, at the next point where it waits. The lock is given back also if the work
    /// panics, or if this future is dropped.
    ///
    /// # Guarantee
    ///
    /// `Ok` says that the lease was valid until the work was done, or gave it back itself.
    ///
    /// # Cost
    ///
    /// One round trip to take it where it is free, and one to give it back.
    ///
    /// # Errors
    ///
    /// As for taking it; [`Error::Lost`] if it was lost meanwhile: the work was dropped, or its value is. That too few servers
    /// confirmed the release is no error: the work is done, and the release goes on in the background.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the work, and gives the lock back in the background.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::{Embedded, Fleet};
    /// use redfleet_lock::Locks;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build()?;
    /// let locks = Locks::builder(fleet).new_fleet().build()?;
    /// let paid = locks.lock("invoice:7").run(|lease| async move { lease.fence().get() > 0 }).await?;
    /// assert!(paid);
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<T, F, W>(&self, work: W) -> impl Future<Output = Result<T>> + use<T, F, W>
    where
        W: FnOnce(Arc<Lease>) -> F,
        F: Future<Output = T>,
    {
        under(self.acquire(), work)
    }
}

/// What work is done under: one lease, or several.
pub(crate) trait Held {
    /// Waits until something of it is lost: its name.
    fn until_lost(&self) -> impl Future<Output = Arc<str>> + Send;

    /// The name of what is lost by now, if anything is.
    fn lost_by_now(&self) -> Option<Arc<str>>;

    /// Gives it back, and does not mind if too few confirm it.
    fn end(&self) -> impl Future<Output = ()> + Send;

    /// Gives it back in the background, unless it was before.
    fn drop_it(&self);
}

impl Held for Lease {
    async fn until_lost(&self) -> Arc<str> {
        self.lost().await;
        self.name().into()
    }

    fn lost_by_now(&self) -> Option<Arc<str>> {
        self.is_lost().then(|| self.name().into())
    }

    async fn end(&self) {
        self.release().await.ok();
    }

    fn drop_it(&self) {
        self.give_back();
    }
}

/// Takes it, does this work under it, and gives it back, however the work ends.
pub(crate) async fn under<T, F, H: Held>(
    taken: impl Future<Output = Result<H>>,
    work: impl FnOnce(Arc<H>) -> F,
) -> Result<T>
where
    F: Future<Output = T>,
{
    let guard = Guard(Arc::new(taken.await?));
    let held = &guard.0;
    let value = {
        let lost = held.until_lost();
        let work = work(Arc::clone(held));
        tokio::select! {
            biased;
            name = lost => return Err(Error::Lost { name }),
            value = work => value,
        }
    };
    // Work that never waits is not stopped, so that it may have been lost meanwhile.
    if let Some(name) = held.lost_by_now() {
        return Err(Error::Lost { name });
    }
    held.end().await;
    Ok(value)
}

/// Gives it back also where the work has given it to others, who may still have it.
struct Guard<H: Held>(Arc<H>);

impl<H: Held> Drop for Guard<H> {
    fn drop(&mut self) {
        self.0.drop_it();
    }
}

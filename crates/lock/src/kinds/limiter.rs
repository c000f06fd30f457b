//! Semaphores: at most so many at the same time, each with a numbered permit that is a lock of its own.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Kind;
use super::free;
use crate::error::{Error, Result};
use crate::hold::Hold;
use crate::lease::Lease;
use crate::locks::{Inner, Locks};
use crate::options::Options;
use crate::run::{Held, under};
use crate::site::Site;
use crate::waiting::Wanted;

/// The most permits that a semaphore may have: where one is not free, each server looks at all.
const MOST_PERMITS: u16 = 1_000;

/// At most so many at the same time, in all processes together.
///
/// # Guarantee
///
/// At no time are more permits valid than there are. Each is numbered, and is a lock of its own, which takes the same permit on a
/// majority of the servers; so what is promised of locks is promised of it, with all faults. All permits of a name share their
/// [fences](Lease::fence): a later holder has a greater one, whichever permit it has.
///
/// # Cost
///
/// One round trip where the permit that is tried first is free: each request of a process begins with the next one, and each process
/// somewhere else. One or two more for each permit that turns out to be taken; the servers that say so say which are free. Then the
/// server reads two keys for every permit, at most 2,000, and for who waits the ends of their lives too.
///
/// # What it does not do
///
/// It does not agree on the number of permits: who says a smaller one uses only the first of those that another uses, and
/// together they are never more than the greatest number. Neither is told of the other.
///
/// Where many try at the same time, each may get some of the servers and none of them a majority: then
/// [`try_acquire`](Self::try_acquire) may say that none is free while one is.
///
/// # Example
///
/// ```
/// use redfleet_core::{Embedded, Fleet};
/// use redfleet_lock::{Error, Locks};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fleet = Fleet::builder().node("a", Embedded::new().shared()).build()?;
/// let locks = Locks::builder(fleet).new_fleet().build()?;
/// let exports = locks.limiter("exports", 2);
/// let one = exports.try_acquire().await?;
/// let other = exports.try_acquire().await?;
/// assert_ne!(one.slot(), other.slot());
/// assert!(matches!(exports.try_acquire().await, Err(Error::Held { .. })));
/// one.release().await?;
/// let third = exports.try_acquire().await?;
/// assert_eq!(third.slot(), one.slot());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before a permit is acquired"]
pub struct Limiter {
    inner: Arc<Inner>,
    name: Arc<str>,
    permits: u16,
    options: Options,
    /// How many permits this limiter and its clones have asked for.
    asked: Arc<AtomicU64>,
}

/// One of the permits of a semaphore, held. It is a [`Lease`]: dropped, it is given back in the background.
#[derive(Debug)]
#[must_use = "a permit that is dropped is given back"]
pub struct Permit {
    lease: Lease,
    slot: u16,
}

impl Locks {
    /// The semaphore of this name: at most so many at the same time, from 1 to 1,000. It is another than the locks of this name.
    pub fn limiter(&self, name: impl Into<Arc<str>>, permits: u16) -> Limiter {
        let (inner, name, options) = (Arc::clone(&self.inner), name.into(), self.options());
        Limiter { inner, name, permits, options, asked: Arc::default() }
    }
}

impl Limiter {
    /// How long a permit lives on the servers: see [`LockRequest::ttl`](crate::LockRequest::ttl).
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = ttl;
        self
    }

    /// How long [`acquire`](Self::acquire) waits if no permit is free: see [`LockRequest::wait`](crate::LockRequest::wait).
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.options.wait = wait;
        self
    }

    /// How long a permit may be held at most: see [`LockRequest::max_hold`](crate::LockRequest::max_hold).
    pub const fn max_hold(mut self, max_hold: Duration) -> Self {
        self.options.terms.max_hold = max_hold;
        self
    }

    /// Has nobody extend a permit unasked: see [`LockRequest::unattended`](crate::LockRequest::unattended).
    pub const fn unattended(mut self) -> Self {
        self.options.terms.is_attended = false;
        self
    }

    /// Takes a permit, does this work, and gives the permit back: see [`LockRequest::run`](crate::LockRequest::run).
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire); [`Error::Lost`] if it was lost meanwhile: the work was dropped, or its value is.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the work, and gives the permit back in the background.
    pub fn run<T, F, W>(&self, work: W) -> impl Future<Output = Result<T>> + use<T, F, W>
    where
        W: FnOnce(Arc<Permit>) -> F,
        F: Future<Output = T>,
    {
        under(self.acquire(), work)
    }

    /// Takes a permit, or waits for one in line: those who wait are served in the order in which they began, by the servers' time. A
    /// permit that is given back is kept for whoever is woken for it.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if none was free in time; else as [`LockRequest::acquire`](crate::LockRequest::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in line, and what may have been granted, in the background.
    pub fn acquire(&self) -> impl Future<Output = Result<Permit>> + Send + 'static + use<> {
        let limiter = self.clone();
        async move { Ok(limiter.permit(limiter.wanted()?.take_or_wait(&limiter.inner).await?)) }
    }

    /// Takes a permit if one is free.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if none is; else as [`LockRequest::try_acquire`](crate::LockRequest::try_acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`LockRequest::try_acquire`](crate::LockRequest::try_acquire).
    pub fn try_acquire(&self) -> impl Future<Output = Result<Permit>> + Send + 'static + use<> {
        let limiter = self.clone();
        async move { Ok(limiter.permit(limiter.wanted()?.take(&limiter.inner).await?)) }
    }

    /// What is wanted: the permit that is tried first, which is another one each time.
    fn wanted(&self) -> Result<Wanted> {
        if self.name.is_empty() {
            return Err(Error::Request { what: "a semaphore's name", expected: "not empty".into() });
        }
        if !(1..=MOST_PERMITS).contains(&self.permits) {
            let expected = format!("from 1 to {MOST_PERMITS}").into();
            return Err(Error::Request { what: "the number of permits", expected });
        }
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let slot = free::home(self.inner.ids.client(), asked, self.permits);
        let site = Site::slot(&self.inner.servers.settings().space, &self.name, self.permits, slot);
        Wanted::new(&self.inner, site, self.options.clone())
    }

    fn permit(&self, hold: Arc<Hold>) -> Permit {
        let slot = if let Kind::Slot(slot) = hold.site.kind { slot } else { 0 };
        Permit { lease: Lease::new(Arc::clone(&self.inner), hold), slot }
    }
}

impl Permit {
    /// Its number, from 0: nobody else has the same one at the same time.
    #[must_use]
    pub const fn slot(&self) -> u16 {
        self.slot
    }

    /// The lease on this permit.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }
}

impl Deref for Permit {
    type Target = Lease;

    fn deref(&self) -> &Lease {
        &self.lease
    }
}

impl Held for Permit {
    async fn until_lost(&self) -> Arc<str> {
        self.lease.until_lost().await
    }

    fn lost_by_now(&self) -> Option<Arc<str>> {
        self.lease.lost_by_now()
    }

    async fn end(&self) {
        self.lease.end().await;
    }

    fn drop_it(&self) {
        self.lease.drop_it();
    }
}

//! A lock as it is asked for: its name and its options.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::hold::Hold;
use crate::kinds::Kind;
use crate::lease::Lease;
use crate::locks::Inner;
use crate::options::Options;
use crate::owner::Owner;
use crate::site::Site;
use crate::waiting::Wanted;

/// A lock as it is asked for. Nothing is sent before it is acquired.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before it is acquired"]
pub struct LockRequest {
    pub(crate) inner: Arc<Inner>,
    name: Arc<str>,
    kind: Kind,
    options: Options,
}

impl LockRequest {
    pub(crate) const fn new(inner: Arc<Inner>, name: Arc<str>, kind: Kind, options: Options) -> Self {
        Self { inner, name, kind, options }
    }

    /// How long the lease lives on the servers if this process does not extend it.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = ttl;
        self
    }

    /// How long [`acquire`](Self::acquire) waits for the lock if it is not free; unless it is said, the ttl that the locks were built
    /// with. Zero does not wait.
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.options.wait = wait;
        self
    }

    /// Takes the lock when it is free, past those who were woken for it. That saves half of the time from one holder to the next, and
    /// the order: some wait much longer than others. Those who are not fast stand in line all the same.
    pub const fn fast(mut self) -> Self {
        self.options.is_fast = true;
        self
    }

    /// Who takes it: if he holds it already, by a lease of the same locks, he gets another lease on the same hold.
    pub fn owner(mut self, owner: &Owner) -> Self {
        self.options.terms.owner = Some(owner.clone());
        self
    }

    /// How long the lock may be held at most, counted from the attempt that takes it: it is not extended past that, and then it is
    /// lost, also while whoever holds it works on. Unless it is said, it is extended for as long as it is held.
    ///
    /// This is for holders that may hang: others wait for them no longer than this.
    pub const fn max_hold(mut self, max_hold: Duration) -> Self {
        self.options.terms.max_hold = max_hold;
        self
    }

    /// Has nobody extend the lease but [`Lease::extend`]: it ends with its ttl.
    pub const fn unattended(mut self) -> Self {
        self.options.terms.is_attended = false;
        self
    }

    /// Takes the lock, or waits for it in line.
    ///
    /// # Guarantee
    ///
    /// Who waits gets the lock in the order in which they began to wait, in all processes, by the servers' time: while the servers are
    /// reached, and their lines are not lost. Within a process a lock that is released is handed on first, up to as many times as
    /// [`local_hand_overs`](crate::Builder::local_hand_overs) says. A process has one place in the servers' line: where the first who
    /// waits there goes away, the next keeps it.
    ///
    /// # Cost
    ///
    /// One round trip if it is free. From a release to the next grant two, and none within a process. A waiter sends nothing while
    /// it waits and nothing happens. The first wait of a process subscribes to a channel on each server: one more round trip.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if it was not free in time, with the last answers; an attempt that is under way then is waited for, up to
    /// a second. [`Error::Held`] where the wait is zero. [`Error::Crowded`] if too many wait for it in this process.
    /// [`Error::Request`] for what is impossible, such as a wait that is shorter than a round trip.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in line, and what may have been granted, in the background. It owns what it needs, so
    /// it may be spawned.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::{Embedded, Fleet};
    /// use redfleet_lock::Locks;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build()?;
    /// let locks = Locks::builder(fleet).new_fleet().build()?;
    /// let lease = locks.lock("invoice:7").acquire().await?;
    /// let next = tokio::spawn(locks.lock("invoice:7").wait(Duration::from_secs(5)).acquire());
    /// lease.release().await?;
    /// assert!(next.await??.fence() > lease.fence());
    /// # Ok(())
    /// # }
    /// ```
    pub fn acquire(&self) -> impl Future<Output = Result<Lease>> + Send + 'static + use<> {
        let request = self.clone();
        async move { Ok(request.lease(request.wanted()?.take_or_wait(&request.inner).await?)) }
    }

    /// Takes the lock if it is free.
    ///
    /// # Cost
    ///
    /// One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if it is not; [`Error::Unreachable`] if too few servers answered, or may vote; [`Error::TooLate`] if they took
    /// longer than the ttl; [`Error::Request`], [`Error::TooMany`] and [`Error::Shutdown`] if nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives back, in the background, what may have been granted. It owns what it needs, so it may be spawned.
    pub fn try_acquire(&self) -> impl Future<Output = Result<Lease>> + Send + 'static + use<> {
        let request = self.clone();
        async move { Ok(request.lease(request.wanted()?.take(&request.inner).await?)) }
    }

    /// Takes the lock, or waits for it so long: for whoever has waited for something else before, and takes what is left.
    pub(crate) async fn acquire_within(&self, wait: Duration) -> Result<Lease> {
        let wanted = self.clone().wait(wait).wanted()?;
        Ok(self.lease(wanted.wait_for(&self.inner).await?))
    }

    fn lease(&self, hold: Arc<Hold>) -> Lease {
        Lease::new(Arc::clone(&self.inner), hold)
    }

    /// Where it is.
    pub(crate) fn site(&self) -> Result<Site> {
        if self.name.is_empty() {
            return Err(Error::Request { what: "a lock's name", expected: "not empty".into() });
        }
        let servers = &self.inner.servers;
        Ok(Site::of(&servers.settings().space, servers.channels(), &self.name, self.kind))
    }

    fn wanted(&self) -> Result<Wanted> {
        Wanted::new(&self.inner, self.site()?, self.options.clone())
    }
}

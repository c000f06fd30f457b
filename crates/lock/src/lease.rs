//! A lock that is held, for as long as it is.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::fence::Fence;
use crate::hold::{Hold, Part, State};
use crate::id::LeaseId;
use crate::locks::Inner;
use crate::release::{Release, Released};

/// A lock that is held. Dropped, it is given back in the background, wherever that is: also outside of a runtime.
///
/// # Guarantee
///
/// While [`remaining`](Self::remaining) is not zero, no other lease on the lock is valid. Whoever may be stopped for longer than that
/// between a look at it and a write (a pause of the machine, a slow disk) needs the [`fence`](Self::fence) too.
#[must_use = "a lease that is dropped is given back"]
pub struct Lease {
    inner: Arc<Inner>,
    hold: Arc<Hold>,
    /// What is this lease's own, where others of its owner share the hold.
    part: Arc<Part>,
}

impl Lease {
    pub(crate) fn new(inner: Arc<Inner>, hold: Arc<Hold>) -> Self {
        inner.admit(&hold);
        Self { inner, hold, part: Arc::default() }
    }

    /// The name of the lock.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.hold.site.name
    }

    /// The fencing token: give it along with every write that the lock protects.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.hold.fence
    }

    /// The id that holds the lock on the servers. Whoever knows it can release the lock.
    #[must_use]
    pub fn id(&self) -> &LeaseId {
        &self.hold.id
    }

    /// How much longer it protects unless it is extended, by our own clock: nothing if it is lost or released.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let now = self.inner.servers.now();
        match self.part.state(&self.hold, now) {
            State::Held(until) => until.saturating_sub(now),
            State::Released | State::Lost => Duration::ZERO,
        }
    }

    /// Ends when the lease is lost: its time is over, a majority does not know it any more, or the locks were shut down. What it
    /// protects may be somebody else's then.
    ///
    /// It does not borrow the lease, so that it can be given to a task. After a release it never ends: drop it then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (inner, hold, part) = (Arc::clone(&self.inner), Arc::clone(&self.hold), Arc::clone(&self.part));
        async move {
            let is_lost = hold.ended(|| inner.servers.now()).await
                && part.state(&hold, inner.servers.now()) == State::Lost;
            drop((inner, hold, part));
            if !is_lost {
                pending::<()>().await;
            }
        }
    }

    /// Is cancelled when the lease is lost, as soon as anybody notices: the watchdog, [`lost`](Self::lost), or whoever asks for what is
    /// [`remaining`](Self::remaining). To cancel it does not end the lease.
    #[must_use]
    pub fn cancellation_token(&self) -> CancellationToken {
        self.part.token(&self.hold, self.inner.servers.now())
    }

    /// Extends it now, by its whole ttl, and tells how much longer it protects. It is extended by itself as long as it is held, so this
    /// is for one that is [unattended](crate::LockRequest::unattended), and for whoever wants to be sure before a long step.
    ///
    /// It is never extended past [`max_hold`](crate::LockRequest::max_hold): what is left until then is the answer, and where it
    /// reaches that far already nothing is sent.
    ///
    /// # Cost
    ///
    /// One round trip. Where a round of it is under way, it begins when that is decided.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] and [`Error::Released`] if it is not held any more. [`Error::Unreachable`] if no majority has extended it
    /// now: it is still held for as long as it was before, and this may be tried again. [`Error::Shutdown`] after the locks were
    /// shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels nothing: the extension is carried through.
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
    /// let lease = locks.lock("invoice:7").ttl(Duration::from_secs(10)).unattended().try_acquire().await?;
    /// assert!(lease.extend().await? > Duration::from_secs(9));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn extend(&self) -> Result<Duration> {
        self.is_not_given_back()?;
        let extended = self.inner.keeper.extend(&self.hold).await;
        // Meanwhile it may have been, while others of its owner still hold the lock.
        self.is_not_given_back()?;
        extended
    }

    fn is_not_given_back(&self) -> Result<()> {
        let name = || Arc::clone(&self.hold.site.name);
        match self.part.as_given_back() {
            Some(State::Lost) => Err(Error::Lost { name: name() }),
            Some(State::Released) => Err(Error::Released { name: name() }),
            Some(State::Held(_)) | None => Ok(()),
        }
    }

    /// Gives the lock back. It is not held here any more from the first poll on, whatever the servers say.
    ///
    /// A lease that was lost is released too, because something of it may be left on a server: that is no error, and
    /// [`Released::was_held`] tells.
    ///
    /// # Cost
    ///
    /// One round trip. To servers that do not answer it is sent twice more in the background, within half a second.
    ///
    /// # Errors
    ///
    /// [`Error::Released`] if it was released before. [`Error::Unconfirmed`] if fewer servers than a majority confirmed it: the lease is
    /// over all the same, but others may have to wait until its ttl has passed on the servers.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, the release goes on in the background.
    pub async fn release(&self) -> Result<Released> {
        let name = &self.hold.site.name;
        let Some(was_held) = self.part.give_back(&self.hold, self.inner.servers.now()) else {
            return Err(Error::Released { name: Arc::clone(name) });
        };
        let Some(release) = self.leave() else { return Ok(Released { on: 0, was_held }) };
        let outcome = release.run().await;
        Released::told(name, self.hold.ttl, was_held, &outcome)
    }

    /// One lease less: what is to be sent if the lock is to be given back with it. Nothing if its owner has others, or the next waiter
    /// of this process has the lock now.
    fn leave(&self) -> Option<Arc<Release>> {
        if !self.hold.share.leave() || self.inner.pass_on(&self.hold) {
            return None;
        }
        self.inner.take_back(&self.hold, State::Released)
    }

    /// Gives it back in the background, unless it was before.
    pub(crate) fn give_back(&self) {
        if self.part.give_back(&self.hold, self.inner.servers.now()).is_some()
            && let Some(release) = self.leave()
        {
            release.in_background();
        }
    }

    /// Whether it is lost by now.
    pub(crate) fn is_lost(&self) -> bool {
        self.part.state(&self.hold, self.inner.servers.now()) == State::Lost
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Without the id, which is what it takes to release it.
impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("name", &self.name())
            .field("fence", &self.fence())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

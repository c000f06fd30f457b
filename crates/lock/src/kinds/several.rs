//! Several locks at once, so that nobody waits for somebody who waits for him.

mod lease;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::Kind;
use crate::error::{Error, Result};
use crate::locks::Locks;
use crate::options::Options;
use crate::owner::Owner;
use crate::request::LockRequest;
use crate::run::under;
pub use lease::SeveralLease;

/// The most locks that may be taken at once.
const MOST_LOCKS: usize = 100;

/// Several locks as they are asked for. Nothing is sent before they are acquired.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before they are acquired"]
pub struct SeveralRequest {
    locks: Locks,
    names: Vec<Arc<str>>,
    options: Options,
}

impl Locks {
    /// Several locks at once, from 1 to 100: all of them, or none. They are the locks that [`lock`](Self::lock) takes one by one.
    ///
    /// # Guarantee
    ///
    /// No deadlock among those who take several locks like this, whatever order they name them in: nobody waits for one while it
    /// holds one that comes behind it in the order of the names.
    ///
    /// # Cost
    ///
    /// One round trip if all are free: all are asked for at the same time. If one is not, what was taken is given back, and they are taken one
    /// after another.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::{Embedded, Fleet};
    /// use redfleet_lock::Locks;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fleet = Fleet::builder().node("a", Embedded::new().shared()).build()?;
    /// let locks = Locks::builder(fleet).new_fleet().build()?;
    /// let both = locks.all(["account:2", "account:1"]).try_acquire().await?;
    /// assert_eq!(both.names().collect::<Vec<_>>(), ["account:1", "account:2"]);
    /// assert!(both.fence("account:2").is_some());
    /// both.release().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn all<N: Into<Arc<str>>>(&self, names: impl IntoIterator<Item = N>) -> SeveralRequest {
        let names = names.into_iter().map(Into::into).collect();
        SeveralRequest { locks: self.clone(), names, options: self.options() }
    }
}

impl SeveralRequest {
    /// How long each lease lives on the servers: see [`LockRequest::ttl`].
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = ttl;
        self
    }

    /// How long [`acquire`](Self::acquire) waits for all of them together if they are not free: see [`LockRequest::wait`].
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.options.wait = wait;
        self
    }

    /// Who takes them, and gets again what he holds already: see [`LockRequest::owner`].
    pub fn owner(mut self, owner: &Owner) -> Self {
        self.options.terms.owner = Some(owner.clone());
        self
    }

    /// How long each may be held at most: see [`LockRequest::max_hold`].
    pub const fn max_hold(mut self, max_hold: Duration) -> Self {
        self.options.terms.max_hold = max_hold;
        self
    }

    /// Has nobody extend them unasked: see [`LockRequest::unattended`].
    pub const fn unattended(mut self) -> Self {
        self.options.terms.is_attended = false;
        self
    }

    /// Takes all of them, does this work, and gives all back: see [`LockRequest::run`].
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire); [`Error::Lost`] if one was lost meanwhile: the work was dropped, or its value is.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the work, and gives them back in the background.
    pub fn run<T, F, W>(&self, work: W) -> impl Future<Output = Result<T>> + use<T, F, W>
    where
        W: FnOnce(Arc<SeveralLease>) -> F,
        F: Future<Output = T>,
    {
        under(self.acquire(), work)
    }

    /// Takes all of them if all are free.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] for the first, in the order of the names, that is not; then none is held. [`Error::Lost`] for one that was
    /// taken, and lost while another was waited for: then none is held either. [`Error::Request`] if none is named, or more than
    /// 100, or one twice, or one has no name: then nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives back, in the background, what was taken.
    pub fn try_acquire(&self) -> impl Future<Output = Result<SeveralLease>> + Send + 'static + use<> {
        let request = self.clone();
        async move { request.at_once(&sorted(&request.names)?).await }
    }

    /// Takes all of them, or waits for them: if one is not free, they are taken one after another in the order of the names.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] for the one that was not free in time; then none is held. [`Error::Request`] also for a wait that is shorter
    /// than a round trip. Else as [`try_acquire`](Self::try_acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives back, in the background, what was taken.
    pub fn acquire(&self) -> impl Future<Output = Result<SeveralLease>> + Send + 'static + use<> {
        let request = self.clone();
        async move { request.take_or_wait().await }
    }

    async fn take_or_wait(&self) -> Result<SeveralLease> {
        let (names, servers, wait) = (sorted(&self.names)?, &self.locks.inner.servers, self.options.wait);
        self.options.check_wait(servers.round_trip())?;
        let until = servers.now().saturating_add(wait);
        let timed_out = match self.at_once(&names).await {
            Err(Error::Held { name, answers }) if !wait.is_zero() => {
                let last = Box::new(Error::Held { name: Arc::clone(&name), answers });
                Error::TimedOut { name, wait, last }
            }
            done => return done,
        };
        let mut taken = SeveralLease { leases: BTreeMap::new() };
        for name in names {
            let left = until.saturating_sub(servers.now());
            let told = if left.is_zero() {
                Err(timed_out.clone())
            } else {
                taken.while_held(self.request(&name).acquire_within(left)).await
            };
            match told {
                Ok(lease) => drop(taken.leases.insert(name, lease)),
                Err(error) => return taken.give_up(error).await,
            }
        }
        taken.whole().await
    }

    async fn at_once(&self, names: &[Arc<str>]) -> Result<SeveralLease> {
        let requests: Vec<_> = names.iter().map(|name| self.request(name)).collect();
        let results = join_all(requests.iter().map(LockRequest::try_acquire)).await;
        let mut taken = SeveralLease { leases: BTreeMap::new() };
        let mut first_error = None;
        for (name, result) in names.iter().zip(results) {
            match result {
                Ok(lease) => drop(taken.leases.insert(Arc::clone(name), lease)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match first_error {
            None => taken.whole().await,
            Some(error) => taken.give_up(error).await,
        }
    }

    fn request(&self, name: &Arc<str>) -> LockRequest {
        self.locks.request(Arc::clone(name), Kind::Exclusive, self.options.clone())
    }
}

/// The names in order, each once.
fn sorted(names: &[Arc<str>]) -> Result<Vec<Arc<str>>> {
    let wrong = |expected: String| {
        Err(Error::Request { what: "the names of several locks", expected: expected.into() })
    };
    let mut names = names.to_vec();
    names.sort_unstable();
    if names.is_empty() || names.len() > MOST_LOCKS {
        return wrong(format!("from 1 to {MOST_LOCKS}"));
    }
    if names.iter().any(|name| name.is_empty()) {
        return wrong("not empty".to_owned());
    }
    let twice = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next);
    match twice {
        Some((name, _)) => wrong(format!("distinct: `{name}` is there twice")),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_in_order_and_one_that_is_there_twice_is_told() {
        let names = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<Vec<Arc<str>>>();
        assert_eq!(sorted(&names(&["b", "c", "a"])).unwrap(), names(&["a", "b", "c"]));
        let twice = sorted(&names(&["b", "a", "b"])).unwrap_err().to_string();
        assert_eq!(
            twice,
            "nothing was sent: the names of several locks must be distinct: `b` is there twice"
        );
        assert!(sorted(&[]).is_err());
        assert!(sorted(&names(&["a", ""])).is_err());
        assert!(sorted(&vec![Arc::from("x"); 101]).is_err());
    }
}

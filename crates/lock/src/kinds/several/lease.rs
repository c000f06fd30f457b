//! Several locks that are held together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, select_all};

use crate::error::{Error, Result};
use crate::fence::Fence;
use crate::lease::Lease;
use crate::run::Held;

/// Several locks that are held. Dropped, all are given back in the background.
#[derive(Debug)]
#[must_use = "leases that are dropped are given back"]
pub struct SeveralLease {
    pub(super) leases: BTreeMap<Arc<str>, Lease>,
}

impl SeveralLease {
    /// The names of the locks, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.leases.keys().map(|name| &**name)
    }

    /// The leases, by name.
    pub fn leases(&self) -> impl Iterator<Item = (&str, &Lease)> {
        self.leases.iter().map(|(name, lease)| (&**name, lease))
    }

    /// The fencing token of one of them: of what this lock protects.
    #[must_use]
    pub fn fence(&self, name: &str) -> Option<Fence> {
        self.leases.get(name).map(Lease::fence)
    }

    /// How much longer all of them protect unless they are extended: as long as the one that ends first.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.leases.values().map(Lease::remaining).min().unwrap_or_default()
    }

    /// Ends when one of them is lost, as [`Lease::lost`] does, and does not borrow them either. After a release it never ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let all = select_all(self.leases.values().map(|lease| Box::pin(lease.lost())));
        async move { drop(all.await) }
    }

    /// Gives all of them back, at the same time.
    ///
    /// # Errors
    ///
    /// That of the first, in the order of the names, that has one: [`Error::Released`] and [`Error::Lost`] if it was released or lost
    /// before, [`Error::Unconfirmed`] as for one lease. The others are given back all the same.
    pub async fn release(&self) -> Result<()> {
        let released = join_all(self.leases.values().map(Lease::release)).await;
        self.leases.keys().zip(released).try_for_each(|(name, released)| {
            if released?.was_held { Ok(()) } else { Err(Error::Lost { name: Arc::clone(name) }) }
        })
    }

    /// Takes another while these are held: it is not waited for any longer once one of them is lost.
    pub(super) async fn while_held(&self, another: impl Future<Output = Result<Lease>>) -> Result<Lease> {
        if self.leases.is_empty() {
            return another.await;
        }
        tokio::select! {
            biased;
            name = self.until_lost() => Err(Error::Lost { name }),
            taken = another => taken,
        }
    }

    /// All of them, unless one was lost while the others were taken: then none.
    pub(super) async fn whole(self) -> Result<Self> {
        match self.lost_by_now() {
            None => Ok(self),
            Some(name) => self.give_up(Error::Lost { name }).await,
        }
    }

    /// Gives back what was taken in vain: whether it was lost meanwhile does not matter, it is not held any more.
    pub(super) async fn give_up(self, error: Error) -> Result<Self> {
        drop(self.release().await);
        Err(error)
    }
}

impl Held for SeveralLease {
    async fn until_lost(&self) -> Arc<str> {
        select_all(self.leases.values().map(|lease| Box::pin(lease.until_lost()))).await.0
    }

    fn lost_by_now(&self) -> Option<Arc<str>> {
        self.leases.values().find_map(Lease::lost_by_now)
    }

    async fn end(&self) {
        self.release().await.ok();
    }

    fn drop_it(&self) {
        self.leases.values().for_each(Lease::drop_it);
    }
}

//! Taking what is wanted: if it is free, or after a wait.

use std::sync::Arc;

use super::aim::Aim;
use super::{Wanted, acquire};
use crate::attempt::{Denied, attempt};
use crate::error::{Error, Result};
use crate::hold::Hold;
use crate::locks::Inner;
use crate::site::Site;

/// How many permits are tried after the first before it is said that none is free: others take them meanwhile.
const MOST_FOLLOWED: usize = 15;

impl Wanted {
    /// Takes it if it is free.
    pub(crate) async fn take(&self, inner: &Arc<Inner>) -> Result<Arc<Hold>> {
        if let Some(hold) = self.entered_again(inner) {
            return Ok(hold);
        }
        // A shutdown waits until what was granted meanwhile is being given back. Looked at in this order: whom it did not see asks nothing.
        let _under_way = inner.servers.background().token();
        if inner.keeper.is_closed() {
            return Err(Error::Shutdown);
        }
        let mut aim = Aim::new(&self.site, MOST_FOLLOWED);
        loop {
            match self.once(inner, &aim.site).await {
                Ok(hold) => return Ok(hold),
                Err(denied) if aim.follow(&inner.servers.settings().space, &denied) => {}
                Err(denied) => return Err(self.error(denied)),
            }
        }
    }

    /// Takes it, or waits for it as its options say.
    pub(crate) async fn take_or_wait(&self, inner: &Arc<Inner>) -> Result<Arc<Hold>> {
        if self.options.wait.is_zero() {
            return self.take(inner).await;
        }
        self.options.check_wait(inner.servers.round_trip())?;
        self.wait_for(inner).await
    }

    /// The same, also where little time is left to wait.
    pub(crate) async fn wait_for(&self, inner: &Arc<Inner>) -> Result<Arc<Hold>> {
        match self.entered_again(inner) {
            Some(hold) => Ok(hold),
            None => acquire(inner, self).await,
        }
    }

    /// Another share of the hold that its owner has here already.
    fn entered_again(&self, inner: &Inner) -> Option<Arc<Hold>> {
        let owner = self.options.terms.owner.as_ref()?;
        inner.lines.enter_again(&self.key, owner, inner.servers.now())
    }

    /// Asks once, without a place in line. What was granted in vain is given back.
    async fn once(&self, inner: &Arc<Inner>, site: &Arc<Site>) -> Result<Arc<Hold>, Denied> {
        let ask = self.ask(inner, site, None);
        let grant = attempt(&inner.servers, &ask, inner.ids.next()).await.map_err(|failed| failed.denied)?;
        let hold = self.granted(inner, ask, grant);
        inner.keeper.keep(&hold);
        if let Some(hold) = self.heritable(&hold) {
            inner.lines.took(&self.key, None, Some(hold));
        }
        inner.admit(&hold);
        Ok(hold)
    }
}

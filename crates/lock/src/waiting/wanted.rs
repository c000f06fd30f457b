//! A lock as somebody wants it: what is asked for, and what is granted.

use std::sync::Arc;

use crate::attempt::{Ask, Denied, Grant, Place};
use crate::error::{Error, Result};
use crate::fence::Fence;
use crate::hold::{Hold, Share};
use crate::keeper;
use crate::locks::Inner;
use crate::options::Options;
use crate::site::Site;

/// A lock as somebody wants it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) site: Arc<Site>,
    /// Who waits, on the servers: this process, and behind a colon what kind of hold it wants if that is not the exclusive one.
    pub(crate) waiter: Arc<str>,
    /// What the line is called in this process: the waiter, a space, and the lock's name, as messages have it.
    pub(crate) key: Arc<str>,
    pub(crate) options: Options,
}

impl Wanted {
    /// What is wanted at this site, unless it is impossible, or there is no room for it.
    pub(crate) fn new(inner: &Inner, site: Site, options: Options) -> Result<Self> {
        options.check(inner.servers.settings())?;
        inner.keeper.room()?;
        let waiter: Arc<str> = format!("{}{}", inner.ids.client(), site.kind.suffix()).into();
        let key = format!("{waiter} {}", site.name).into();
        Ok(Self { site: Arc::new(site), waiter, key, options })
    }

    /// How often what is granted may be handed on within the process: never, where others may hold it beside it.
    pub(super) fn hand_overs(&self, inner: &Inner) -> u32 {
        if self.site.kind.is_shared() { 0 } else { inner.servers.settings().local_hand_overs }
    }

    /// The record of a hold that was granted to this.
    pub(super) fn granted(&self, inner: &Inner, ask: Ask, grant: Grant) -> Arc<Hold> {
        let hand_overs = self.hand_overs(inner);
        let last = grant.token + u64::from(hand_overs);
        let share = Share::new(Arc::clone(&self.key), last, hand_overs, self.options.terms.owner.clone());
        let valid = (grant.valid_until, ask.max_until);
        let hold = Hold::new(ask.site, grant.id, Fence::new(grant.token), ask.ttl, valid, grant.gate);
        Arc::new(hold.shared(share).attended(self.options.terms.is_attended))
    }

    /// What the servers are asked for. They are not told to keep the lock much longer than it may be held.
    pub(super) fn ask(&self, inner: &Inner, site: &Arc<Site>, place: Option<Place>) -> Ask {
        let servers = &inner.servers;
        let now = servers.now();
        let (ttl, terms) = (self.options.ttl, &self.options.terms);
        let (max_until, is_attended) = (now.saturating_add(terms.max_hold), terms.is_attended);
        let ttl = keeper::Pace { ttl, max_until, is_attended }.ask(now, servers.settings().drift_ppm);
        Ask { site: Arc::clone(site), ttl, max_until, tokens: 1 + u64::from(self.hand_overs(inner)), place }
    }

    /// What came of an attempt, in the caller's terms.
    pub(crate) fn error(&self, denied: Denied) -> Error {
        denied.into_error(&self.site.name, self.options.ttl)
    }

    /// What nobody may have beside its holder can be inherited by those who wait here.
    pub(super) fn heritable<'a>(&self, hold: &'a Arc<Hold>) -> Option<&'a Arc<Hold>> {
        (!self.site.kind.is_shared()).then_some(hold)
    }
}

//! What an attempt asks for, and how it is put to a server.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use redfleet_core::ScriptCall;

use super::Attempt;
use crate::site::Site;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) site: Arc<Site>,
    pub(crate) ttl: Duration,
    /// Until when it may be extended at most, by our clock.
    pub(crate) max_until: Duration,
    /// How many tokens are wanted: one for each holder that the lock may be passed on to in this process.
    pub(crate) tokens: u64,
    /// Where to wait if it is not free; else it is only tried.
    pub(crate) place: Option<Place>,
}

/// A place in the line of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The waiter's name: the client's, or that with a colon and more behind it.
    pub(crate) waiter: Arc<str>,
    /// When it began to wait, in microseconds of the fleet's time: what decides the order.
    pub(crate) ticket: u64,
    /// Whether it takes a free lock past those who wait.
    pub(crate) is_fast: bool,
    /// How many are before it, by the server that sees the most.
    pub(crate) before: Arc<AtomicU64>,
}

impl Ask {
    /// The last token of the block that begins with this one.
    pub(super) const fn last_of(&self, first: u64) -> u64 {
        first.saturating_add(self.tokens).saturating_sub(1)
    }
}

impl Attempt {
    pub(super) fn acquire_call(&self, mark: &str) -> ScriptCall {
        let Ask { site, ttl, tokens, place, .. } = &self.ask;
        let call = self.servers.vote(site.kind.scripts().acquire, mark);
        let (owner, reservation) = (site.owner.as_str(), site.reservation.as_str());
        let call = call.key(&[owner, reservation, &site.token, &site.line]).key(site.readers.as_deref());
        let call = call.arg(self.id.as_str()).arg(ttl.as_millis()).arg(self.proposal).arg(tokens);
        let call = call.arg(self.servers.token_life().as_millis());
        let call = match place {
            None => call.arg("try"),
            Some(Place { waiter, ticket, is_fast, .. }) => {
                let mode = if *is_fast { "fast" } else { "fair" };
                call.arg(mode).arg(&**waiter).arg(ticket).arg(self.servers.line_life().as_millis())
            }
        };
        call.arg(site.detail.as_deref())
    }

    pub(super) fn write_back_call(&self, mark: &str, token: u64) -> ScriptCall {
        let Ask { site, .. } = &self.ask;
        let call = self.servers.vote(site.kind.scripts().write_back, mark).key(&site.owner).key(&site.token);
        let call = call.key(site.readers.as_deref());
        call.arg(self.id.as_str()).arg(self.ask.last_of(token)).arg(self.servers.token_life().as_millis())
    }
}

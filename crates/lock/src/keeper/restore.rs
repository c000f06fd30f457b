//! Putting back: a lease that a majority has granted or confirmed is written where it never was, or was lost.
//!
//! It is written only where nothing is, for no longer than the lease protects, and counts for nothing until a later round extends
//! it there. So it lets nobody hold longer or with fewer servers; it gives back what a lost server had taken: that another one may be
//! lost.
//!
//! # What a release has to do with it
//!
//! A hold that has ended is not put back. But a lease that is put back while it is released could stand on a server afterwards, where
//! nobody would take it away before its life is over. So whoever begins to put a lease back writes that down, if the lease is still
//! held, under one lock; and whoever releases it ends the hold first, and then marks what is written down, under the same lock. Either the
//! release comes first, and nothing is put back; or it finds it written down, and marks it. When the server has answered, or its time is
//! over, a marked lease is released on that server once more. On the connection that carried it that comes behind it, so it is taken away
//! again. Only what hung on a connection that is lost since may come later still: nobody counts it, and it lives no longer than the lease
//! protected.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{Node, Policy, Result};

use super::calls;
use super::round::Votes;
use crate::hold::{Hold, State};
use crate::id::LeaseId;
use crate::release;
use crate::servers::Servers;
use crate::site::Site;
use redfleet_core::lock;

/// A lease that a server has lost.
#[derive(Clone, Debug)]
pub(super) struct Lack {
    pub(super) server: usize,
    pub(super) number: u64,
    pub(super) hold: Arc<Hold>,
}

/// What one round puts back, each at most once.
#[derive(Debug)]
pub(super) struct Restoring {
    deadline: Duration,
    done: BTreeSet<(usize, u64)>,
}

impl Restoring {
    pub(super) const fn new(deadline: Duration) -> Self {
        Self { deadline, done: BTreeSet::new() }
    }

    /// Puts back what this round has found to be lost so far.
    pub(super) async fn put_back(&mut self, votes: &Votes) {
        let servers = &votes.watch().servers;
        let mut lacks = votes.absent();
        lacks.retain(|lack| self.done.insert((lack.server, lack.number)));
        put_back(servers, self.deadline, lacks).await;
    }
}

/// Puts these leases on the servers that were not asked for them.
///
/// # Cost
///
/// One batch on each server that lacks any.
pub(super) async fn spread(servers: Arc<Servers>, holds: Vec<Arc<Hold>>) {
    let all = 0..servers.fleet().len();
    let lacking = |hold: Arc<Hold>| {
        let lack = move |server| Lack { server, number: 0, hold: Arc::clone(&hold) };
        all.clone().map(lack).filter(|lack| !lack.hold.gate.was_asked(lack.server))
    };
    let lacks: Lacks = holds.into_iter().flat_map(lacking).collect();
    put_back(&servers, servers.round_trip().deadline(), lacks).await;
}

/// Puts back what is still held, and takes it away again where it was released meanwhile.
async fn put_back(servers: &Arc<Servers>, deadline: Duration, mut lacks: Lacks) {
    let now = servers.now();
    lacks.retain(|lack| servers.restores().begin(lack.server, &lack.hold, now));
    if lacks.is_empty() {
        return;
    }
    let lacks = Arc::new(lacks);
    on_their_servers(servers, deadline, &lacks, write).await;
    let mut released = Lacks::clone(&lacks);
    released.retain(|lack| servers.restores().end(&lack.hold));
    if !released.is_empty() {
        on_their_servers(servers, deadline, &Arc::new(released), take_away).await;
    }
}

type Lacks = Vec<Lack>;

/// Runs this on every server that lacks something, and waits for all of them.
async fn on_their_servers<F>(
    servers: &Arc<Servers>,
    deadline: Duration,
    lacks: &Arc<Lacks>,
    operation: impl Fn(Arc<Servers>, Node, Lacks) -> F + Send + 'static,
) where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (shared, lacks) = (Arc::clone(servers), Arc::clone(lacks));
    let on_one = move |node: Node| {
        let its = lacks.iter().filter(|lack| lack.server == node.index()).cloned().collect::<Lacks>();
        let is_concerned = !its.is_empty();
        let work = operation(Arc::clone(&shared), node, its);
        async move { if is_concerned { work.await } else { Ok(()) } }
    };
    let fan_out = servers.fleet().fan_out(Policy::All).and_then(|fan_out| fan_out.deadline(deadline));
    if let Ok(fan_out) = fan_out {
        // Where it failed, the next round finds it absent again.
        fan_out.run(on_one).await.settle().await;
    }
}

/// Writes what a server lacks.
async fn write(servers: Arc<Servers>, node: Node, lacks: Lacks) -> Result<()> {
    let calls = |mark: &str| {
        let now = servers.now();
        let left = |hold: &Hold| match hold.state(now) {
            State::Held(until) => until.saturating_sub(now),
            State::Released | State::Lost => Duration::ZERO,
        };
        lacks.iter().map(|lack| calls::restore(&servers, &lack.hold, left(&lack.hold), mark)).collect()
    };
    servers.ask_all(&node, calls).await.map(drop)
}

/// Takes it away again.
async fn take_away(servers: Arc<Servers>, node: Node, lacks: Lacks) -> Result<()> {
    for Lack { hold, .. } in &lacks {
        release::call(&servers, &hold.site, &hold.id).run::<String>(&*node).await?;
    }
    Ok(())
}

/// What is being put back now.
#[derive(Debug, Default)]
pub(crate) struct Restores {
    /// By id and key: how often it is being put back, and whether it was released meanwhile.
    under_way: Mutex<BTreeMap<(LeaseId, String), (usize, bool)>>,
}

impl Restores {
    /// Begins to put this back on one more server, if it is still held.
    fn begin(&self, server: usize, hold: &Hold, now: Duration) -> bool {
        let mut under_way = lock(&self.under_way);
        // The look has to be in here: see above.
        if !matches!(hold.state(now), State::Held(_)) {
            return false;
        }
        // From now on a release goes there too.
        if !hold.gate.ask(server) {
            return false;
        }
        under_way.entry(key(&hold.site, &hold.id)).or_default().0 += 1;
        true
    }

    /// It was put back there, or not. Whether it was released meanwhile.
    fn end(&self, hold: &Hold) -> bool {
        let mut under_way = lock(&self.under_way);
        let key = key(&hold.site, &hold.id);
        let Some((count, is_released)) = under_way.get_mut(&key) else { return false };
        *count -= 1;
        let (is_last, is_released) = (*count == 0, *is_released);
        if is_last {
            under_way.remove(&key);
        }
        is_released
    }

    /// This is being released on all servers. Its hold has ended before.
    pub(crate) fn released(&self, site: &Site, id: &LeaseId) {
        let mut under_way = lock(&self.under_way);
        if !under_way.is_empty()
            && let Some((_, is_released)) = under_way.get_mut(&key(site, id))
        {
            *is_released = true;
        }
    }
}

fn key(site: &Site, id: &LeaseId) -> (LeaseId, String) {
    (id.clone(), site.owner.clone())
}

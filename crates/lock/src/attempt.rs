//! One attempt to take a lock: one id, one start, one proposal, and its votes alone.

mod ask;
mod denial;
mod flawed;
mod gate;
mod grant;
mod vote;

use std::sync::{Arc, Mutex};

use redfleet_core::{Effect, Node, Outcome, Reply, Result as CoreResult, mutant};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::id::LeaseId;
use crate::kinds::free;
use crate::release::Release;
use crate::servers::Servers;
use crate::{validity, votes};
use redfleet_core::lock;

pub(crate) use ask::{Ask, Place};
use denial::{Part, Why};
pub(crate) use gate::Gate;
pub(crate) use grant::{Denied, Failed, Grant};
use vote::{No, Vote};

/// What one attempt knows while it goes on.
#[derive(Debug)]
struct Attempt {
    servers: Arc<Servers>,
    ask: Ask,
    id: LeaseId,
    proposal: u64,
    gate: Gate,
    /// Who said no.
    busy: Mutex<Vec<No>>,
    /// A shutdown waits until the last server has landed.
    _under_way: TaskTrackerToken,
}

/// Asks a majority of the servers at once, and answers as soon as it is certain. What a failed attempt took, or may have taken, is given
/// back in the background. The caller has nothing to clean up, unless it has a place in line: then it puts back what a failed attempt took.
///
/// All who want this lock ask the same majority first: the lock's name says where it begins. The others are asked only when that does not
/// suffice. Any majority counts all the same: which servers are asked is a matter of cost, and never of safety. So a lease stands on no
/// more than a majority at first; the keeper puts one that is held for longer on the others, see [`keeper`](crate::keeper).
///
/// # Cost
///
/// One round trip and a script on each server of a majority. One round trip more where fewer than a majority gave the same token, or
/// where one of the servers that are asked first fails or is late.
///
/// # Cancel safety
///
/// Dropping the future gives back in the background whatever was taken, or may have been.
pub(crate) async fn attempt(servers: &Arc<Servers>, ask: &Ask, id: LeaseId) -> Result<Grant, Failed> {
    servers.ready().await;
    let start = servers.now();
    let attempt = Arc::new(Attempt {
        servers: Arc::clone(servers),
        ask: ask.clone(),
        id: id.clone(),
        proposal: servers.time().propose(start, ask.tokens),
        gate: Gate::new(),
        busy: Mutex::default(),
        _under_way: servers.background().token(),
    });
    let mut undo = Undo(Some(&attempt));
    let token = match attempt.decide().await {
        Ok(token) => token,
        Err(failed) => {
            undo.0 = None;
            return Err(attempt.failed(failed));
        }
    };
    servers.time().seen(ask.last_of(token));
    let start = if mutant::is_on("validity_from_reply") { servers.now() } else { start };
    let valid_until = validity::valid_until(start, ask.ttl, servers.settings().drift_ppm);
    undo.0 = None;
    if servers.now() >= valid_until {
        let may_have = (0..servers.fleet().len()).map(|server| attempt.gate.was_asked(server)).collect();
        return Err(attempt.failed(Failed { denied: Denied::TooLate, may_have }));
    }
    Ok(Grant { id, token, valid_until, gate: attempt.gate.clone() })
}

/// Gives back what an attempt may have taken that nobody waits for any more.
struct Undo<'a>(Option<&'a Arc<Attempt>>);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if let Some(attempt) = self.0 {
            attempt.undo(|server| attempt.gate.was_asked(server));
        }
    }
}

impl Attempt {
    /// The token, if a majority granted one and knows it.
    async fn decide(self: &Arc<Self>) -> Result<u64, Failed> {
        let majority = self.servers.majority();
        // Who waits asks all: its place is to be in each line, or left in each, and the fastest majority is the soonest to answer.
        let mut granted = match self.ask.place {
            None => self.on_a_majority(Self::take).await,
            Some(_) => self.on_all(Self::take).await,
        };
        let (mut votes, mut elsewhere) = (self.standing(&granted), None);
        if granted.is_reached() && votes.len() < majority {
            // A connection broke after its vote: those that have not answered yet, or were not asked, may stand in for it.
            votes = self.standing(granted.settle().await);
            if votes.len() < majority {
                // Those that were asked before say no at once, so this is decided when the others have answered.
                let asked = elsewhere.insert(self.on_all(Self::take_elsewhere).await);
                votes.extend(self.standing(asked.settle().await));
            }
        }
        if mutant::is_on("votes_of_several_attempts") {
            votes = flawed::with_those_before(&self.ask.site.owner, votes);
        }
        let tokens: Vec<u64> = votes.iter().map(|vote| vote.token).collect();
        let Some(count) = votes::count(&tokens, majority) else {
            let may_have = self.may_have(&granted, elsewhere.as_ref());
            return Err(Failed { denied: self.denied(&granted, &votes), may_have });
        };
        if count.is_known {
            return Ok(count.token);
        }
        // The greatest token must be known to a majority before anybody is told of it.
        let written = self.on_all(move |this, node| this.write_back(node, count.token)).await;
        if self.standing(&written).len() < majority {
            let denied = Denied::Unreachable { answers: written.shortfall() };
            return Err(Failed { denied, may_have: self.may_have(&granted, elsewhere.as_ref()) });
        }
        Ok(count.token)
    }

    /// Runs this on a majority, and on others only if that does not suffice.
    async fn on_a_majority<F>(
        self: &Arc<Self>,
        operation: impl Fn(Arc<Self>, Node) -> F + Send + 'static,
    ) -> Outcome<Vote>
    where
        F: Future<Output = CoreResult<Vote>> + Send + 'static,
    {
        let (this, deadline) = (Arc::clone(self), self.servers.round_trip().deadline());
        let operation = move |node| operation(Arc::clone(&this), node);
        self.servers.run_from(self.ask.site.first(self.servers.fleet().len()), deadline, operation).await
    }

    async fn on_all<F>(
        self: &Arc<Self>,
        operation: impl Fn(Arc<Self>, Node) -> F + Send + 'static,
    ) -> Outcome<Vote>
    where
        F: Future<Output = CoreResult<Vote>> + Send + 'static,
    {
        let this = Arc::clone(self);
        self.servers
            .run(self.servers.round_trip().deadline(), move |node| operation(Arc::clone(&this), node))
            .await
    }

    /// The votes that still stand: a connection that was closed meanwhile may have been that of a life that is over.
    fn standing(&self, outcome: &Outcome<Vote>) -> Vec<Vote> {
        let votes = outcome.acks().map(|(_, vote)| vote);
        votes.filter(|vote| self.servers.is_still(vote.server, &vote.by)).cloned().collect()
    }

    fn denied(&self, outcome: &Outcome<Vote>, votes: &[Vote]) -> Denied {
        let answers = outcome.shortfall();
        let busy = lock(&self.busy).clone();
        let part = |server: usize| match outcome.reply(server) {
            Some(Reply::Pending | Reply::NotAsked) => Part::Open,
            Some(_) if votes.iter().any(|vote| vote.server == server) => Part::Granted,
            Some(_) | None => {
                let no = busy.iter().find(|no| no.server == server);
                no.map_or(Part::Mute, |no| Part::Busy(no.wait))
            }
        };
        let parts = (0..self.servers.fleet().len()).map(part);
        match denial::why(parts, self.servers.majority()) {
            Why::Busy(retry_after) => {
                let free = free::by_all(busy.iter().map(|no| no.free.as_slice()));
                Denied::Busy { answers, retry_after, free }
            }
            Why::Unreachable => Denied::Unreachable { answers },
        }
    }

    /// By server: whether it may have granted this, when it was asked first, or when it was asked because others' votes did not count.
    /// What says no by itself, or was never reached, has not; a script that was refused may have written before.
    fn may_have(&self, outcome: &Outcome<Vote>, elsewhere: Option<&Outcome<Vote>>) -> Vec<bool> {
        let by = |outcome: &Outcome<Vote>, server: usize| match outcome.reply(server) {
            Some(Reply::Said { result: Err(error), .. }) => {
                (error.effect() == Effect::Unknown && !mutant::is_on("unknown_is_refused"))
                    || error.code().is_some()
            }
            // It may have been asked later on.
            Some(Reply::NotAsked) => self.gate.was_asked(server),
            Some(Reply::Pending) => !mutant::is_on("unanswered_is_not_released"),
            Some(_) | None => true,
        };
        let may_have = |server| by(outcome, server) || elsewhere.is_some_and(|outcome| by(outcome, server));
        (0..self.servers.fleet().len()).map(may_have).collect()
    }

    /// Gives back what may have been taken, and says why it was denied. Who has a place in line puts it back by itself, and keeps the
    /// place so.
    fn failed(self: &Arc<Self>, failed: Failed) -> Failed {
        if self.ask.place.is_some() {
            self.gate.shut();
        } else {
            self.undo(|server| failed.may_have.get(server).copied().unwrap_or(true));
        }
        failed
    }

    fn undo(&self, may_have: impl Fn(usize) -> bool) {
        self.gate.shut();
        Release::on(&self.servers, &self.ask.site, &self.id, may_have).in_background();
    }
}

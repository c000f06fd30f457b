//! One server of a cluster, and what is in flight on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use redis::{Cmd, Value};

use super::address::Address;
use crate::backend::{Backend, Batch};
use crate::error::{Effect, Error, LinkError, Result};

/// A server of the cluster, by the address that the cluster gives it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) address: Address,
    pub(crate) backend: Arc<dyn Backend>,
    in_flight: AtomicUsize,
    was_abandoned: AtomicBool,
    /// How often something was sent whose reply never came, or may never come: it may be carried out late.
    strays: AtomicU64,
    /// How many of those cannot be carried out any more.
    fenced: AtomicU64,
}

impl Member {
    pub(crate) fn new(address: Address, backend: Arc<dyn Backend>) -> Self {
        Self {
            address,
            backend,
            in_flight: AtomicUsize::new(0),
            was_abandoned: AtomicBool::new(false),
            strays: AtomicU64::new(0),
            fenced: AtomicU64::new(0),
        }
    }

    /// Sends one command; ASKING goes before it where the slot is still on its way here.
    pub(crate) async fn call(&self, command: &Cmd, is_asking: bool) -> Result<Value> {
        if is_asking {
            let batch: Batch = [command.clone()].into_iter().collect();
            let mut answers = self.call_batch(&batch.asking()).await?;
            return answers.pop().unwrap_or_else(|| Err(self.garbled()));
        }
        let flight = Flight::new(self);
        let answer = self.backend.call(command).await;
        flight.land(is_unknown(&answer));
        answer
    }

    pub(crate) async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let flight = Flight::new(self);
        let answers = self.backend.call_batch(batch).await;
        flight.land(is_unknown(&answers) || answers.iter().flatten().any(is_unknown));
        answers
    }

    /// A session was opened: what is sent on it is not seen from here.
    pub(crate) fn notes_a_stray(&self) {
        self.strays.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether something may be carried out late.
    pub(crate) fn may_have_strays(&self) -> bool {
        self.is_in_flight() || self.strays.load(Ordering::SeqCst) > self.fenced.load(Ordering::SeqCst)
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        self.in_flight.load(Ordering::SeqCst) > 0
    }

    /// Fences off what was lost, if anything was: a member that lost nothing need not be there to be asked.
    pub(crate) async fn fence(&self) -> Result<()> {
        let strays = self.strays.load(Ordering::SeqCst);
        if self.may_have_strays() {
            self.backend.fence().await?;
            self.fenced.fetch_max(strays, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Whether somebody waits for this server, or has just given up waiting. Asking clears the latter.
    pub(crate) fn owes_a_reply(&self) -> bool {
        let was_abandoned = self.was_abandoned.swap(false, Ordering::Relaxed);
        was_abandoned || self.in_flight.load(Ordering::Relaxed) > 0
    }

    /// It gave fewer replies than it was sent commands.
    pub(crate) fn garbled(&self) -> Error {
        Error::link(LinkError::Protocol { to: self.address.to_string() }, Effect::Unknown)
    }
}

/// Counts a command in flight; one that is dropped before its reply came leaves a mark.
struct Flight<'a> {
    member: &'a Member,
    has_landed: bool,
}

impl<'a> Flight<'a> {
    fn new(member: &'a Member) -> Self {
        member.in_flight.fetch_add(1, Ordering::SeqCst);
        Self { member, has_landed: false }
    }

    fn land(mut self, is_unknown: bool) {
        self.has_landed = true;
        if is_unknown {
            self.member.notes_a_stray();
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.has_landed {
            self.member.was_abandoned.store(true, Ordering::Relaxed);
            self.member.notes_a_stray();
        }
        // Last: at no time is a stray neither in flight nor noted.
        self.member.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

fn is_unknown<T>(answer: &Result<T>) -> bool {
    answer.as_ref().is_err_and(|error| error.effect() == Effect::Unknown)
}

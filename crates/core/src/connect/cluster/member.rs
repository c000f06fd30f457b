//! One server of a cluster, and what is in flight on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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
}

impl Member {
    pub(crate) fn new(address: Address, backend: Arc<dyn Backend>) -> Self {
        Self { address, backend, in_flight: AtomicUsize::new(0), was_abandoned: AtomicBool::new(false) }
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
        flight.land();
        answer
    }

    pub(crate) async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let flight = Flight::new(self);
        let answers = self.backend.call_batch(batch).await;
        flight.land();
        answers
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
        member.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { member, has_landed: false }
    }

    fn land(mut self) {
        self.has_landed = true;
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.member.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.has_landed {
            self.member.was_abandoned.store(true, Ordering::Relaxed);
        }
    }
}

//! The one order of all effects of a store.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::dirty::Cause;
use crate::effect::{Effect, Key};
use crate::journal::Journal;
use crate::lock::lock;
use crate::receipt::{Receipt, Ticket};
use crate::remote::Remote;
use crate::remote::queue::Incoming;

/// Gives each effect its place, the same at all remotes, and queues it there.
#[derive(Debug)]
pub(crate) struct Sequencer {
    state: Mutex<State>,
    journal: Arc<Journal>,
}

#[derive(Debug)]
struct State {
    last_seq: u64,
    remotes: Arc<[Arc<Remote>]>,
    names: Arc<[Arc<str>]>,
    is_any_sharded: bool,
}

impl State {
    fn new(last_seq: u64, remotes: Vec<Arc<Remote>>) -> Self {
        let names = remotes.iter().map(|remote| Arc::clone(&remote.name)).collect();
        let is_any_sharded = remotes.iter().any(|remote| remote.is_sharded);
        Self { last_seq, remotes: remotes.into(), names, is_any_sharded }
    }

    fn tickets(&self, is_wanted: bool) -> (Option<Receipt>, Vec<Ticket>) {
        if !is_wanted {
            return (None, Vec::new());
        }
        let (receipt, tickets) = Receipt::new(Arc::clone(&self.names));
        (Some(receipt), tickets)
    }
}

impl Sequencer {
    /// The order that goes on after `last_seq`.
    pub(crate) fn new(last_seq: u64, remotes: Vec<Arc<Remote>>, journal: Arc<Journal>) -> Self {
        Self { state: Mutex::new(State::new(last_seq, remotes)), journal }
    }

    /// The remotes by now.
    pub(crate) fn remotes(&self) -> Arc<[Arc<Remote>]> {
        Arc::clone(&lock(&self.state).remotes)
    }

    /// The seq of what was queued last.
    pub(crate) fn last_seq(&self) -> u64 {
        lock(&self.state).last_seq
    }

    /// Queues the effect at all remotes: the outcome of `intent`. Never waits.
    pub(crate) fn push(
        &self,
        effect: &Arc<Effect>,
        intent: Option<u64>,
        is_receipt_wanted: bool,
        now: Duration,
    ) -> Option<Receipt> {
        let mut state = lock(&self.state);
        let parts = if state.is_any_sharded { effect.by_slot() } else { None };
        // Each part has a number of its own, and the last is that of the whole.
        let numbers = parts.as_ref().map_or(1, |parts| parts.len().max(1) as u64);
        state.last_seq += numbers;
        let seq = state.last_seq;
        if let Some(intent) = intent {
            self.journal.outcome(intent, Some((seq, effect)));
        }
        let (receipt, mut tickets) = state.tickets(is_receipt_wanted);
        for remote in state.remotes.iter().rev() {
            let tickets = tickets.pop().into_iter().collect();
            remote.push(Incoming { seq, effect, parts: parts.as_deref(), tickets, now });
        }
        receipt
    }

    /// Queues a copy at one remote: `push` is given its seq.
    pub(crate) fn copy(&self, push: impl FnOnce(u64) -> bool) -> bool {
        let mut state = lock(&self.state);
        state.last_seq += 1;
        push(state.last_seq)
    }

    /// Notes the keys as dirty at all remotes: the outcome of `intent`. The receipt's tickets are for the caller to tell.
    pub(crate) fn mark(
        &self,
        keys: &[Key],
        cause: Cause,
        intent: Option<u64>,
        is_receipt_wanted: bool,
    ) -> (Option<Receipt>, Vec<Ticket>) {
        let state = lock(&self.state);
        state.remotes.iter().for_each(|remote| remote.mark(keys, cause));
        self.nothing_of(intent);
        state.tickets(is_receipt_wanted)
    }

    /// Everything is to be copied to all remotes: the outcome of `intent`.
    pub(crate) fn mark_everything(
        &self,
        cause: Cause,
        intent: Option<u64>,
        is_receipt_wanted: bool,
    ) -> (Option<Receipt>, Vec<Ticket>) {
        let state = lock(&self.state);
        state.remotes.iter().for_each(|remote| remote.mark_everything(cause));
        self.nothing_of(intent);
        state.tickets(is_receipt_wanted)
    }

    /// Nothing is queued for this intent.
    fn nothing_of(&self, intent: Option<u64>) {
        if let Some(intent) = intent {
            self.journal.outcome(intent, None);
        }
    }

    /// A receipt of what concerns no remote: the outcome of `intent`.
    pub(crate) fn nothing(
        &self,
        intent: Option<u64>,
        is_receipt_wanted: bool,
    ) -> (Option<Receipt>, Vec<Ticket>) {
        self.nothing_of(intent);
        if is_receipt_wanted { lock(&self.state).tickets(true) } else { (None, Vec::new()) }
    }

    /// Changes the list of remotes: from then on, each effect goes to those in the new one.
    pub(crate) fn change<T, E>(
        &self,
        change: impl FnOnce(&mut Vec<Arc<Remote>>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = lock(&self.state);
        let mut remotes = state.remotes.to_vec();
        let changed = change(&mut remotes)?;
        *state = State::new(state.last_seq, remotes);
        Ok(changed)
    }
}

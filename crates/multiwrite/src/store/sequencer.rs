//! The one order of all effects of a store.
//!
//! A writer only puts down what local has carried out; a task of the store brings it to the queues right behind its back (see
//! [`porter`](super::porter)). So it costs a writer the same whatever becomes of it at the remotes. Everybody else who looks at the
//! order, or adds to it, first has brought there what was put down before.

use redfleet_core::lock;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use crate::dirty::Cause;
use crate::effect::{Effect, Key};
use crate::journal::Journal;
use crate::options::Overflow;
use crate::receipt::{Receipt, Ticket};
use crate::remote::Remote;
use crate::remote::queue::Incoming;

/// How much may be put down before a writer brings it to the queues itself.
const MAX_PUT_DOWN: usize = 1000;

/// Gives each effect its place, the same at all remotes, and queues it there.
#[derive(Debug)]
pub(crate) struct Sequencer {
    /// Locked before `inbox`.
    state: Mutex<State>,
    inbox: Mutex<Inbox>,
    journal: Arc<Journal>,
    /// Something was put down.
    pub(super) arrived: Arc<Notify>,
}

/// What was put down, in order.
#[derive(Debug)]
struct Inbox {
    waiting: Vec<PutDown>,
    /// Some writers wait for room in a queue, so each must know how full it is.
    is_any_blocking: bool,
}

/// What local has carried out.
#[derive(Debug)]
struct PutDown {
    effect: Arc<Effect>,
    intent: Option<u64>,
    since: Duration,
}

#[derive(Debug)]
struct State {
    last_seq: u64,
    remotes: Arc<[Arc<Remote>]>,
    names: Arc<[Arc<str>]>,
    is_any_sharded: bool,
    /// Empty: its memory is used again.
    spare: Vec<PutDown>,
}

impl State {
    fn new(last_seq: u64, remotes: Vec<Arc<Remote>>) -> Self {
        let names = remotes.iter().map(|remote| Arc::clone(&remote.name)).collect();
        let is_any_sharded = remotes.iter().any(|remote| remote.is_sharded);
        Self { last_seq, remotes: remotes.into(), names, is_any_sharded, spare: Vec::new() }
    }

    fn is_any_blocking(&self) -> bool {
        self.remotes.iter().any(|remote| matches!(remote.options.overflow, Overflow::Block { .. }))
    }

    /// Gives the effect its place, and queues it.
    fn push(&mut self, journal: &Journal, put_down: &PutDown, is_receipt_wanted: bool) -> Option<Receipt> {
        let effect = &put_down.effect;
        let parts = if self.is_any_sharded { effect.by_slot() } else { None };
        // Each part has a number of its own, and the last is that of the whole.
        let numbers = parts.as_ref().map_or(1, |parts| parts.len().max(1) as u64);
        self.last_seq += numbers;
        let seq = self.last_seq;
        if let Some(intent) = put_down.intent {
            journal.outcome(intent, Some((seq, effect)));
        }
        let (receipt, mut tickets) = self.tickets(is_receipt_wanted);
        for remote in self.remotes.iter().rev() {
            let tickets = tickets.pop().into_iter().collect();
            let parts = parts.as_deref();
            remote.push(Incoming { seq, effect, parts, tickets, now: put_down.since });
        }
        receipt
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
        let state = State::new(last_seq, remotes);
        let inbox = Inbox { waiting: Vec::new(), is_any_blocking: state.is_any_blocking() };
        Self { state: Mutex::new(state), inbox: Mutex::new(inbox), journal, arrived: Arc::default() }
    }

    /// The remotes by now.
    pub(crate) fn remotes(&self) -> Arc<[Arc<Remote>]> {
        Arc::clone(&self.state().remotes)
    }

    /// The seq of what was queued last.
    pub(crate) fn last_seq(&self) -> u64 {
        self.state().last_seq
    }

    /// Queues the effect at all remotes, or puts it down for that: the outcome of `intent`. Never waits.
    pub(crate) fn push(
        &self,
        effect: &Arc<Effect>,
        intent: Option<u64>,
        is_receipt_wanted: bool,
        now: Duration,
    ) -> Option<Receipt> {
        let put_down = PutDown { effect: Arc::clone(effect), intent, since: now };
        let mut inbox = lock(&self.inbox);
        if is_receipt_wanted || inbox.is_any_blocking || inbox.waiting.len() >= MAX_PUT_DOWN {
            drop(inbox);
            return self.state().push(&self.journal, &put_down, is_receipt_wanted);
        }
        inbox.waiting.push(put_down);
        let is_first = inbox.waiting.len() == 1;
        drop(inbox);
        if is_first {
            self.arrived.notify_one();
        }
        None
    }

    /// Brings all that was put down to the queues.
    pub(super) fn distribute(&self) {
        drop(self.state());
    }

    /// The order, once all that was put down is in it.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        let mut waiting = std::mem::take(&mut state.spare);
        std::mem::swap(&mut waiting, &mut lock(&self.inbox).waiting);
        for put_down in waiting.drain(..) {
            state.push(&self.journal, &put_down, false);
        }
        state.spare = waiting;
        state
    }

    /// Whether writers are to wait for room at some remote.
    pub(crate) fn is_any_blocking(&self) -> bool {
        lock(&self.inbox).is_any_blocking
    }

    /// Queues a copy at one remote: `push` is given its seq.
    pub(crate) fn copy<T>(&self, push: impl FnOnce(u64) -> T) -> T {
        let mut state = self.state();
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
        let state = self.state();
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
        let state = self.state();
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
        if is_receipt_wanted { self.state().tickets(true) } else { (None, Vec::new()) }
    }

    /// Changes the list of remotes: from then on, each effect goes to those in the new one.
    pub(crate) fn change<T, E>(
        &self,
        change: impl FnOnce(&mut Vec<Arc<Remote>>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.state();
        let mut remotes = state.remotes.to_vec();
        let changed = change(&mut remotes)?;
        *state = State::new(state.last_seq, remotes);
        lock(&self.inbox).is_any_blocking = state.is_any_blocking();
        Ok(changed)
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        // Whoever waits for more learns that nothing comes.
        self.arrived.notify_one();
    }
}

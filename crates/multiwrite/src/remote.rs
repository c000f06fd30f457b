//! One remote: what it still lacks, and the two tasks that bring it there.

mod arriving;
pub(crate) mod at_least_once;
mod call;
mod check;
mod copied;
pub(crate) mod copier;
pub(crate) mod everything;
mod exactly_once;
mod linked;
pub(crate) mod look;
mod pack;
pub(crate) mod queue;
mod refill;
mod refusal;
mod reply;
mod round;
pub(crate) mod sender;
pub(crate) mod ship;
mod spill;
mod vouched;
pub(crate) mod watermark;
mod wholes;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redfleet_core::{Backend, Clock, lock};
use tokio::sync::Notify;

use crate::after::after;
use crate::dirty::Cause;
use crate::effect::{Effect, Key};
use crate::journal::Journal;
use crate::options::{Guarantee, Overflow, RemoteOptions};
use crate::outcome::{DropReason, Outcome};
use crate::store::recovered::Lack;
use copied::Copied;
use queue::{Incoming, Queue};
use spill::Spill;

/// One remote.
pub(crate) struct Remote {
    pub(crate) name: Arc<str>,
    pub(crate) backend: Arc<dyn Backend>,
    /// What the user gave, without the breaker: to see whether two are the same.
    pub(crate) given: Arc<dyn Backend>,
    pub(crate) options: RemoteOptions,
    pub(crate) clock: Clock,
    pub(crate) is_sharded: bool,
    pub(crate) journal: Arc<Journal>,
    queue: Mutex<Queue>,
    /// It cannot read the payloads of local's DUMP.
    is_typed: AtomicBool,
    /// There is something for the sender to do.
    pub(crate) wake_sender: Notify,
    /// There is something for the copier to do.
    pub(crate) wake_copier: Notify,
    /// Something was settled: for those who wait for room, or until it is equal.
    pub(crate) changed: Notify,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("name", &self.name)
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl Remote {
    /// A remote that has everything, as far as is known. `backend` is `given` behind a breaker.
    pub(crate) fn new(
        name: Arc<str>,
        given: Arc<dyn Backend>,
        backend: Arc<dyn Backend>,
        options: RemoteOptions,
        clock: Clock,
        seed: u64,
        journal: Arc<Journal>,
    ) -> Self {
        let is_sharded = given.is_sharded();
        Self {
            queue: Mutex::new(Queue::new(
                Arc::clone(&name),
                &options,
                is_sharded,
                seed,
                Arc::clone(&journal),
            )),
            journal,
            name,
            backend,
            given,
            options,
            clock,
            is_sharded,
            is_typed: AtomicBool::new(false),
            wake_sender: Notify::new(),
            wake_copier: Notify::new(),
            changed: Notify::new(),
        }
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    /// Goes on where the process before ended.
    pub(crate) fn take_over(&self, lack: &Lack, unknown: &[Key], last_seq: u64) {
        let mut queue = self.queue();
        if let Some(settled) = lack.settled.filter(|settled| *settled < last_seq) {
            let is_plain = self.options.guarantee == Guarantee::AtLeastOnce;
            let next = settled + 1;
            let (last, sent) = (last_seq, last_seq);
            queue.spilled = Some(Spill { next, last, sent, is_plain, tickets: BTreeMap::new() });
        }
        // Whatever made them dirty, the process before may have sent what is not carried out yet.
        queue.mark(&lack.dirty, Cause::UnknownOnLocal, 0);
        queue.mark(unknown, Cause::UnknownOnLocal, 0);
        // Another kind of server under its name has nothing of what that one had.
        let is_another = !self.is_sharded && lack.acked.iter().any(|(lane, _)| *lane > 0);
        if lack.is_everything || is_another {
            queue.mark_everything(Cause::UnknownOnLocal);
        } else if !lack.acked.is_empty() {
            queue.resumed.clone_from(&lack.acked);
            // What was acknowledged before is looked at first.
            queue.looks.0 += 1;
        }
    }

    /// Queues an effect, or notes its keys as dirty. Called in the order of the seqs; never waits.
    pub(crate) fn push(&self, incoming: Incoming<'_>) {
        let mut queue = self.queue();
        let was_idle = queue.lanes.len() == 0;
        let is_queued = queue.push(incoming);
        let is_round = queue.lanes.len() == self.options.round_entries;
        let (is_urgent, has_dirt) = (queue.is_urgent, queue.dirty.len() > 0);
        drop(queue);
        if is_queued && (was_idle || is_urgent || is_round) {
            self.wake_sender.notify_one();
        }
        if !is_queued || has_dirt {
            self.wake_copier.notify_one();
        }
    }

    /// Queues the copy of a key, unless there is no room.
    pub(crate) fn push_copy(&self, seq: u64, key: &Key, effect: &Arc<Effect>) -> Copied {
        let parts = if self.is_sharded { effect.by_slot() } else { None };
        let lane = parts.and_then(|parts| parts.first().map(|(slot, _)| *slot)).unwrap_or(0);
        let copied = self.queue().push_copy(seq, key, effect, lane, self.clock.now());
        self.wake_sender.notify_one();
        copied
    }

    /// Notes keys as dirty: what is on this remote may differ from local.
    pub(crate) fn mark(&self, keys: &[Key], cause: Cause) {
        self.queue().mark(keys, cause, 0);
        self.wake_copier.notify_one();
    }

    /// Everything is to be copied, from the beginning.
    pub(crate) fn mark_everything(&self, cause: Cause) {
        self.queue().mark_everything(cause);
        tracing::info!(remote = %self.name, "everything is to be copied");
        self.wake_copier.notify_one();
    }

    /// Waits for room, if that is what is to be done when there is none. Whether there is now.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn has_room(&self) -> Result<(), Duration> {
        let Overflow::Block { within } = self.options.overflow else { return Ok(()) };
        if !self.is_full() {
            return Ok(());
        }
        let until = after(within);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !self.is_full() {
                return Ok(());
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return Err(within);
            }
        }
    }

    /// Whether it takes copies only as the commands that build them, because it is of another version than local.
    pub(crate) fn is_typed(&self) -> bool {
        self.is_typed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_typed(&self) {
        self.is_typed.store(true, Ordering::Relaxed);
    }

    fn is_full(&self) -> bool {
        let queue = self.queue();
        let is_open = queue.gone.is_none() && queue.halted.is_none();
        is_open
            && (queue.lanes.len() >= self.options.max_entries
                || queue.lanes.bytes() >= self.options.max_bytes)
    }

    /// Waits until it has everything up to `seq`, and nothing is left to be copied. Whether it has: one that is halted never will.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn has_all(&self, seq: u64) -> bool {
        // What was dirty arrives as copies, which are later than what was written.
        let mut copied = None;
        let look = self.ask_look();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let queue = self.queue();
                // At one that is at rest nothing is looked at, so that nothing more can be said of it.
                let is_seen = queue.looks.1 >= look || queue.is_at_rest();
                if queue.gone.is_some() || queue.has_all(seq, &mut copied) && is_seen {
                    return true;
                }
                if queue.halted.is_some() {
                    return false;
                }
            }
            changed.await;
        }
    }

    /// Asks whether it still has what it had: a remote that was restarted may have less than it acknowledged. Which time it is.
    fn ask_look(&self) -> u64 {
        let mut queue = self.queue();
        queue.looks.0 += 1;
        let look = queue.looks.0;
        drop(queue);
        self.wake_sender.notify_one();
        look
    }

    /// Waits until nothing up to `seq` is queued or in flight.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn has_sent(&self, seq: u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.queue().has_sent(seq) {
                return;
            }
            self.hurry();
            changed.await;
        }
    }

    /// Whether any of the keys is to be copied.
    pub(crate) fn is_dirty(&self, keys: &[Key]) -> bool {
        let queue = self.queue();
        queue.dirty.everything().is_some() || keys.iter().any(|key| queue.dirty.contains(key))
    }

    /// What is queued does not wait for more.
    pub(crate) fn hurry(&self) {
        self.queue().is_urgent = true;
        self.wake_sender.notify_one();
    }

    /// Ends it: what is queued is told why, and its tasks end.
    pub(crate) fn end(&self, reason: DropReason) {
        let mut queue = self.queue();
        queue.gone = Some(reason);
        queue.clear(&Outcome::Dropped(reason));
        queue.skip_spilled(&Outcome::Dropped(reason));
        drop(queue);
        self.wake_all();
    }

    /// Nobody holds the store any more.
    pub(crate) fn orphan(&self) {
        self.queue().is_orphaned = true;
        self.wake_all();
    }

    /// One of its tasks ends: the other one does too, which may wait for something that never comes without the first.
    pub(super) fn end_orphaned(&self) {
        if self.queue().gone.is_none() {
            self.end(DropReason::Shutdown);
        }
    }

    pub(crate) fn set_paused(&self, is_paused: bool) {
        let mut queue = self.queue();
        queue.is_paused = is_paused;
        if !is_paused && queue.halted.take().is_some() {
            queue.mark_everything(Cause::Effect);
        }
        drop(queue);
        self.wake_all();
    }

    pub(crate) fn wake_all(&self) {
        self.wake_sender.notify_one();
        self.wake_copier.notify_one();
        self.changed.notify_waiters();
    }
}

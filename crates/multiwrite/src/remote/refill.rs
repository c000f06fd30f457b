//! Brings what was left in the spool into the queue, when there is room.

use std::sync::Arc;
use std::time::Duration;

use super::Remote;
use super::queue::{Incoming, Queue, Spill};
use crate::dirty::Cause;
use crate::effect::{Effect, Kind};
use crate::journal::Journal;
use crate::outcome::{DropReason, Outcome};
use crate::spool::Spilled;

/// How many effects are read at once.
const MAX_ENTRIES: usize = 1000;

impl Remote {
    /// Queues what was left in the spool, as far as there is room.
    pub(super) fn refill(&self) {
        let next = {
            let queue = self.queue();
            let is_half_empty = queue.lanes.len() <= self.options.max_entries / 2
                && queue.lanes.bytes() <= self.options.max_bytes / 2;
            queue.spilled.as_ref().filter(|_| is_half_empty).map(|spill| (spill.next, spill.last))
        };
        let (Some((next, last)), Journal::Spool(spool)) = (next, &*self.journal) else { return };
        match spool.read_from(next, MAX_ENTRIES) {
            Ok(spilled) => self.take_in(next, last, &spilled),
            Err(error) => {
                tracing::error!(remote = %self.name, %error, "the spool cannot be read: everything is to be copied");
                self.queue().mark_everything();
            }
        }
        self.wake_copier.notify_one();
        self.changed.notify_waiters();
    }

    fn take_in(&self, next: u64, last: u64, spilled: &Spilled) {
        let now = self.clock.now();
        let mut queue = self.queue();
        // Everything may have become dirty meanwhile.
        if queue.spilled.as_ref().is_none_or(|spill| spill.next != next) {
            return;
        }
        if spilled.is_everything_gone {
            return queue.mark_everything();
        }
        queue.mark(&spilled.gone, Cause::Effect, 0);
        for (seq, effect) in &spilled.entries {
            let parts = if self.is_sharded { effect.by_slot() } else { None };
            if !queue.lanes.has_room(parts.as_ref().map_or(1, Vec::len), effect.bytes()) {
                return;
            }
            queue.take_spilled(*seq, effect, parts.as_deref(), now);
        }
        // What was left there since it was read is read the next time.
        let is_end = |spill: &Spill| spill.last == last && (spilled.entries.is_empty() || spill.next > last);
        if queue.spilled.as_ref().is_some_and(is_end) {
            queue.skip_spilled(&Outcome::Dropped(DropReason::Overflow));
        }
    }
}

impl Queue {
    /// Queues an effect from the spool.
    fn take_spilled(
        &mut self,
        seq: u64,
        effect: &Arc<Effect>,
        parts: Option<&[(u16, Arc<Effect>)]>,
        now: Duration,
    ) {
        let Some(spill) = &mut self.spilled else { return };
        let tickets = spill.tickets.remove(&seq).unwrap_or_default();
        spill.next = seq + 1;
        let is_repeatable = match effect.kind {
            Kind::Overwrites | Kind::SetsLife | Kind::Reads => true,
            Kind::Adds(_) | Kind::Builds => false,
        };
        if seq <= spill.sent && !is_repeatable {
            self.give_up(seq, effect, &tickets, DropReason::MayBeThere);
            return self.lanes.pass_over(seq);
        }
        self.admit(Incoming { seq, effect, parts, tickets, now });
    }
}

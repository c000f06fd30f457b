//! Brings what was left in the spool into the queue, when there is room.

use std::sync::Arc;
use std::time::Duration;

use super::Remote;
use super::queue::{Incoming, Queue};
use super::spill::Spill;
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
        let mut has_begun = false;
        while let Some((next, last)) = self.left_in_spool() {
            let Journal::Spool(spool) = &*self.journal else { return };
            has_begun = true;
            match spool.read_from(next, MAX_ENTRIES) {
                Ok(spilled) => self.take_in(next, last, &spilled),
                Err(error) => {
                    tracing::error!(remote = %self.name, %error, "the spool cannot be read: everything is to be copied");
                    self.queue().mark_everything(Cause::Effect);
                }
            }
            if self.left_in_spool() == Some((next, last)) {
                break;
            }
        }
        if has_begun {
            self.wake_copier.notify_one();
            self.changed.notify_waiters();
        }
    }

    /// From where to where it is to be read now: nothing if there is none, or while there is enough in the queue.
    fn left_in_spool(&self) -> Option<(u64, u64)> {
        let queue = self.queue();
        let is_half_empty = queue.lanes.len() <= self.options.max_entries / 2
            && queue.lanes.bytes() <= self.options.max_bytes / 2;
        queue.spilled.as_ref().filter(|_| is_half_empty).map(|spill| (spill.next, spill.last))
    }

    fn take_in(&self, next: u64, last: u64, spilled: &Spilled) {
        let now = self.clock.now();
        let mut queue = self.queue();
        // Everything may have become dirty meanwhile.
        if queue.spilled.as_ref().is_none_or(|spill| spill.next != next) {
            return;
        }
        if spilled.is_everything_gone {
            return queue.mark_everything(Cause::Effect);
        }
        queue.mark(&spilled.gone, Cause::Effect, 0);
        for (seq, effect) in &spilled.entries {
            let parts = if self.is_sharded { effect.by_slot() } else { None };
            let has_room = queue.lanes.has_room(parts.as_ref().map_or(1, Vec::len), effect.bytes());
            // One for which there is no room even alone is given up as it is queued.
            if !has_room && queue.lanes.len() > 0 {
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
        let is_old = seq <= spill.sent;
        // Plain commands of the process before may still be on their way, and arrive behind whatever is sent now.
        if is_old && spill.is_plain && effect.kind != Kind::Reads {
            self.give_up(seq, effect, &tickets, DropReason::MayBeThere);
            self.mark(&effect.keys, Cause::UnknownOnLocal, seq);
            return self.lanes.pass_over(seq);
        }
        if is_old && matches!(effect.kind, Kind::Adds(_)) {
            // It may be there already, so it must not be joined with one that is not.
            let alone = Arc::new(Effect { kind: Kind::Builds, ..Effect::clone(effect) });
            let part = parts.and_then(<[_]>::first).map(|(slot, _)| [(*slot, Arc::clone(&alone))]);
            let parts = part.as_ref().map(<[_; 1]>::as_slice);
            self.admit(Incoming { seq, effect: &alone, parts, tickets, now });
            return;
        }
        self.admit(Incoming { seq, effect, parts, tickets, now });
    }
}

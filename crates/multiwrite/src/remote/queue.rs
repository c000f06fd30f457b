//! All that is known of what one remote still lacks: what is queued, what is dirty, and how far a copy of everything is.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Error as CoreError;

pub(crate) use super::arriving::Incoming;
use super::everything::Scan;
use super::linked::Linked;
use super::spill::Spill;
use super::wholes::Wholes;
use crate::dirty::{Cause, Dirty};
use crate::effect::{Effect, Key, Kind};
use crate::entry::Entry;
use crate::journal::Journal;
use crate::lanes::{Lanes, Pushed};
use crate::options::{Overflow, RemoteOptions};
use crate::outcome::{DropReason, Outcome};
use crate::receipt::Ticket;

/// After so many drops what was kept about them is forgotten.
const MANY_DROPS: usize = 64;

/// What has been counted of a remote since it was added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) acked: u64,
    pub(crate) retries: u64,
    pub(crate) dropped: u64,
    pub(crate) dead_letters: u64,
    pub(crate) copies: u64,
    pub(crate) data_losses: u64,
}

/// All that is known of what one remote still lacks.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) lanes: Lanes,
    pub(crate) dirty: Dirty,
    pub(crate) linked: Linked,
    pub(crate) wholes: Wholes,
    /// The copies that are queued or in flight, by their seq.
    pub(crate) copies: BTreeMap<u64, Key>,
    /// The last copy of each key among them.
    pub(crate) last_copies: HashMap<Key, u64>,
    /// What is left in the spool, if anything is.
    pub(crate) spilled: Option<Spill>,
    /// What it had acknowledged by the end of the process before, by lane, until the sender knows.
    pub(crate) resumed: Vec<(u16, u64)>,
    /// How far a copy of everything is, while there is one.
    pub(crate) scan: Option<Scan>,
    pub(crate) is_paused: bool,
    /// Nothing more is sent until it is resumed: why.
    pub(crate) halted: Option<CoreError>,
    /// It was removed, or the store was shut down: why.
    pub(crate) gone: Option<DropReason>,
    /// Nobody holds the store any more: what is queued is sent while that goes well.
    pub(crate) is_orphaned: bool,
    /// The last round did not get through.
    pub(crate) is_failing: bool,
    /// Somebody waits for what is queued: a small round does not wait for more.
    pub(crate) is_urgent: bool,
    /// How often it was asked whether the remote still has what it had, and up to which time that is answered.
    pub(crate) looks: (u64, u64),
    pub(crate) last_error: Option<CoreError>,
    pub(crate) counts: Counts,
    pub(crate) name: Arc<str>,
    pub(crate) journal: Arc<Journal>,
    /// How many entries were dropped since what is settled was forgotten.
    drops: usize,
    pub(super) overflow: Overflow,
    is_sharded: bool,
    /// Dirty keys that this remote takes only as the commands that build them.
    pub(super) typed: HashSet<Key>,
}

impl Queue {
    pub(crate) fn new(
        name: Arc<str>,
        options: &RemoteOptions,
        is_sharded: bool,
        seed: u64,
        journal: Arc<Journal>,
    ) -> Self {
        Self {
            lanes: Lanes::new(options, seed),
            dirty: Dirty::new(options.max_dirty_keys),
            linked: Linked::default(),
            wholes: Wholes::default(),
            copies: BTreeMap::new(),
            last_copies: HashMap::new(),
            spilled: None,
            name,
            journal,
            resumed: Vec::new(),
            scan: None,
            is_paused: false,
            halted: None,
            gone: None,
            is_orphaned: false,
            is_failing: false,
            is_urgent: false,
            looks: (0, 0),
            last_error: None,
            counts: Counts::default(),
            drops: 0,
            overflow: options.overflow,
            is_sharded,
            typed: HashSet::new(),
        }
    }

    /// Queues an effect, or notes its keys as dirty where it cannot be queued as such. Whether anything is to be sent.
    pub(crate) fn push(&mut self, incoming: Incoming<'_>) -> bool {
        if self.gone.is_none() && self.spills(&incoming) {
            self.spill(incoming);
            return false;
        }
        // What is not in the spool must not overtake what is: the watermark would pass that by.
        if self.spilled.is_some() && incoming.effect.kind == Kind::Reads {
            self.give_up(incoming.seq, incoming.effect, &incoming.tickets, DropReason::Overflow);
            return false;
        }
        self.admit(incoming)
    }

    /// Queues an effect whose turn it is.
    pub(crate) fn admit(&mut self, incoming: Incoming<'_>) -> bool {
        let changes = incoming.effect.kind != Kind::Reads;
        let reason = if let Some(reason) = self.gone {
            Some(reason)
        } else if self.halted.is_some() || self.awaits_everything() {
            // Everything is copied when it goes on.
            Some(DropReason::RemoteLostData)
        } else if changes && incoming.effect.keys.iter().any(|key| self.dirty.contains(key)) {
            Some(DropReason::KeyIsDirty)
        } else if changes && self.scan.is_some() && incoming.effect.keys.len() > 1 {
            // One of them may not be copied yet, and the others be made of it.
            Some(DropReason::KeyIsDirty)
        } else if self.is_sharded && incoming.parts.is_none_or(<[_]>::is_empty) {
            Some(DropReason::SeveralSlots)
        } else {
            None
        };
        if let Some(reason) = reason {
            self.give_up(incoming.seq, incoming.effect, &incoming.tickets, reason);
            self.lanes.pass_over(incoming.seq);
            return false;
        }
        self.is_urgent |= !incoming.tickets.is_empty();
        match incoming.parts.filter(|_| self.is_sharded) {
            None => self.enqueue(incoming.seq, 0, incoming.effect, incoming.tickets, incoming.now),
            Some([(slot, effect)]) => {
                self.enqueue(incoming.seq, *slot, effect, incoming.tickets, incoming.now);
            }
            Some(parts) => {
                let first = incoming.seq.saturating_sub(parts.len() as u64 - 1);
                self.wholes.add(first, incoming.seq, incoming.tickets);
                for (seq, (slot, effect)) in (first..).zip(parts) {
                    self.enqueue(seq, *slot, effect, Vec::new(), incoming.now);
                }
            }
        }
        self.lanes.pass_over(incoming.seq);
        true
    }

    fn enqueue(&mut self, seq: u64, lane: u16, effect: &Arc<Effect>, tickets: Vec<Ticket>, since: Duration) {
        let mut entry = Entry { seq, lane, effect: Arc::clone(effect), tickets, since };
        loop {
            match self.lanes.push(entry) {
                Pushed::Queued => return self.linked.add(seq, effect),
                Pushed::Full(refused) => entry = refused,
            }
            let dropped = match self.overflow {
                Overflow::DropOldest => self.lanes.drop_oldest(Lanes::bytes_of(&entry)),
                Overflow::Block { .. } | Overflow::DropNew | Overflow::Spill => Vec::new(),
            };
            let made_room = !dropped.is_empty();
            self.drops += dropped.len();
            for old in dropped {
                self.wholes.note(old.seq, &Outcome::Dropped(DropReason::Overflow));
                self.give_up(old.seq, &old.effect, &old.tickets, DropReason::Overflow);
            }
            if self.drops >= MANY_DROPS {
                // No round may ever be settled at a remote that is paused.
                self.drops = 0;
                self.forget_settled();
            }
            let reaches_it = entry.effect.keys.iter().any(|key| self.dirty.contains(key));
            if !made_room || reaches_it && effect.kind != Kind::Reads {
                let reason = if made_room { DropReason::KeyIsDirty } else { DropReason::Overflow };
                self.wholes.note(seq, &Outcome::Dropped(reason));
                return self.give_up(seq, effect, &entry.tickets, reason);
            }
        }
    }

    /// It is not sent as such: its keys are copied whole.
    pub(crate) fn give_up(&mut self, seq: u64, effect: &Effect, tickets: &[Ticket], reason: DropReason) {
        self.counts.dropped += 1;
        tickets.iter().for_each(|ticket| ticket.tell(Outcome::Dropped(reason)));
        if effect.kind != Kind::Reads {
            self.mark(&effect.keys, Cause::Effect, seq);
        }
    }

    /// Notes keys as dirty, and what later effects in the queue make of them.
    pub(crate) fn mark(&mut self, keys: &[Key], cause: Cause, after: u64) {
        // What is read from the beginning later is read as it is then. But whether local has settled is a matter of its own.
        if self.awaits_everything() && cause == Cause::Effect {
            return;
        }
        let keys = self.linked.reached(keys, after);
        self.journal.dirty(&self.name, &keys);
        let before = self.dirty.everything();
        keys.into_iter().for_each(|key| self.dirty.mark(key, cause));
        if self.dirty.everything() != before {
            self.journal.everything(&self.name, true);
            tracing::warn!(remote = %self.name, "too many keys are dirty: everything is to be copied");
        }
    }

    /// Everything is to be copied, from the beginning.
    pub(crate) fn mark_everything(&mut self, cause: Cause) {
        self.typed.clear();
        self.dirty.mark_everything(cause);
        self.journal.everything(&self.name, true);
        self.scan = None;
        // What is in the spool is copied with everything.
        self.skip_spilled(&Outcome::Dropped(DropReason::RemoteLostData));
    }

    /// Whether it has everything up to `seq`, and the copies that were queued when nothing was dirty any more: the last of them is
    /// kept in `copied`.
    pub(crate) fn has_all(&self, seq: u64, copied: &mut Option<u64>) -> bool {
        let is_there = |until| self.lanes.len() == 0 || self.lanes.floor() >= until;
        let is_clean = self.dirty.len() == 0 && self.dirty.everything().is_none() && self.spilled.is_none();
        // What is still in flight may become dirty.
        if !is_clean || !is_there(seq) {
            *copied = None;
            return false;
        }
        let last = self.copies.last_key_value().map_or(0, |(seq, _)| *seq);
        is_there(*copied.get_or_insert(last))
    }

    /// Whether somebody asked what the remote has, and was not answered yet.
    pub(super) const fn is_look_due(&self) -> bool {
        self.looks.1 < self.looks.0
    }

    /// Whether nothing up to `seq` is queued or in flight.
    pub(crate) fn has_sent(&self, seq: u64) -> bool {
        self.spilled.is_none() && (self.lanes.len() == 0 || self.lanes.floor() >= seq)
    }

    /// Whether it has everything, as far as is known.
    pub(crate) fn is_equal(&self) -> bool {
        self.lanes.len() == 0
            && self.spilled.is_none()
            && self.dirty.len() == 0
            && self.dirty.everything().is_none()
    }

    /// Whether a copy of everything is to begin, or to begin anew.
    pub(crate) fn awaits_everything(&self) -> bool {
        let Some(everything) = self.dirty.everything() else { return false };
        self.scan.as_ref().is_none_or(|scan| scan.generation != everything.generation)
    }

    /// Takes all out that is queued, and tells so.
    pub(crate) fn clear(&mut self, outcome: &Outcome) {
        for entry in self.lanes.clear() {
            entry.tickets.iter().for_each(|ticket| ticket.tell(outcome.clone()));
        }
        self.wholes.tell_all(outcome);
        self.linked.clear();
        self.copies.clear();
        self.last_copies.clear();
    }
}

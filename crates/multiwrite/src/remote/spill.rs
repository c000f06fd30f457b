//! What is left in the spool while there is no room for it in the queue.

use std::collections::BTreeMap;

use super::queue::{Incoming, Queue};
use crate::effect::Kind;
use crate::options::Overflow;
use crate::outcome::Outcome;
use crate::receipt::Ticket;

/// How many of those who wait for what is in the spool are remembered.
const MAX_WAITING: usize = 100_000;

/// Effects that are left in the spool until there is room for them.
#[derive(Debug)]
pub(crate) struct Spill {
    /// The first of them.
    pub(crate) next: u64,
    /// The last of them.
    pub(crate) last: u64,
    /// Up to here the process before may have sent them.
    pub(crate) sent: u64,
    /// Without a watermark: what was sent may still arrive.
    pub(crate) is_plain: bool,
    /// Who waits for some of them: [`MAX_WAITING`] at most. Others learn no more than that it is spooled.
    pub(crate) tickets: BTreeMap<u64, Vec<Ticket>>,
}

impl Queue {
    /// Whether an effect stays in the spool: because earlier ones do, or because there is no room.
    pub(super) fn spills(&self, incoming: &Incoming<'_>) -> bool {
        // What changes nothing is not in the spool.
        if incoming.effect.kind == Kind::Reads || self.awaits_everything() || self.halted.is_some() {
            return false;
        }
        self.spilled.is_some()
            || self.overflow == Overflow::Spill
                && !self.lanes.has_room(incoming.parts.map_or(1, <[_]>::len), incoming.effect.bytes())
    }

    pub(super) fn spill(&mut self, incoming: Incoming<'_>) {
        incoming.tickets.iter().for_each(|ticket| ticket.tell(Outcome::Spooled));
        let spill = self.spilled.get_or_insert_with(|| Spill {
            next: incoming.seq,
            last: incoming.seq,
            sent: 0,
            is_plain: false,
            tickets: BTreeMap::new(),
        });
        spill.last = incoming.seq;
        if !incoming.tickets.is_empty() && spill.tickets.len() < MAX_WAITING {
            spill.tickets.insert(incoming.seq, incoming.tickets);
        }
    }

    /// Leaves out what is left in the spool.
    pub(crate) fn skip_spilled(&mut self, outcome: &Outcome) {
        let Some(spill) = self.spilled.take() else { return };
        self.lanes.pass_over(spill.last);
        spill.tickets.values().flatten().for_each(|ticket| ticket.tell(outcome.clone()));
    }
}

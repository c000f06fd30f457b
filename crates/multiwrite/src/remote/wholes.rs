//! Writes that travel to a sharded remote in several parts, and who waits for the whole. Pure.

use std::collections::BTreeMap;

use crate::outcome::Outcome;
use crate::receipt::Ticket;

/// Writes in parts, by the seq of the last part. The parts of one have the numbers right before it.
#[derive(Debug, Default)]
pub(crate) struct Wholes {
    wholes: BTreeMap<u64, Whole>,
}

#[derive(Debug)]
struct Whole {
    first: u64,
    tickets: Vec<Ticket>,
    /// What became of the worst part, where one is not simply there.
    worst: Option<Outcome>,
}

impl Wholes {
    /// A write in parts `first` to `last`.
    pub(crate) fn add(&mut self, first: u64, last: u64, tickets: Vec<Ticket>) {
        if !tickets.is_empty() {
            self.wholes.insert(last, Whole { first, tickets, worst: None });
        }
    }

    /// What became of the part `seq`, if it is one.
    pub(crate) fn note(&mut self, seq: u64, outcome: &Outcome) {
        let Some((_, whole)) = self.wholes.range_mut(seq..).next() else { return };
        if whole.first <= seq && !matches!(outcome, Outcome::Acked) {
            whole.worst = Some(outcome.clone());
        }
    }

    /// Tells those whose parts are all settled.
    pub(crate) fn settle(&mut self, floor: u64) {
        while let Some(first) = self.wholes.first_entry() {
            if *first.key() > floor {
                return;
            }
            let whole = first.remove();
            let outcome = whole.worst.unwrap_or(Outcome::Acked);
            whole.tickets.iter().for_each(|ticket| ticket.tell(outcome.clone()));
        }
    }

    /// Tells all of them the same.
    pub(crate) fn tell_all(&mut self, outcome: &Outcome) {
        for whole in std::mem::take(&mut self.wholes).into_values() {
            whole.tickets.iter().for_each(|ticket| ticket.tell(outcome.clone()));
        }
    }
}

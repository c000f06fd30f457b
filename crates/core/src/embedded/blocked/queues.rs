//! Who waits for which key, in order.

use std::collections::BTreeMap;

use super::Ticket;
use crate::embedded::call::{Need, Wait};
use crate::embedded::store::{Key, Signal, Stored};

/// When somebody came, in the order of all.
pub(super) type Place = u64;

/// For each key, and what it may be, those who wait. The same one may wait for many keys.
#[derive(Debug, Default)]
pub(super) struct Queues {
    by_key: BTreeMap<Key, BTreeMap<(Signal, Place), Ticket>>,
    next: Place,
}

/// What serves one who needs this. One who reads for a group is told whatever becomes of the key.
const fn signals(need: Need) -> &'static [Signal] {
    match need {
        Need::List => &[Signal::List],
        Need::SortedSet => &[Signal::SortedSet],
        Need::Stream => &[Signal::Stream],
        Need::Group => &[Signal::List, Signal::SortedSet, Signal::Stream, Signal::StreamGone],
    }
}

impl Queues {
    /// The place of whoever comes next.
    pub(super) const fn end(&self) -> Place {
        self.next
    }

    /// Whether somebody waits for this key and, if it is about a stream that is gone, would be told of that.
    pub(super) fn has(&self, key: &[u8], signal: Signal) -> bool {
        let Some(waiting) = self.by_key.get(key) else { return false };
        signal != Signal::StreamGone || waiting.keys().any(|(at, _)| *at == Signal::StreamGone)
    }

    /// The first one, of those who came before `end`, who is served by what this key holds now.
    pub(super) fn first(&self, key: &[u8], value: Option<&Stored>, end: Place) -> Option<Ticket> {
        let signal = value.and_then(Stored::signal).unwrap_or(Signal::StreamGone);
        let mut waiting = self.by_key.get(key)?.range((signal, 0)..(signal, end));
        waiting.next().map(|(_, ticket)| *ticket)
    }

    /// Adds one at the end of all queues that he waits in.
    pub(super) fn add(&mut self, ticket: Ticket, wait: &Wait) -> Place {
        let place = self.next;
        self.next += 1;
        for key in &wait.keys {
            let queues = self.by_key.entry(key.clone()).or_default();
            queues.extend(signals(wait.needs).iter().map(|signal| ((*signal, place), ticket)));
        }
        place
    }

    pub(super) fn remove(&mut self, place: Place, wait: &Wait) {
        for key in &wait.keys {
            if let Some(queues) = self.by_key.get_mut(key) {
                for signal in signals(wait.needs) {
                    queues.remove(&(*signal, place));
                }
                if queues.is_empty() {
                    self.by_key.remove(key);
                }
            }
        }
    }
}

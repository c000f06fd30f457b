//! The line of one lock within this process: who of it asks the servers, and who gets what is handed on. Pure.
//!
//! At most one local waiter asks the servers, for all that are behind it. While this process holds the lock, and may hand it on,
//! nobody does: the first in line is the heir.

mod inherit;
pub(crate) mod lines;
pub(crate) mod seat;

use std::collections::BTreeMap;
use std::time::Duration;

use redfleet_core::mutant;

/// How many may wait for one lock in one process.
pub(crate) const MOST: usize = 10_000;

/// What a local waiter has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Others are before it.
    Behind,
    /// It is the first, and the lock is held here: it gets it when it is released, or asks when it is lost.
    Heir,
    /// It asks the servers, until it has the lock or leaves.
    Asks,
}

/// A hold of this process, as far as the line is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// It is handed on only to those who want the same.
    pub(crate) ttl: Duration,
    /// How often it may still be handed on.
    pub(crate) hand_overs_left: u32,
}

/// The turn of a waiter has changed.
pub(crate) type News = Option<(u64, Turn)>;

/// What a release comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// This waiter has it now, and has left the line.
    To(u64, News),
    /// It goes back to the servers.
    Nobody(News),
}

/// More than [`MOST`] would wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Who waits for one lock in this process, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Line {
    last: u64,
    /// By number: the ttl that is wanted.
    waiting: BTreeMap<u64, Duration>,
    /// Who asks the servers: the first, and until it leaves.
    asks: Option<u64>,
    held: Option<Held>,
}

impl Line {
    /// One more waits, behind the others.
    pub(crate) fn join(&mut self, ttl: Duration) -> Result<(u64, Turn), Full> {
        if self.waiting.len() >= MOST {
            return Err(Full);
        }
        self.last += 1;
        self.waiting.insert(self.last, ttl);
        Ok((self.last, self.turn(self.last)))
    }

    /// It waits no longer, for whatever reason.
    pub(crate) fn leave(&mut self, number: u64) -> News {
        let was_first = self.first() == Some(number);
        self.waiting.remove(&number);
        if self.asks == Some(number) {
            self.asks = None;
        }
        if was_first { self.first_turn() } else { None }
    }

    /// This process holds the lock: the waiter that asked has it, or somebody who did not wait.
    pub(crate) fn took(&mut self, number: Option<u64>, held: Option<Held>) -> News {
        self.held = held;
        number.and_then(|number| self.leave(number))
    }

    /// The lock is given back by its holder, who would hand it on if `is_sound`.
    pub(crate) fn pass(&mut self, is_sound: bool) -> Passing {
        let heir = self.heir().filter(|_| is_sound);
        let (Some(heir), Some(held)) = (heir, self.held) else { return Passing::Nobody(self.ended()) };
        self.waiting.remove(&heir);
        self.held = Some(Held {
            hand_overs_left: held.hand_overs_left - u32::from(!mutant::is_on("handed_on_without_end")),
            ..held
        });
        Passing::To(heir, self.first_turn())
    }

    /// This process does not hold the lock any more.
    pub(crate) fn ended(&mut self) -> News {
        self.held = None;
        if self.asks.is_some() { None } else { self.first_turn() }
    }

    /// The first in line, if it gets the lock when it is released now.
    pub(crate) fn heir(&self) -> Option<u64> {
        self.first().filter(|first| self.turn_of_first(*first) == Turn::Heir)
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nobody waits, and nothing is held.
    pub(crate) fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.held.is_none()
    }

    /// Who asks the servers.
    pub(crate) const fn asks(&self) -> Option<u64> {
        self.asks
    }

    fn first(&self) -> Option<u64> {
        self.waiting.keys().next().copied()
    }

    /// The turn of whoever is the first now.
    fn first_turn(&mut self) -> News {
        let first = self.first()?;
        Some((first, self.turn(first)))
    }

    /// The turn of a waiter. Whoever asks goes on asking: it may have a place in the line of the servers.
    fn turn(&mut self, number: u64) -> Turn {
        if self.first() != Some(number) {
            return Turn::Behind;
        }
        let turn = self.turn_of_first(number);
        if turn == Turn::Asks {
            self.asks = Some(number);
        }
        turn
    }

    fn turn_of_first(&self, first: u64) -> Turn {
        let is_heir = |held: Held| held.hand_overs_left > 0 && self.waiting.get(&first) == Some(&held.ttl);
        if self.asks != Some(first) && self.held.is_some_and(is_heir) { Turn::Heir } else { Turn::Asks }
    }
}

#[cfg(test)]
mod tests;

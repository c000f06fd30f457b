//! Where a local waiter sleeps, and what it is told there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::Turn;
use crate::hold::{Hold, Terms};
use redfleet_core::lock;

/// A waiter's seat. One waiter sleeps here; whoever tells it something wakes it.
#[derive(Debug)]
pub(crate) struct Seat {
    /// For the record of what is handed to it.
    pub(crate) terms: Terms,
    told: Mutex<Told>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Told {
    turn: Option<Turn>,
    passed: Option<Arc<Hold>>,
    news: News,
}

/// What the servers said since it was last asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// The servers that keep the lock for this process.
    pub(crate) woken_by: BTreeSet<usize>,
    /// The permit that they keep, of a semaphore: the last that was told.
    pub(crate) slot: Option<u16>,
    /// Somewhere another was woken, and this process is the next.
    pub(crate) is_next: bool,
    /// Messages may have been missed.
    pub(crate) has_gap: bool,
}

impl Seat {
    pub(crate) fn new(terms: Terms) -> Self {
        Self { terms, told: Mutex::default(), bell: Notify::new() }
    }

    /// What the waiter has to do.
    pub(crate) fn turn(&self) -> Turn {
        lock(&self.told).turn.unwrap_or(Turn::Behind)
    }

    /// Its turn changed.
    pub(crate) fn set_turn(&self, turn: Turn) {
        lock(&self.told).turn = Some(turn);
        self.bell.notify_one();
    }

    /// The lock was handed to it.
    pub(crate) fn pass(&self, hold: Arc<Hold>) {
        lock(&self.told).passed = Some(hold);
        self.bell.notify_one();
    }

    /// Takes the hold that was handed to it, if one was.
    pub(crate) fn take(&self) -> Option<Arc<Hold>> {
        lock(&self.told).passed.take()
    }

    /// The servers said something.
    pub(crate) fn tell(&self, tell: impl FnOnce(&mut News)) {
        tell(&mut lock(&self.told).news);
        self.bell.notify_one();
    }

    /// Takes what the servers said.
    pub(crate) fn news(&self) -> News {
        std::mem::take(&mut lock(&self.told).news)
    }

    /// Sleeps until something is told that was not looked at.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }
}

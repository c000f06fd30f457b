//! What holders were granted and for how long they relied on it, in true time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redfleet_core::test_util::history::{Grant, Hold, Violation, at_most, exclusive, monotone};

/// What all holders of a world were granted.
#[derive(Debug, Default)]
pub(crate) struct Book {
    locks: Mutex<BTreeMap<String, Entries>>,
}

#[derive(Clone, Debug, Default)]
struct Entries {
    holds: Vec<Hold>,
    grants: Vec<Grant>,
    shared: Vec<Grant>,
}

/// How somebody held a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Alone,
    Shared,
}

impl Book {
    /// Somebody was granted a lock at this time.
    pub(crate) fn granted(&self, lock: &str, who: &str, token: u64, at: Duration, how: How) {
        let grant = Grant::new(who, token, at, at);
        self.with(lock, |entries| match how {
            How::Alone => entries.grants.push(grant),
            How::Shared => entries.shared.push(grant),
        });
    }

    /// Somebody relied on a lock during this time.
    pub(crate) fn held(&self, lock: &str, who: &str, during: std::ops::Range<Duration>, how: How) {
        let hold = Hold::new(who, during);
        let hold = if how == How::Shared { hold.shared() } else { hold };
        self.with(lock, |entries| entries.holds.push(hold));
    }

    /// How often a lock was granted.
    pub(crate) fn grants(&self) -> usize {
        let locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.values().map(|entries| entries.grants.len() + entries.shared.len()).sum()
    }

    /// No two relied on one lock at once, and tokens are unique and rise.
    pub(crate) fn judge(&self) -> Result<(), Violation> {
        let locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for entries in locks.into_values() {
            exclusive(entries.holds)?;
            // Readers who are there together may have one token; with the writers before and after them it is in order.
            for reader in entries.shared {
                monotone(entries.grants.iter().cloned().chain([reader]))?;
            }
            monotone(entries.grants)?;
        }
        Ok(())
    }

    /// No more than so many relied on any of these at once, though each held a lock of its own.
    pub(crate) fn judge_limit(&self, limit: usize) -> Result<(), Violation> {
        let locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        at_most(limit, locks.into_values().flat_map(|entries| entries.holds))
    }

    fn with(&self, lock: &str, change: impl FnOnce(&mut Entries)) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        change(locks.entry(lock.to_owned()).or_default());
    }
}

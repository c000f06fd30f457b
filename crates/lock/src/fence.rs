//! Fencing tokens: what orders the holders of a lock for whoever they write to.

mod gate;
mod stale;
mod write;

use std::fmt;

pub use gate::FenceGate;
pub use stale::Stale;
pub use write::{FencedError, FencedWrite};

/// A fencing token: unique, and greater than that of every earlier holder of the same lock.
///
/// A number of at most 2^53, so that every language and every database can hold it.
///
/// A lease ends by the clock, and a process that was stopped, or a write that was long on its way, does not see that. So nothing that
/// the lock does can keep a late write out; only what is written to can. It keeps the greatest token that it has seen and refuses
/// smaller ones: [`FencedWrite`] in Redis, [`FenceGate`] in a process, and in SQL a column.
///
/// # In SQL
///
/// One table for all locks, or a column `fence` in the table that is written to. The same in `PostgreSQL`, `MySQL` and `SQLite`:
///
/// ```sql
/// CREATE TABLE invoice (id BIGINT PRIMARY KEY, state TEXT NOT NULL, fence BIGINT NOT NULL DEFAULT 0);
///
/// -- One row changed: it is written. None: the row is missing, or a later holder was here; then end what you do.
/// UPDATE invoice SET state = 'paid', fence = :fence WHERE id = 7 AND fence <= :fence;
/// ```
///
/// With `MySQL` connect with `CLIENT_FOUND_ROWS` (most drivers can), since it counts a row that is as it was before as not changed.
/// Where one lock protects several rows, give it a row of its own, and begin each transaction with it. It is the row's lock in the
/// database that keeps a later holder out until the transaction ends:
///
/// ```sql
/// BEGIN;
/// UPDATE fence SET token = :fence WHERE name = 'invoice:7' AND token <= :fence; -- no row changed: ROLLBACK, and end
/// UPDATE invoice SET state = 'paid' WHERE id = 7;
/// INSERT INTO ledger (invoice, amount) VALUES (7, 120);
/// COMMIT;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(u64);

impl Fence {
    /// The token with this number: as read from where it was kept.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

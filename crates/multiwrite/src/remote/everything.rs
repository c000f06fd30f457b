//! A copy of everything: which keys a remote has that local does not, and which keys local has.
//!
//! The remote is asked first. So when local is asked, each key that the remote still has wrongly is one that local has too, and
//! will name: unless a write takes it away, which the remote is then told. What a write makes of several keys meanwhile is copied,
//! because it may be made of a key that is not copied yet.

use std::collections::VecDeque;

use redfleet_core::{Backend, Batch, Result as CoreResult, convert};
use redis::cmd;

use crate::effect::Key;
use crate::store::scope::Scope;

/// How many keys a server is asked for at once. It may name more.
const PAGE_KEYS: usize = 200;

/// Where a copy of everything is. It is kept in memory: a page that failed is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Asks local for its keys, from this cursor on.
    Local { cursor: u64 },
    /// Asks the remote for its keys, from this cursor on.
    Remote { cursor: u64 },
    /// All keys are known, and some are still to be copied.
    Copying,
    /// All copies are queued, the last with this seq.
    Arriving { seq: u64 },
}

/// How far a copy of everything is.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Which time it was asked for.
    pub(crate) generation: u64,
    pub(crate) stage: Stage,
    /// What was queued up to here has to arrive before the remote is asked for its keys: it may bring some that local has not.
    pub(crate) after: u64,
    /// Keys that are to be copied.
    pub(crate) pending: VecDeque<Key>,
}

impl Scan {
    pub(crate) const fn new(generation: u64, after: u64) -> Self {
        Self { generation, after, stage: Stage::Remote { cursor: 0 }, pending: VecDeque::new() }
    }

    /// Takes a page in: where the scan goes on is `cursor`, 0 being the end.
    pub(crate) fn take_in(&mut self, cursor: u64, keys: Vec<Key>) {
        self.pending.extend(keys);
        self.stage = match self.stage {
            Stage::Remote { .. } if cursor != 0 => Stage::Remote { cursor },
            Stage::Remote { .. } => Stage::Local { cursor: 0 },
            Stage::Local { .. } if cursor != 0 => Stage::Local { cursor },
            Stage::Local { .. } => Stage::Copying,
            stage @ (Stage::Copying | Stage::Arriving { .. }) => stage,
        };
    }
}

/// One page of a server's keys, those in scope, and where it goes on.
///
/// # Cost
///
/// One round trip.
///
/// # Errors
///
/// What the server says.
pub(crate) async fn page(node: &dyn Backend, cursor: u64, scope: &Scope) -> CoreResult<(u64, Vec<Key>)> {
    let reply = node.call(cmd("SCAN").arg(cursor).arg("COUNT").arg(PAGE_KEYS)).await?;
    let (next, keys): (u64, Vec<Vec<u8>>) = convert(reply)?;
    let keys = keys.into_iter().filter(|key| scope.holds(key)).map(Key::from).collect();
    Ok((next, keys))
}

/// Those of `keys` that local does not have, or not for ever: they might go before local is asked for its keys, without a write.
///
/// # Cost
///
/// One round trip, none without keys.
///
/// # Errors
///
/// What local says.
pub(crate) async fn passing(local: &dyn Backend, keys: Vec<Key>) -> CoreResult<Vec<Key>> {
    let batch: Batch = keys.iter().map(|key| cmd("PEXPIRETIME").arg(&**key).take()).collect();
    let replies = local.call_batch(&batch).await?;
    let mut passing = Vec::new();
    for (key, reply) in keys.into_iter().zip(replies) {
        if convert::<i64>(reply?)? != FOREVER {
            passing.push(key);
        }
    }
    Ok(passing)
}

/// What PEXPIRETIME says of a key that has no end.
const FOREVER: i64 = -1;

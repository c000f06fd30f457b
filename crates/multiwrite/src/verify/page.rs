//! A page of keys at a time, and what each of them is at a glance: its dump, and when it ends.

use redfleet_core::{Batch, Error, Result, convert};
use redis::{Value, cmd};

use super::side::{Failed, Side};
use crate::effect::{Key, questions_for_dump};

/// How many keys a page is to have.
const PAGE_KEYS: usize = 256;

/// A way through all keys of one side.
pub(crate) struct Cursor {
    /// Where it goes on; none at the end.
    next: Option<u64>,
}

impl Cursor {
    /// Before the first key.
    pub(crate) const fn start() -> Self {
        Self { next: Some(0) }
    }

    /// The next keys that are ours; none at the end.
    pub(crate) async fn next(
        &mut self,
        side: Side<'_>,
        is_ours: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Vec<Key>>, Failed> {
        let Some(at) = self.next else { return Ok(None) };
        let (next, keys): (u64, Vec<Vec<u8>>) =
            side.query(cmd("SCAN").arg(at).arg("COUNT").arg(PAGE_KEYS)).await?;
        self.next = (next != 0).then_some(next);
        Ok(Some(keys.into_iter().filter(|key| is_ours(key)).map(Key::from).collect()))
    }
}

/// A key at a glance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Glance {
    dump: Option<Vec<u8>>,
    ends: i64,
}

impl Glance {
    pub(super) const fn is_absent(&self) -> bool {
        self.dump.is_none()
    }

    /// When it ends, in milliseconds since 1970; -1 if never.
    pub(super) const fn ends(&self) -> i64 {
        self.ends
    }

    /// Whether both have the same bytes in memory; if not, they may have the same value all the same.
    pub(super) fn is_same_dump(&self, other: &Self) -> bool {
        self.dump == other.dump
    }
}

/// Each key at a glance, in their order: one round trip.
pub(super) async fn glances(side: Side<'_>, keys: &[Key]) -> Result<Vec<Glance>, Failed> {
    let mut batch = Batch::with_capacity(keys.len() * 2);
    for question in keys.iter().flat_map(|key| questions_for_dump(key)) {
        batch.push(question);
    }
    let mut replies = side.call_batch(&batch).await?.into_iter();
    let mut next = move || replies.next().unwrap_or(Err(Error::Unanswered));
    side.told(keys.iter().map(|_| glance(next()?, next()?)).collect())
}

fn glance(dump: Value, ends: Value) -> Result<Glance> {
    Ok(Glance { dump: convert(dump)?, ends: convert(ends)? })
}

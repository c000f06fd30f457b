//! A group of a stream: how far it has read, its consumers, and what is pending.

use redfleet_core::{Backend, Error, Result};
use redis::{Value, cmd};

use super::super::{PAGE, Room};
use super::{Id, field, id, text};
use crate::effect::Key;
use crate::effect::form::Word;
use crate::effect::said::{bytes, integer, items};

/// Tells when each was delivered. XPENDING says how long ago that is, which depends on when it arrives.
const PENDING: &str = include_str!("../../../scripts/pending.lua");

/// A group as it is.
pub(super) struct Group {
    pub(super) name: Word,
    pub(super) last: Id,
    /// How many entries it has read, if that is known.
    pub(super) read: Option<i64>,
    pub(super) consumers: Vec<Word>,
    /// In the order of their ids.
    pub(super) pending: Vec<Pending>,
    has_pending: bool,
}

/// What was delivered and not acknowledged.
pub(super) struct Pending {
    pub(super) id: Id,
    pub(super) delivered: Delivered,
}

/// To whom, when (Unix time), and how often.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) consumer: Word,
    pub(super) unix_ms: i64,
    pub(super) times: i64,
}

impl Group {
    /// What XINFO STREAM FULL says of it, but for what is pending.
    pub(super) fn of(about: &Value) -> Option<Self> {
        let name = |about| field(about, "name").and_then(bytes).map(Word::from);
        Some(Self {
            name: name(about)?,
            last: id(field(about, "last-delivered-id")?)?,
            read: field(about, "entries-read").and_then(integer),
            consumers: items(field(about, "consumers")?)?.iter().map(name).collect::<Option<_>>()?,
            pending: Vec::new(),
            has_pending: field(about, "pel-count").and_then(integer)? > 0,
        })
    }

    /// Reads what is pending, page by page.
    pub(super) async fn read_pending(
        &mut self,
        local: &dyn Backend,
        key: &Key,
        room: &mut Room,
    ) -> Result<()> {
        let (mut from, mut is_last) = ("-".to_owned(), !self.has_pending);
        while !is_last {
            let mut question = cmd("EVAL");
            question.arg(PENDING).arg(1).arg(&**key).arg(&*self.name).arg(&from).arg(PAGE);
            let reply = local.call(&question).await?;
            let page: Option<Vec<_>> = items(&reply).and_then(|page| page.iter().map(pending).collect());
            let page = page.ok_or_else(|| Error::conversion::<Vec<Vec<u8>>>(&reply))?;
            is_last = page.len() < PAGE;
            for one in page {
                room.take([&one.delivered.consumer])?;
                from = format!("({}", text(one.id));
                self.pending.push(one);
            }
        }
        Ok(())
    }
}

fn pending(reply: &Value) -> Option<Pending> {
    let [at, consumer, unix_ms, times] = items(reply)? else { return None };
    let delivered =
        Delivered { consumer: bytes(consumer)?.into(), unix_ms: integer(unix_ms)?, times: integer(times)? };
    Some(Pending { id: id(at)?, delivered })
}

//! A group of consumers: what each got and has not acknowledged.

use std::collections::BTreeMap;

use super::id::StreamId;
use crate::embedded::store::{Chunks, Key};

/// One that reads a stream together: each entry goes to one of its consumers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Of the last entry that somebody got.
    pub(crate) last: StreamId,
    /// How many entries were read since the stream began, if that is known.
    pub(crate) read: Option<i64>,
    /// What was delivered and not acknowledged, by id.
    pending: Chunks<Pending>,
    consumers: BTreeMap<Key, Consumer>,
}

/// An entry that somebody got and did not acknowledge.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) id: StreamId,
    pub(crate) consumer: Key,
    /// Unix time in milliseconds.
    pub(crate) delivered_at: i64,
    /// How often.
    pub(crate) deliveries: i64,
}

/// One who reads for a group.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    /// When he last tried to get something, in unix time.
    pub(crate) seen_at: i64,
    /// When he last got something.
    pub(crate) active_at: Option<i64>,
    pending: Chunks<StreamId>,
}

impl Consumer {
    /// How many entries he got and did not acknowledge.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Which ones, from `from` on.
    pub(crate) fn pending_from(&self, from: StreamId) -> impl Iterator<Item = StreamId> {
        self.pending.iter_from(self.pending.partition_point(|id| *id < from)).copied()
    }
}

impl Group {
    pub(crate) fn new(last: StreamId, read: Option<i64>) -> Self {
        Self { last, read, ..Self::default() }
    }

    /// Makes a consumer, unless there is one of this name. Whether it is new.
    pub(crate) fn make_consumer(&mut self, name: &[u8], now_ms: i64) -> bool {
        let is_new = !self.consumers.contains_key(name);
        if is_new {
            let consumer = Consumer { seen_at: now_ms, active_at: None, pending: Chunks::new() };
            self.consumers.insert(name.into(), consumer);
        }
        is_new
    }

    /// A consumer tries to get something: from now on it exists.
    pub(crate) fn see(&mut self, name: &[u8], now_ms: i64) {
        self.make_consumer(name, now_ms);
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.seen_at = now_ms;
        }
    }

    /// A consumer got something.
    pub(crate) fn mark_active(&mut self, name: &[u8], now_ms: i64) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.active_at = Some(now_ms);
        }
    }

    pub(crate) fn consumer(&self, name: &[u8]) -> Option<&Consumer> {
        self.consumers.get(name)
    }

    /// By name.
    pub(crate) fn consumers(&self) -> impl ExactSizeIterator<Item = (&Key, &Consumer)> {
        self.consumers.iter()
    }

    /// Removes a consumer, and returns how many entries it had that are now nobody's.
    pub(crate) fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        for id in consumer.pending.iter() {
            self.remove_pending(*id);
        }
        Some(consumer.pending.len())
    }

    /// How many entries were delivered and not acknowledged.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Which ones, from `from` on.
    pub(crate) fn pending_from(&self, from: StreamId) -> impl DoubleEndedIterator<Item = &Pending> {
        let start = self.pending.partition_point(|pending| pending.id < from);
        self.pending.iter_from(start)
    }

    pub(crate) fn pending_of(&self, id: StreamId) -> Option<&Pending> {
        self.pending.at(self.pending.find(|pending| pending.id.cmp(&id)).ok()?)
    }

    /// Sets who has an entry and since when, whoever had it.
    pub(crate) fn assign(&mut self, pending: Pending) {
        let id = pending.id;
        let before = match self.pending.find(|at| at.id.cmp(&id)) {
            Ok(place) => match self.pending.at_mut(place) {
                Some(at) if at.consumer == pending.consumer => {
                    *at = pending;
                    return;
                }
                Some(at) => Some(std::mem::replace(at, pending.clone()).consumer),
                None => None,
            },
            Err(place) => {
                self.pending.insert_at(place, pending.clone());
                None
            }
        };
        if let Some(before) = before {
            self.take_from(&before, id);
        }
        if let Some(consumer) = self.consumers.get_mut(&pending.consumer)
            && let Err(place) = consumer.pending.find(|at| at.cmp(&id))
        {
            consumer.pending.insert_at(place, id);
        }
    }

    /// An entry is nobody's any more. Whether it was somebody's.
    pub(crate) fn forget(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.remove_pending(id) else { return false };
        self.take_from(&pending.consumer, id);
        true
    }

    fn remove_pending(&mut self, id: StreamId) -> Option<Pending> {
        let place = self.pending.find(|at| at.id.cmp(&id)).ok()?;
        self.pending.remove_at(place)
    }

    fn take_from(&mut self, consumer: &[u8], id: StreamId) {
        if let Some(consumer) = self.consumers.get_mut(consumer)
            && let Ok(place) = consumer.pending.find(|at| at.cmp(&id))
        {
            consumer.pending.remove_at(place);
        }
    }
}

//! The queue said the slow way, and a store small enough to be carried in one's head.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{effect, key};
use crate::effect::{Effect, Kind};
use crate::entry::Entry;
use crate::lanes::{Lanes, weight};

/// What can be done to the small store. Keys are numbers, each of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Set(u8, i64),
    Delete(u8),
    Add(u8, i64),
    Live(u8, i64),
    Append(u8, i64),
    Copy(u8, u8),
    Look(u8),
    LookAtBoth(u8, u8),
}

impl Deed {
    pub(super) fn keys(self) -> Vec<u8> {
        match self {
            Self::Set(key, _)
            | Self::Delete(key)
            | Self::Add(key, _)
            | Self::Live(key, _)
            | Self::Append(key, _)
            | Self::Look(key) => vec![key],
            Self::Copy(from, to) | Self::LookAtBoth(from, to) => vec![from, to],
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Set(..) | Self::Delete(_) => Kind::Overwrites,
            Self::Add(_, by) => Kind::Adds(by),
            Self::Live(..) => Kind::SetsLife,
            Self::Append(..) | Self::Copy(..) => Kind::Builds,
            Self::Look(_) | Self::LookAtBoth(..) => Kind::Reads,
        }
    }

    pub(super) fn effect(self) -> Effect {
        let words = match self {
            Self::Set(key, to) => format!("SET {key} {to}"),
            Self::Delete(key) => format!("DEL {key}"),
            Self::Add(key, by) => format!("INCRBY {key} {by}"),
            Self::Live(key, until) => format!("PEXPIREAT {key} {until}"),
            Self::Append(key, what) => format!("APPEND {key} {what}"),
            Self::Copy(from, to) => format!("COPY {from} {to}"),
            Self::Look(key) => format!("GET {key}"),
            Self::LookAtBoth(one, other) => format!("MGET {one} {other}"),
        };
        let keys: Vec<_> = self.keys().iter().map(u8::to_string).collect();
        effect(&words, &keys.iter().map(String::as_str).collect::<Vec<_>>(), self.kind())
    }
}

/// Values with the ends of their lives, and up to which seq each lane was carried out: as a remote is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Store {
    values: BTreeMap<u8, (i64, Option<i64>)>,
}

impl Store {
    pub(super) fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Set(key, to) => {
                self.values.insert(key, (to, None));
            }
            Deed::Delete(key) => {
                self.values.remove(&key);
            }
            Deed::Add(key, by) => {
                let (value, _) = self.values.entry(key).or_default();
                *value = value.wrapping_add(by);
            }
            Deed::Live(key, until) => {
                if let Some((_, end)) = self.values.get_mut(&key) {
                    *end = Some(until);
                }
            }
            Deed::Append(key, what) => {
                let (value, _) = self.values.entry(key).or_default();
                *value = value.wrapping_mul(10).wrapping_add(what);
            }
            Deed::Copy(from, to) => {
                if let Some(value) = self.values.get(&from).copied() {
                    self.values.insert(to, value);
                }
            }
            Deed::Look(_) | Deed::LookAtBoth(..) => {}
        }
    }
}

/// One entry in the slow queue.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) seq: u64,
    pub(super) first_seq: u64,
    pub(super) lane: u16,
    pub(super) deed: Deed,
    pub(super) bytes: usize,
    pub(super) is_out: bool,
    was_sent: bool,
    /// The seqs whose tickets it has.
    pub(super) tickets: Vec<u64>,
}

impl Item {
    pub(super) fn new(seq: u64, lane: u16, deed: Deed) -> Self {
        let bytes = weight::of(&deed.effect(), 1);
        Self { seq, first_seq: seq, lane, deed, bytes, is_out: false, was_sent: false, tickets: vec![seq] }
    }

    fn stays(&self) -> bool {
        self.is_out || self.was_sent
    }

    fn is_only_on(&self, key: u8) -> bool {
        self.deed.keys() == [key]
    }
}

/// All that is queued, in the order of its places.
#[derive(Debug)]
pub(super) struct Slow {
    pub(super) items: Vec<Item>,
    pub(super) max_entries: usize,
    pub(super) max_bytes: usize,
    pub(super) last_seq: u64,
}

impl Slow {
    pub(super) fn bytes(&self) -> usize {
        self.items.iter().map(|item| item.bytes).sum()
    }

    pub(super) fn floor(&self) -> u64 {
        self.items.iter().map(|item| item.first_seq - 1).min().unwrap_or(self.last_seq)
    }

    /// What `item` takes the place of, in their order.
    fn replaced(&self, item: &Item) -> Vec<usize> {
        let [key] = item.deed.keys()[..] else { return Vec::new() };
        let of_lane = self.items.iter().enumerate().rev().filter(|(_, other)| other.lane == item.lane);
        let before = of_lane.filter(|(_, other)| {
            other.deed.keys().contains(&key) && (other.deed.kind() != Kind::Reads || other.is_only_on(key))
        });
        let free = before.take_while(|(_, other)| other.is_only_on(key) && !other.stays());
        let mut chosen: Vec<_> = free.map(|(at, _)| at).collect();
        let last = chosen.first().map(|at| &self.items[*at]);
        let is_right_before = self.items.iter().rfind(|other| other.lane == item.lane).map(|other| other.seq)
            == last.map(|last| last.seq);
        match (item.deed, last.map(|last| last.deed)) {
            (Deed::Set(..) | Deed::Delete(_), _) => {}
            (Deed::Live(..), Some(Deed::Live(..))) => chosen.truncate(1),
            (Deed::Add(_, more), Some(Deed::Add(_, sum)))
                if is_right_before && sum.checked_add(more).is_some() =>
            {
                chosen.truncate(1);
            }
            _ => chosen.clear(),
        }
        chosen.reverse();
        chosen
    }

    /// Queues it if it fits.
    pub(super) fn push(&mut self, mut item: Item) -> bool {
        let replaced = self.replaced(&item);
        if let (Deed::Add(key, more), [at]) = (item.deed, &replaced[..])
            && let Deed::Add(_, sum) = self.items[*at].deed
        {
            let joined = Item::new(item.seq, item.lane, Deed::Add(key, sum + more));
            item = Item { first_seq: self.items[*at].first_seq, ..joined };
        }
        let carried: usize = replaced.iter().map(|at| self.items[*at].tickets.len()).sum();
        item.bytes = weight::of(&item.deed.effect(), item.tickets.len() + carried);
        let freed: usize = replaced.iter().map(|at| self.items[*at].bytes).sum();
        let is_over = self.items.len() + 1 - replaced.len() > self.max_entries
            || self.bytes() + item.bytes - freed > self.max_bytes;
        // One that is larger than all of the queue goes alone.
        if is_over && !self.items.is_empty() {
            return false;
        }
        self.last_seq = self.last_seq.max(item.seq);
        // A sum stands where its first part stood, and all else at the end.
        let place = if item.first_seq < item.seq { replaced[0] } else { self.items.len() - replaced.len() };
        for at in replaced.iter().rev() {
            item.tickets.extend(self.items.remove(*at).tickets);
        }
        self.items.insert(place, item);
        true
    }

    /// The next round, of the lanes for which `is_ready` says so.
    pub(super) fn take(&mut self, is_ready: impl Fn(u16) -> bool, max: usize, max_bytes: usize) -> Vec<Item> {
        let mut round = Vec::new();
        let mut bytes = 0;
        for item in self.items.iter_mut().filter(|item| is_ready(item.lane)) {
            if !round.is_empty() && (round.len() >= max || bytes + item.bytes > max_bytes) {
                break;
            }
            bytes += item.bytes;
            item.is_out = true;
            round.push(item.clone());
        }
        round
    }

    /// These are done, and whatever else is out is not.
    pub(super) fn settle(&mut self, done: &[(u16, u64)]) {
        self.items.retain(|item| !(item.is_out && done.contains(&(item.lane, item.seq))));
        for item in self.items.iter_mut().filter(|item| item.is_out) {
            (item.is_out, item.was_sent) = (false, true);
        }
    }

    pub(super) fn drop_oldest(&mut self, bytes_needed: usize) -> Vec<u64> {
        let mut dropped = Vec::new();
        while self.items.len() >= self.max_entries || self.bytes() + bytes_needed > self.max_bytes {
            let Some(at) = self.items.iter().position(|item| !item.is_out) else { break };
            dropped.push(self.items.remove(at).seq);
        }
        dropped
    }
}

/// The same as an entry for the fast queue.
pub(super) fn entry_of(item: &Item, since: Duration) -> Entry {
    let effect = Arc::new(item.deed.effect());
    assert_eq!(effect.keys.first().map(|first| &**first), Some(&*key(&item.deed.keys()[0].to_string())));
    Entry { seq: item.seq, lane: item.lane, effect, tickets: Vec::new(), since }
}

/// Whether both say the same of themselves.
pub(super) fn compare(fast: &Lanes, slow: &Slow) {
    assert_eq!(fast.len(), slow.items.len());
    assert_eq!(fast.bytes(), slow.bytes());
    assert_eq!(fast.floor(), slow.floor());
    assert_eq!(fast.in_flight(), slow.items.iter().filter(|item| item.is_out).count());
    assert!(fast.len() <= slow.max_entries && (fast.bytes() <= slow.max_bytes || fast.len() == 1));
    let waiting = slow.items.iter().filter(|item| !item.is_out).count();
    assert!(fast.newest.len() <= waiting, "the index outgrows the queue");
}

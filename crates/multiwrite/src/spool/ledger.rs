//! What a spool knows at a moment: what all its records come to, but for the effects themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bytes::wide;
use super::frame::put_frame;
use super::record::{self, Record};
use crate::effect::Key;

/// How many keys or lanes one record has at most in a snapshot.
const CHUNK: usize = 1000;

/// What is known of one remote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RemoteState {
    pub(super) name: Arc<str>,
    /// It has all up to this, or the keys are dirty.
    pub(super) settled: u64,
    /// Whether everything is to be copied to it.
    pub(super) is_everything: bool,
    /// What is to be copied to it.
    pub(super) dirty: BTreeSet<Key>,
    /// Up to where it has acknowledged rounds, by lane: on a sharded one its slots, so never more than there are of those.
    pub(super) acked: BTreeMap<u16, u64>,
    /// The lanes of which no record says yet how far they are.
    pub(super) unsaid_lanes: BTreeSet<u16>,
    /// Whether no record says yet how far it is.
    pub(super) is_unsaid: bool,
}

/// What all records come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) source: String,
    /// The highest seq of all records.
    pub(super) last_seq: u64,
    pub(super) last_intent: u64,
    pub(super) remotes: BTreeMap<u64, RemoteState>,
    /// Intents without an outcome, and their keys; none are said where it may be all.
    pub(super) open: BTreeMap<u64, Option<Vec<Key>>>,
    /// Keys of outcomes that are not kept, and the last such outcome of each.
    pub(super) gone: BTreeMap<Key, u64>,
    /// The highest of these.
    pub(super) last_gone: u64,
    /// No outcome up to this one is kept, and of which keys they were is not known any more.
    pub(super) gone_all: u64,
}

impl Ledger {
    /// Takes over what a record says. Nothing if it cannot be said at this point.
    pub(super) fn apply(&mut self, record: Record) -> Option<()> {
        match record {
            Record::Begin { source, last_seq, last_intent } => {
                *self = Self { source, last_seq, last_intent, ..Self::default() };
            }
            Record::Complete => {}
            Record::Remote { id, name, settled, is_everything } => {
                let state =
                    RemoteState { name: name.into(), settled, is_everything, ..RemoteState::default() };
                self.last_seq = self.last_seq.max(settled);
                self.remotes.insert(id, state);
            }
            Record::Removed { id } => {
                self.remotes.remove(&id)?;
            }
            Record::Intent { id, keys } => self.intend(id, Some(keys)),
            Record::IntentAll { id } => self.intend(id, None),
            Record::Nothing { intent } => self.close(intent),
            Record::Outcome { intent, seq, effect: _ } => {
                self.close(intent);
                self.last_seq = self.last_seq.max(seq);
            }
            Record::Settled { remote, seq } => self.settle(remote, seq)?,
            Record::Acked { remote, marks } => self.remotes.get_mut(&remote)?.acked.extend(marks),
            Record::Dirty { remote, keys } => self.remotes.get_mut(&remote)?.dirty.extend(keys),
            Record::Clean { remote, key } => {
                self.remotes.get_mut(&remote)?.dirty.remove(&key);
            }
            Record::Everything { remote, is } => self.remotes.get_mut(&remote)?.set_everything(is),
            Record::Gone { key, seq } => self.lose(key, seq),
            Record::GoneAll { seq } => self.lose_all(seq),
        }
        Some(())
    }

    pub(super) fn intend(&mut self, id: u64, keys: Option<Vec<Key>>) {
        self.last_intent = self.last_intent.max(id);
        self.open.insert(id, keys);
    }

    pub(super) fn close(&mut self, intent: u64) {
        self.open.remove(&intent);
    }

    fn settle(&mut self, remote: u64, seq: u64) -> Option<()> {
        let state = self.remotes.get_mut(&remote)?;
        state.settled = state.settled.max(seq);
        self.last_seq = self.last_seq.max(seq);
        Some(())
    }

    /// An outcome on this key is not kept.
    pub(super) fn lose(&mut self, key: Key, seq: u64) {
        self.last_seq = self.last_seq.max(seq);
        self.last_gone = self.last_gone.max(seq);
        let last = self.gone.entry(key).or_default();
        *last = seq.max(*last);
    }

    /// No outcome up to this one is kept.
    pub(super) fn lose_all(&mut self, seq: u64) {
        self.gone_all = self.gone_all.max(seq);
        self.keep_gone_above(seq);
    }

    /// Forgets what was lost and is settled at all remotes all the same.
    pub(super) fn forget_settled(&mut self) {
        let floor = self.floor();
        self.keep_gone_above(floor);
        if self.gone_all <= floor {
            self.gone_all = 0;
        }
    }

    fn keep_gone_above(&mut self, seq: u64) {
        self.gone.retain(|_, last| *last > seq);
        self.last_gone = self.gone.values().max().copied().unwrap_or_default();
    }

    /// All remotes have all up to this.
    pub(super) fn floor(&self) -> u64 {
        self.remotes.values().map(|remote| remote.settled).min().unwrap_or(u64::MAX)
    }

    /// The remote of this name.
    pub(super) fn remote(&mut self, name: &str) -> Option<(u64, &mut RemoteState)> {
        self.remotes.iter_mut().find(|(_, state)| *state.name == *name).map(|(id, state)| (*id, state))
    }

    /// Up to these the remote has acknowledged rounds, by lane.
    pub(super) fn set_acked(&mut self, remote: &str, marks: &[(u16, u64)]) {
        if let Some((_, state)) = self.remote(remote) {
            state.set_acked(marks);
        }
    }

    /// Whether no record says yet how far some remote is.
    pub(super) fn is_unsaid(&self) -> bool {
        self.remotes.values().any(RemoteState::is_unsaid)
    }

    /// Adds a remote: what was before it is none of its.
    pub(super) fn add(&mut self, name: &str) -> u64 {
        let id = self.remotes.keys().next_back().map_or(1, |last| last + 1);
        let state = RemoteState { name: name.into(), settled: self.last_seq, ..RemoteState::default() };
        self.remotes.insert(id, state);
        id
    }

    /// Appends all of it to the segment of this number, of which `out` is the beginning.
    pub(super) fn put_snapshot(&self, out: &mut Vec<u8>, number: u64) {
        let mut put = |fill: &mut dyn FnMut(&mut Vec<u8>)| {
            let offset = wide(out.len());
            put_frame(out, number, offset, |out| fill(out));
        };
        put(&mut |out| record::put_begin(out, &self.source, self.last_seq, self.last_intent));
        for (id, remote) in &self.remotes {
            put(&mut |out| record::put_remote(out, *id, &remote.name, remote.settled, remote.is_everything));
            let marks: Vec<_> = remote.acked.iter().map(|(lane, seq)| (*lane, *seq)).collect();
            for marks in marks.chunks(CHUNK) {
                put(&mut |out| record::put_acked(out, *id, marks));
            }
            let dirty: Vec<_> = remote.dirty.iter().cloned().collect();
            for keys in dirty.chunks(CHUNK) {
                put(&mut |out| record::put_dirty(out, *id, keys));
            }
        }
        for (id, keys) in &self.open {
            match keys {
                Some(keys) => put(&mut |out| record::put_intent(out, *id, keys)),
                None => put(&mut |out| record::put_intent_all(out, *id)),
            }
        }
        for (key, seq) in &self.gone {
            put(&mut |out| record::put_gone(out, key, *seq));
        }
        if self.gone_all > 0 {
            put(&mut |out| record::put_gone_all(out, self.gone_all));
        }
        put(&mut |out| record::put_complete(out));
    }
}

impl RemoteState {
    /// So far it has acknowledged rounds.
    fn set_acked(&mut self, marks: &[(u16, u64)]) {
        for (lane, seq) in marks {
            if self.acked.insert(*lane, *seq) != Some(*seq) {
                self.unsaid_lanes.insert(*lane);
            }
        }
    }

    /// Whether no record says yet how far it is, in all of its lanes.
    fn is_unsaid(&self) -> bool {
        self.is_unsaid || !self.unsaid_lanes.is_empty()
    }

    /// What no record says yet of its lanes. From now on one does.
    pub(super) fn say_acked(&mut self) -> Vec<(u16, u64)> {
        let lanes = std::mem::take(&mut self.unsaid_lanes);
        lanes.into_iter().filter_map(|lane| Some((lane, *self.acked.get(&lane)?))).collect()
    }

    /// Everything covers every key; what becomes dirty meanwhile is told apart from it.
    pub(super) fn set_everything(&mut self, is: bool) {
        self.is_everything = is;
        if is {
            self.dirty.clear();
        }
    }
}

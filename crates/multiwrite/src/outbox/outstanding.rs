//! Which writes are still under way somewhere: in progress on local, queued for a remote, or with a key that is dirty.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::effect::Key;

/// Which writes are still under way. Each has a number, ascending.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    /// The last number that was given.
    last: u64,
    /// Whether anything may be done with yet.
    is_started: bool,
    /// Sent to local, and not known what became of them.
    in_progress: BTreeSet<u64>,
    /// Not settled at all remotes: by seq, and by number, which may be in another order.
    queued: BTreeMap<u64, u64>,
    queued_numbers: BTreeSet<u64>,
    /// How far each remote is.
    settled: BTreeMap<String, u64>,
    /// What is dirty at each remote, and the number from which on the outbox has it.
    dirty: BTreeMap<String, BTreeMap<Key, u64>>,
    /// To which remotes everything is to be copied, and the same number.
    everything: BTreeMap<String, u64>,
    /// How often each of these numbers stands there.
    pins: BTreeMap<u64, usize>,
}

impl Outstanding {
    /// None, for these remotes.
    pub(super) fn new(remotes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let settled = remotes.into_iter().map(|name| (name.into(), 0)).collect();
        Self { settled, ..Self::default() }
    }

    /// The numbers up to this one were given before.
    pub(super) fn go_on_after(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    pub(super) const fn start(&mut self) {
        self.is_started = true;
    }

    pub(super) const fn is_started(&self) -> bool {
        self.is_started
    }

    pub(super) fn is_in_progress(&self, n: u64) -> bool {
        self.in_progress.contains(&n)
    }

    /// A write is about to be sent: its number.
    pub(super) fn begin(&mut self) -> u64 {
        self.last += 1;
        self.in_progress.insert(self.last);
        self.last
    }

    /// What became of it: it is queued under this seq, or not at all.
    pub(super) fn end(&mut self, n: u64, seq: Option<u64>) {
        self.in_progress.remove(&n);
        if let Some(seq) = seq.filter(|seq| *seq > self.least_settled()) {
            self.queued.insert(seq, n);
            self.queued_numbers.insert(n);
        }
    }

    pub(super) fn settled(&mut self, remote: &str, seq: u64) {
        // One that was removed may still settle what was out: it must not come back by that, and hold up the others for ever.
        if let Some(settled) = self.settled.get_mut(remote) {
            *settled = seq.max(*settled);
            self.let_go();
        }
    }

    /// There is another remote, which is sent what comes after `seq`.
    pub(super) fn add_remote(&mut self, name: &str, seq: u64) {
        self.settled.insert(name.to_owned(), seq);
    }

    pub(super) fn dirty(&mut self, remote: &str, keys: &[Key]) {
        if !self.settled.contains_key(remote) {
            return;
        }
        let pin = self.floor();
        let dirty = self.dirty.entry(remote.to_owned()).or_default();
        for key in keys {
            // Marked again, it may have left and come back; what it was marked with is lower.
            if let Entry::Vacant(vacant) = dirty.entry(Arc::clone(key)) {
                vacant.insert(pin);
                *self.pins.entry(pin).or_default() += 1;
            }
        }
    }

    pub(super) fn clean(&mut self, remote: &str, key: &[u8]) {
        if let Some(pin) = self.dirty.get_mut(remote).and_then(|dirty| dirty.remove(key)) {
            self.unpin(pin);
        }
    }

    /// Everything is to be copied to the remote, which makes single keys needless; or was.
    pub(super) fn everything(&mut self, remote: &str, is: bool) {
        let pin = self.floor();
        if !is {
            if let Some(pin) = self.everything.remove(remote) {
                self.unpin(pin);
            }
            return;
        }
        if !self.settled.contains_key(remote) {
            return;
        }
        // Local is told of it later: until then, the outbox keeps what is in it.
        if let Entry::Vacant(vacant) = self.everything.entry(remote.to_owned()) {
            vacant.insert(pin);
            *self.pins.entry(pin).or_default() += 1;
        }
        for pin in self.dirty.remove(remote).unwrap_or_default().into_values() {
            self.unpin(pin);
        }
    }

    pub(super) fn is_everything(&self, remote: &str) -> bool {
        self.everything.contains_key(remote)
    }

    pub(super) fn remove_remote(&mut self, name: &str) {
        self.everything(name, false);
        for pin in self.dirty.remove(name).unwrap_or_default().into_values() {
            self.unpin(pin);
        }
        self.settled.remove(name);
        self.let_go();
    }

    /// What has a lower number is done with everywhere.
    pub(super) fn floor(&self) -> u64 {
        if !self.is_started {
            return 0;
        }
        let firsts = [self.in_progress.first(), self.queued_numbers.first(), self.pins.keys().next()];
        firsts.into_iter().flatten().min().map_or(self.last + 1, |first| *first)
    }

    fn least_settled(&self) -> u64 {
        self.settled.values().min().copied().unwrap_or(u64::MAX)
    }

    /// Forgets what all remotes have.
    fn let_go(&mut self) {
        let least = self.least_settled();
        while let Some(first) = self.queued.first_entry().filter(|first| *first.key() <= least) {
            self.queued_numbers.remove(&first.remove());
        }
    }

    fn unpin(&mut self, pin: u64) {
        if let Entry::Occupied(mut pinned) = self.pins.entry(pin) {
            *pinned.get_mut() -= 1;
            if *pinned.get() == 0 {
                pinned.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests;

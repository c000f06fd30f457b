//! What became of keys that somebody may wait for.

use std::collections::BTreeSet;

use super::Key;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    List,
    SortedSet,
    /// It is a stream, which got an entry or lost a group.
    Stream,
    /// It is a stream no longer.
    StreamGone,
}

/// Each signal of a key once, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Ready {
    signals: Vec<(Key, Signal)>,
    known: BTreeSet<(Key, Signal)>,
    marked: usize,
    /// Nobody waits, and no signal is kept.
    is_deaf: bool,
}

impl Ready {
    pub(super) fn add(&mut self, key: &Key, signal: Signal) {
        if self.is_deaf {
            return;
        }
        let signal = (Key::clone(key), signal);
        if self.known.insert(signal.clone()) {
            self.signals.push(signal);
        }
    }

    /// Whether somebody waits, from now on.
    pub(super) const fn listen(&mut self, is_listening: bool) {
        self.is_deaf = !is_listening;
    }

    /// All signals since the last time.
    pub(super) fn take(&mut self) -> Vec<(Key, Signal)> {
        self.known.clear();
        self.marked = 0;
        std::mem::take(&mut self.signals)
    }

    /// From here on, what comes can be forgotten.
    pub(super) fn mark(&mut self) {
        self.marked = self.signals.len();
    }

    /// Forgets what came since the [`mark`](Self::mark).
    pub(super) fn back_to_mark(&mut self) {
        for signal in self.signals.drain(self.marked.min(self.signals.len())..) {
            self.known.remove(&signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_is_told_once_in_order_and_what_was_undone_is_not() {
        let key = |text: &str| Key::from(text.as_bytes());
        let mut ready = Ready::default();
        for name in ["b", "a", "b"] {
            ready.add(&key(name), Signal::List);
        }
        ready.mark();
        ready.add(&key("c"), Signal::List);
        ready.add(&key("a"), Signal::SortedSet);
        ready.back_to_mark();
        assert_eq!(ready.take(), [(key("b"), Signal::List), (key("a"), Signal::List)]);
        ready.add(&key("c"), Signal::List);
        assert_eq!(ready.take().len(), 1);
        assert!(ready.take().is_empty());
        ready.listen(false);
        ready.add(&key("c"), Signal::List);
        ready.listen(true);
        assert!(ready.take().is_empty());
    }
}

//! What is to be looked at, and when.

use std::collections::{BTreeMap, BTreeSet};

use super::Key;

/// At most one time a key: the soonest at which something in it may be due.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_key: BTreeMap<Key, i64>,
    by_time: BTreeSet<(i64, Key)>,
}

impl Agenda {
    /// Something in `key` is due at `at`. What is expected sooner stays.
    pub(super) fn expect(&mut self, key: &[u8], at: i64) {
        match self.by_key.get_mut(key) {
            Some(known) if *known <= at => {}
            Some(known) => {
                let before = std::mem::replace(known, at);
                self.by_time.remove(&(before, key.into()));
                self.by_time.insert((at, key.into()));
            }
            None => {
                self.by_key.insert(key.into(), at);
                self.by_time.insert((at, key.into()));
            }
        }
    }

    /// A key that is due by `now_ms`, which is then forgotten.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<Key> {
        if self.next()? > now_ms {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    pub(super) fn next(&self) -> Option<i64> {
        self.by_time.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soonest_time_of_a_key_counts_and_each_key_is_told_once() {
        let mut agenda = Agenda::default();
        agenda.expect(b"a", 20);
        agenda.expect(b"a", 10);
        agenda.expect(b"a", 30);
        agenda.expect(b"b", 15);
        assert_eq!(agenda.next(), Some(10));
        assert_eq!(agenda.take_due(9), None);
        assert_eq!(agenda.take_due(40).as_deref(), Some(b"a".as_slice()));
        assert_eq!(agenda.take_due(40).as_deref(), Some(b"b".as_slice()));
        assert_eq!(agenda.take_due(40), None);
        assert_eq!(agenda.next(), None);
    }
}

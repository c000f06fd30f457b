//! Queued effects of several keys: what is wrong at one of their keys may be wrong at all of them. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::effect::{Effect, Key, Kind};

/// The effects of several keys that are queued or in flight at one remote, by their seq.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    effects: BTreeMap<u64, Arc<Effect>>,
}

impl Linked {
    /// Takes note of an effect, if it has several keys and changes any.
    pub(crate) fn add(&mut self, seq: u64, effect: &Arc<Effect>) {
        if effect.keys.len() > 1 && effect.kind != Kind::Reads {
            self.effects.insert(seq, Arc::clone(effect));
        }
    }

    /// Forgets all up to `floor`, which are settled.
    pub(crate) fn forget(&mut self, floor: u64) {
        while let Some(first) = self.effects.first_entry() {
            if *first.key() > floor {
                return;
            }
            first.remove();
        }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.effects.clear();
    }

    /// `keys`, and all keys that an effect later than `after` may have made of them.
    pub(crate) fn reached(&self, keys: &[Key], after: u64) -> Vec<Key> {
        let mut reached = keys.to_vec();
        if self.effects.is_empty() {
            return reached;
        }
        let mut known: BTreeSet<Key> = keys.iter().cloned().collect();
        for (_, effect) in self.effects.range(after.saturating_add(1)..) {
            if !effect.keys.iter().any(|key| known.contains(key)) {
                continue;
            }
            for key in &effect.keys {
                if known.insert(Arc::clone(key)) {
                    reached.push(Arc::clone(key));
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        name.as_bytes().into()
    }

    fn effect(keys: &[&str]) -> Arc<Effect> {
        let keys = keys.iter().map(|name| key(name)).collect();
        Arc::new(Effect { steps: Vec::new(), keys, lives: Vec::new(), kind: Kind::Builds })
    }

    #[test]
    fn what_a_key_flows_into_later_is_reached_and_nothing_earlier() {
        let mut linked = Linked::default();
        linked.add(1, &effect(&["early", "a"]));
        linked.add(3, &effect(&["b", "a"]));
        linked.add(4, &effect(&["c", "b"]));
        linked.add(5, &effect(&["d", "e"]));
        assert_eq!(linked.reached(&[key("a")], 2), [key("a"), key("b"), key("c")]);
        assert_eq!(linked.reached(&[key("a")], 3), [key("a")]);
        linked.forget(4);
        assert_eq!(linked.reached(&[key("a")], 0), [key("a")]);
        assert_eq!(linked.reached(&[key("e")], 0), [key("e"), key("d")]);
    }
}

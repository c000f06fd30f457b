//! An effect by the slots of its keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use redfleet_core::{Slot, command_name, keys_of};
use redis::Cmd;

use super::{Effect, Key, Kind};

impl Effect {
    /// The effect in parts that each keep to one slot, for a remote that is sharded; nothing if it cannot be split. What
    /// changes nothing and has keys in several slots has no parts.
    pub(crate) fn by_slot(self: &Arc<Self>) -> Option<Vec<(u16, Arc<Self>)>> {
        let mut slots = self.keys.iter().map(|key| slot(key));
        let first =
            slots.next().unwrap_or_else(|| self.steps.iter().flat_map(keys_of).next().map_or(0, slot));
        if slots.all(|slot| slot == first) {
            return Some(vec![(first, Arc::clone(self))]);
        }
        if self.kind == Kind::Reads {
            return Some(Vec::new());
        }
        let mut parts = BTreeMap::<u16, Self>::new();
        for step in &self.steps {
            let mut slots = keys_of(step).map(slot);
            let part = slots.next().unwrap_or_default();
            if slots.any(|slot| slot != part) {
                return None;
            }
            parts.entry(part).or_insert_with(Self::nothing).steps.push(step.clone());
        }
        for key in &self.keys {
            parts.entry(slot(key)).or_insert_with(Self::nothing).keys.push(key.clone());
        }
        for (key, life) in &self.lives {
            parts.entry(slot(key)).or_insert_with(Self::nothing).lives.push((key.clone(), *life));
        }
        for part in parts.values_mut().filter(|part| part.is_overwriting()) {
            part.kind = Kind::Overwrites;
        }
        Some(parts.into_iter().map(|(slot, part)| (slot, Arc::new(part))).collect())
    }

    /// What it takes up in memory, about, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let step = |step: &Cmd| STEP_BYTES + step.args_iter().map(|arg| word_bytes(&arg)).sum::<usize>();
        let key = |key: &Key| KEY_BYTES + key.len();
        self.steps.iter().map(step).sum::<usize>()
            + self.keys.iter().map(key).sum::<usize>()
            + size_of::<Self>()
    }

    /// Whether it leaves its one key as it says: whatever else writes a key has a life to compare, and a message has no key.
    fn is_overwriting(&self) -> bool {
        let is_message = |step: &Cmd| matches!(command_name(step).as_str(), "PUBLISH" | "SPUBLISH");
        self.lives.is_empty() && self.keys.len() == 1 && !self.steps.iter().any(is_message)
    }

    const fn nothing() -> Self {
        Self { steps: Vec::new(), keys: Vec::new(), lives: Vec::new(), kind: Kind::Builds }
    }
}

/// A command beside its words.
const STEP_BYTES: usize = size_of::<Cmd>();
/// A key beside its bytes: its place in the lists, and its counts.
const KEY_BYTES: usize = 2 * size_of::<(Key, super::Life)>();

const fn word_bytes(word: &redis::Arg<&[u8]>) -> usize {
    let own = if let redis::Arg::Simple(word) = word { word.len() } else { 0 };
    own + size_of::<redis::Arg<usize>>()
}

fn slot(key: &[u8]) -> u16 {
    Slot::of_key(key).index()
}

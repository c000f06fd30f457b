//! The keys of one remote that are copied whole, because what became of a write there is not certain.
//!
//! Pure: the time is passed in. Keys come in the order in which they became dirty. A key stays in the set until it was copied and
//! has not become dirty again meanwhile: each time that it does, it gets another generation.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use redfleet_core::mutant;

use crate::effect::Key;

/// Why a key is dirty.
///
/// The later ones ask for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// An effect is not at the remote, or perhaps not. What local has is right.
    Effect,
    /// A command on it may still be carried out on local, so what local has may change without a writer.
    UnknownOnLocal,
}

impl Cause {
    /// Whether local must be fenced before anything is read there.
    pub(crate) fn needs_fence(self) -> bool {
        self >= Self::UnknownOnLocal
    }
}

/// A key that is to be copied now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) key: Key,
    /// Which time it became dirty.
    pub(crate) generation: u64,
    /// The worst cause why it is dirty.
    pub(crate) cause: Cause,
    /// Whether it was found to be too large to be read with others.
    pub(crate) is_large: bool,
}

/// That all keys are to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Everything {
    /// Which time it was asked for. Whoever copies begins anew when it is another.
    pub(crate) generation: u64,
    /// The worst cause why.
    pub(crate) cause: Cause,
}

/// The dirty keys of one remote.
#[derive(Debug)]
pub(crate) struct Dirty {
    max_keys: usize,
    keys: HashMap<Key, State>,
    /// When each key that nobody has taken may be taken, and which time it became dirty: this is the order.
    due: BTreeMap<(Duration, u64), Key>,
    everything: Option<Everything>,
    last_generation: u64,
}

#[derive(Debug)]
struct State {
    generation: u64,
    cause: Cause,
    is_large: bool,
    /// Where it is in `due`, unless it was taken.
    due: Option<(Duration, u64)>,
}

impl Dirty {
    /// An empty set that never holds more than so many keys.
    pub(crate) fn new(max_keys: usize) -> Self {
        Self { max_keys, keys: HashMap::new(), due: BTreeMap::new(), everything: None, last_generation: 0 }
    }

    /// The key is dirty, once more if it was already. One key too many, and all are to be copied instead.
    pub(crate) fn mark(&mut self, key: Key, cause: Cause) {
        if mutant::is_on("dirty_key_is_forgotten") && cause == Cause::Effect {
            return;
        }
        self.last_generation += 1;
        let generation = self.last_generation;
        if let Some(state) = self.keys.get_mut(&key) {
            // Its place stays: what is dirty first is copied first.
            state.generation = generation;
            state.cause = state.cause.max(cause);
        } else if self.keys.len() >= self.max_keys {
            self.mark_everything(cause);
        } else {
            let due = (Duration::ZERO, generation);
            self.due.insert(due, Key::clone(&key));
            self.keys.insert(key, State { generation, cause, is_large: false, due: Some(due) });
        }
    }

    /// All keys are dirty. Those that were so before need not be known one by one any more.
    pub(crate) fn mark_everything(&mut self, cause: Cause) {
        self.last_generation += 1;
        let before = self.everything.map(|everything| everything.cause);
        let causes = self.keys.values().map(|state| state.cause);
        let cause = causes.chain(before).fold(cause, Cause::max);
        self.everything = Some(Everything { generation: self.last_generation, cause });
        self.keys.clear();
        self.due.clear();
    }

    /// Whether this key is dirty by itself. When everything is, those are in here that became dirty since.
    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    /// Whether all keys are to be copied.
    pub(crate) const fn everything(&self) -> Option<Everything> {
        self.everything
    }

    /// All keys were copied as of this generation. Whether that was the last.
    pub(crate) fn everything_done(&mut self, generation: u64) -> bool {
        let is_last = self.everything.is_some_and(|everything| everything.generation == generation);
        if is_last {
            self.everything = None;
        }
        is_last
    }

    /// How many keys are dirty by themselves, with those that were taken.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Takes the keys that have been dirty for longest and are due. Each is said to be [done](Self::done) or is
    /// [postponed](Self::postpone) later; until then it is not taken again.
    pub(crate) fn take(&mut self, max_keys: usize, now: Duration) -> Vec<Taken> {
        let mut taken = Vec::new();
        while taken.len() < max_keys {
            let Some(first) = self.due.first_entry() else { break };
            if first.key().0 > now {
                break;
            }
            let key = first.remove();
            let Some(state) = self.keys.get_mut(&key) else { continue };
            state.due = None;
            let State { generation, cause, is_large, .. } = *state;
            taken.push(Taken { key, generation, cause, is_large });
        }
        taken
    }

    /// A copy of the key as of when it was taken is on its way. The key is clean then, unless it has become dirty again:
    /// then it is to be taken once more. Whether it is clean.
    pub(crate) fn done(&mut self, taken: &Taken) -> bool {
        let Some(state) = self.keys.get_mut(&taken.key) else { return true };
        if state.generation == taken.generation {
            if let Some(due) = state.due {
                self.due.remove(&due);
            }
            self.keys.remove(&taken.key);
            return true;
        }
        self.put_back(&taken.key, Duration::ZERO);
        false
    }

    /// The key is to be taken once more, and not before `until`.
    pub(crate) fn postpone(&mut self, key: &[u8], until: Duration) {
        self.put_back(key, until);
    }

    /// The key is too large to be read with others. It is to be taken once more.
    pub(crate) fn mark_large(&mut self, key: &[u8]) {
        if let Some(state) = self.keys.get_mut(key) {
            state.is_large = true;
        }
        self.put_back(key, Duration::ZERO);
    }

    fn put_back(&mut self, key: &[u8], until: Duration) {
        let Some((key, _)) = self.keys.get_key_value(key) else { return };
        let key = Key::clone(key);
        let Some(state) = self.keys.get_mut(&key) else { return };
        let due = (until, state.generation);
        if let Some(before) = state.due.replace(due) {
            self.due.remove(&before);
        }
        self.due.insert(due, key);
    }

    /// How long until a key can be taken: none if none waits to be.
    pub(crate) fn next_due(&self, now: Duration) -> Option<Duration> {
        self.due.first_key_value().map(|((at, _), _)| at.saturating_sub(now))
    }
}

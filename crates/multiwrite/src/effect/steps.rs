//! The steps of an effect, as they come together key by key.

use std::collections::BTreeMap;

use redfleet_core::mutant;
use redis::Cmd;

use super::form::Word;
use super::plan::Shipped;
use super::questions::Answered;
use super::state;
use super::words::command;
use super::{Effect, Key, Kind, Life};

/// A step of more words is not shipped, but its keys are copied: a script hands the words of a step to the server on Lua's
/// stack, which holds 8000.
pub(super) const MAX_STEP_WORDS: usize = 4000;

/// Steps in their order.
#[derive(Debug, Default)]
pub(super) struct Steps {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    keys: Vec<Key>,
    kind: Kind,
    command: Cmd,
}

impl Steps {
    pub(super) fn add(&mut self, keys: Vec<Key>, kind: Kind, command: Cmd) {
        self.steps.push(Step { keys, kind, command });
    }

    /// A step of these words on this key.
    pub(super) fn words(&mut self, key: &Key, kind: Kind, words: &[&[u8]]) {
        self.add(vec![key.clone()], kind, command(words.iter().copied()));
    }

    /// SET with this life. What is gone already is deleted.
    pub(super) fn set(&mut self, key: &Key, value: &[u8], life: Life) {
        match life {
            Life::Forever => self.words(key, Kind::Overwrites, &[b"SET", key, value]),
            Life::Until { unix_ms } => {
                let end = unix_ms.to_string();
                self.words(key, Kind::Overwrites, &[b"SET", key, value, b"PXAT", end.as_bytes()]);
            }
            Life::Gone => self.wipe(key),
        }
    }

    pub(super) fn wipe(&mut self, key: &Key) {
        self.words(key, Kind::Overwrites, &[b"DEL", key]);
    }

    /// A step that names keys behind its name, or names and values.
    pub(super) fn list(&mut self, key: &Key, name: &str, words: impl IntoIterator<Item = Word>) {
        let mut command = redis::cmd(name);
        command.arg(&**key);
        for word in words {
            command.arg(&*word);
        }
        self.add(vec![key.clone()], Kind::Builds, command);
    }

    /// All steps as one effect.
    pub(super) fn shipped(self, answered: &Answered<'_>) -> Shipped {
        self.effect(answered).unwrap_or(Shipped::Unclear)
    }

    fn effect(mut self, answered: &Answered<'_>) -> Option<Shipped> {
        let has_writes = self.steps.iter().any(|step| step.kind != Kind::Reads);
        if has_writes {
            self.steps.retain(|step| step.kind != Kind::Reads);
        }
        let mut keys = BTreeMap::<Key, Option<Life>>::new();
        for step in &self.steps {
            let is_compared = matches!(step.kind, Kind::Builds | Kind::Adds(_) | Kind::SetsLife);
            for key in &step.keys {
                let life = keys.entry(key.clone()).or_default();
                if is_compared && answered.has_life(key) && !answered.is_whole(key) {
                    *life = Some(answered.life(key)?);
                }
            }
        }
        self.wipe_what_is_gone(&keys);
        if self.steps.is_empty() {
            return Some(Shipped::Nothing);
        }
        if self.steps.iter().any(|step| step.command.args_iter().len() > MAX_STEP_WORDS) {
            return None;
        }
        let kind = self.kind(keys.len());
        let lives = |(key, life): (&Key, &Option<Life>)| {
            life.filter(|life| *life != Life::Gone || self.has_shared(key)).map(|life| (key.clone(), life))
        };
        let lives = if kind == Kind::Overwrites || mutant::is_on("lives_are_not_shipped") {
            Vec::new()
        } else {
            keys.iter().filter_map(lives).collect()
        };
        let steps = self.steps.into_iter().map(|step| step.command).collect();
        Some(Shipped::Effect(Effect { steps, keys: keys.into_keys().collect(), lives, kind }))
    }

    /// Whether a step has this key and others.
    fn has_shared(&self, key: &Key) -> bool {
        self.steps.iter().any(|step| step.keys.len() > 1 && step.keys.contains(key))
    }

    /// What local does not have afterwards is deleted, whatever was done to it before.
    fn wipe_what_is_gone(&mut self, keys: &BTreeMap<Key, Option<Life>>) {
        for (key, life) in keys {
            if *life == Some(Life::Gone) && !self.has_shared(key) {
                self.steps.retain(|step| !step.keys.contains(key));
                self.wipe(key);
            }
        }
    }

    fn kind(&self, keys: usize) -> Kind {
        let is_all = |kind| self.steps.iter().all(|step| step.kind == kind);
        match self.steps.as_slice() {
            _ if is_all(Kind::Reads) => Kind::Reads,
            [only] if keys == 1 => only.kind,
            _ if keys == 1 && is_all(Kind::Overwrites) => Kind::Overwrites,
            _ => Kind::Builds,
        }
    }

    /// The whole value of a key as local said it, unless it is among the steps.
    pub(super) fn whole(&mut self, key: &Key, answered: &Answered<'_>) -> Option<()> {
        let is_written = |step: &Step| step.kind != Kind::Reads && step.keys.contains(key);
        if !self.steps.iter().any(is_written) {
            let command = state::restoring(key, answered.payload(key)?, answered.life(key)?)?;
            self.add(vec![key.clone()], Kind::Overwrites, command);
        }
        Some(())
    }
}

//! A remote with its watermarks, and effects made by hand.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Backend, BackendExt};
use redis::{Cmd, FromRedisValue, cmd};

use crate::effect::{Effect, Key, Kind, Life};
use crate::entry::Entry;
use crate::options::Guarantee;
use crate::remote::ship::{Verdict, send};
use crate::remote::watermark::Watermarks;

pub(super) struct Remote {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) marks: Watermarks,
    pub(super) guarantee: Guarantee,
    pub(super) seq: u64,
}

impl Remote {
    pub(super) fn new(backend: impl Backend) -> Self {
        Self::of(Arc::new(backend))
    }

    pub(super) fn of(backend: Arc<dyn Backend>) -> Self {
        Self { backend, marks: Watermarks::new(), guarantee: Guarantee::ExactlyOnce, seq: 0 }
    }

    /// Entries for these effects, with the seqs that come next.
    pub(super) fn round(&mut self, effects: Vec<Effect>) -> Vec<Arc<Entry>> {
        let next = |effect| {
            self.seq += 1;
            entry(self.seq, 0, effect)
        };
        effects.into_iter().map(next).collect()
    }

    pub(super) async fn send(&mut self, round: &[Arc<Entry>]) -> Vec<Verdict> {
        let told = send(round, &*self.backend, &mut self.marks, self.guarantee, "source").await;
        assert!(told.iter().map(|(seq, _)| *seq).eq(round.iter().map(|entry| entry.seq)), "{told:?}");
        told.into_iter().map(|(_, verdict)| verdict).collect()
    }

    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> T {
        self.backend.query(command.clone()).await.unwrap()
    }

    /// The string at a key, `(none)` if there is none.
    pub(super) async fn text(&self, key: &str) -> String {
        self.query::<Option<String>>(cmd("GET").arg(key)).await.unwrap_or_else(|| "(none)".to_owned())
    }
}

pub(super) fn entry(seq: u64, lane: u16, effect: Effect) -> Arc<Entry> {
    Arc::new(Entry { seq, lane, effect: Arc::new(effect), tickets: Vec::new(), since: Duration::ZERO })
}

fn key(name: &str) -> Key {
    Arc::from(name.as_bytes())
}

pub(super) fn words(text: &str) -> Cmd {
    let mut command = Cmd::new();
    for word in text.split(' ') {
        command.arg(word);
    }
    command
}

/// An effect of these commands. Lives are in milliseconds, -1 for ever, -2 for no such key.
pub(super) fn effect(steps: &[&str], lives: &[(&str, i64)]) -> Effect {
    let steps: Vec<Cmd> = steps.iter().map(|step| words(step)).collect();
    let mut keys: Vec<Key> = Vec::new();
    for own in steps.iter().flat_map(redfleet_core::keys_of) {
        if keys.iter().all(|key| **key != *own) {
            keys.push(Arc::from(own));
        }
    }
    let life = |ms| match ms {
        -1 => Life::Forever,
        -2 => Life::Gone,
        unix_ms => Life::Until { unix_ms },
    };
    let lives = lives.iter().map(|(name, ms)| (key(name), life(*ms))).collect();
    Effect { steps, keys, lives, kind: Kind::Builds }
}

pub(super) fn sets(name: &str, value: &str) -> Effect {
    let step = cmd("SET").arg(name).arg(value).take();
    Effect { steps: vec![step], keys: vec![key(name)], lives: Vec::new(), kind: Kind::Overwrites }
}

pub(super) fn adds(name: &str, by: i64, life: i64) -> Effect {
    Effect { kind: Kind::Adds(by), ..effect(&[&format!("INCRBY {name} {by}")], &[(name, life)]) }
}

/// The verdicts' names.
pub(super) fn names(verdicts: &[Verdict]) -> String {
    let name = |verdict: &Verdict| match verdict {
        Verdict::Applied => "Applied",
        Verdict::AlreadyThere => "AlreadyThere",
        Verdict::Refused(_) => "Refused",
        Verdict::LifeDiffers(_) => "LifeDiffers",
        Verdict::Again(_) => "Again",
        Verdict::MayBeThere(_) => "MayBeThere",
        Verdict::LostData => "LostData",
        Verdict::Halted(_) => "Halted",
    };
    verdicts.iter().map(name).collect::<Vec<_>>().join(" ")
}

//! What is dirty is copied, in its order, and once more if need be.

use std::collections::BTreeMap;

use super::*;

fn key(name: &str) -> Key {
    name.as_bytes().into()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn names(taken: &[Taken]) -> Vec<String> {
    taken.iter().map(|taken| String::from_utf8_lossy(&taken.key).into_owned()).collect()
}

#[test]
fn what_has_been_dirty_for_longest_is_taken_first_and_only_once() {
    let mut dirty = Dirty::new(10);
    for name in ["c", "a", "b", "c", "d"] {
        dirty.mark(key(name), Cause::Effect);
    }
    assert_eq!(names(&dirty.take(2, ms(0))), ["c", "a"]);
    assert_eq!(names(&dirty.take(9, ms(0))), ["b", "d"]);
    assert!(dirty.take(9, ms(0)).is_empty());
    assert_eq!((dirty.len(), dirty.next_due(ms(0))), (4, None), "they are dirty until they are copied");
    assert!(dirty.contains(b"a") && !dirty.contains(b"e"));
}

#[test]
fn a_key_that_becomes_dirty_while_it_is_copied_is_copied_again() {
    let mut dirty = Dirty::new(10);
    dirty.mark(key("a"), Cause::Effect);
    dirty.mark(key("b"), Cause::Effect);
    let taken = dirty.take(9, ms(0));
    dirty.mark(key("a"), Cause::UnknownOnLocal);
    assert!(dirty.take(9, ms(0)).is_empty(), "it is being copied");
    assert!(!dirty.done(&taken[0]) && dirty.done(&taken[1]));
    assert_eq!(dirty.len(), 1);
    let again = dirty.take(9, ms(0));
    assert_eq!(names(&again), ["a"]);
    assert_eq!((again[0].cause, taken[0].cause), (Cause::UnknownOnLocal, Cause::Effect));
    assert!(dirty.done(&again[0]));
    assert_eq!((dirty.len(), dirty.next_due(ms(0))), (0, None));
    assert!(dirty.done(&again[0]), "it was clean");
}

#[test]
fn what_is_postponed_waits_for_its_time_and_what_is_large_is_said_to_be() {
    let mut dirty = Dirty::new(10);
    ["a", "b", "c"].iter().for_each(|name| dirty.mark(key(name), Cause::Effect));
    dirty.take(9, ms(0));
    dirty.postpone(b"a", ms(30));
    dirty.postpone(b"b", ms(20));
    dirty.postpone(b"nobody", ms(1));
    dirty.mark_large(b"c");
    assert_eq!(dirty.next_due(ms(5)), Some(ms(0)));
    let large = dirty.take(9, ms(5));
    assert_eq!((names(&large), large[0].is_large), (vec!["c".into()], true));
    assert_eq!(dirty.next_due(ms(5)), Some(ms(15)));
    dirty.postpone(b"a", ms(10));
    assert!(dirty.take(9, ms(19)).is_empty(), "it waits for the later of both");
    let last = dirty.take(9, ms(20));
    assert_eq!((names(&last), last[0].is_large), (vec!["b".into()], false));
    dirty.mark(key("a"), Cause::Effect);
    assert!(dirty.take(9, ms(29)).is_empty());
    let last = dirty.take(9, ms(30));
    dirty.mark(key("a"), Cause::Effect);
    dirty.postpone(b"a", ms(50));
    assert!(!dirty.done(&last[0]));
    assert!(dirty.take(9, ms(49)).is_empty(), "a copy from before does not bring it forward");
}

#[test]
fn one_key_too_many_makes_everything_dirty_and_what_comes_then_is_known_again() {
    let mut dirty = Dirty::new(2);
    dirty.mark(key("a"), Cause::UnknownOnLocal);
    dirty.mark(key("b"), Cause::Effect);
    let taken = dirty.take(1, ms(0));
    assert_eq!(dirty.everything(), None);
    dirty.mark(key("c"), Cause::Effect);
    let everything = dirty.everything().unwrap();
    assert_eq!(everything.cause, Cause::UnknownOnLocal, "that of a is not forgotten");
    assert_eq!((dirty.len(), dirty.next_due(ms(0)), dirty.contains(b"b")), (0, None, false));
    assert!(dirty.done(&taken[0]));
    // While all is being copied, what was copied already becomes dirty.
    dirty.mark(key("d"), Cause::Effect);
    assert!(dirty.everything_done(everything.generation));
    assert_eq!((dirty.everything(), dirty.len()), (None, 1));
    dirty.mark_everything(Cause::Effect);
    let first = dirty.everything().unwrap();
    assert_eq!((first.cause, dirty.len()), (Cause::Effect, 0));
    dirty.mark_everything(Cause::UnknownOnLocal);
    dirty.mark_everything(Cause::Effect);
    assert_eq!(dirty.everything().map(|everything| everything.cause), Some(Cause::UnknownOnLocal));
    assert!(!dirty.everything_done(first.generation), "it was asked for again");
    assert!(dirty.everything().is_some());
}

const KEYS: u8 = 12;

/// Copies at random, and local as it changes: a version a key.
struct Trial {
    dice: fastrand::Rng,
    dirty: Dirty,
    local: BTreeMap<u8, u64>,
    remote: BTreeMap<u8, u64>,
    /// What was taken, with what was read then.
    taken: Vec<(Taken, u64)>,
    /// All of local, as it was read.
    scan: Option<(Everything, BTreeMap<u8, u64>)>,
    now: Duration,
    version: u64,
}

impl Trial {
    fn write(&mut self) {
        let name = self.dice.u8(..KEYS);
        self.version += 1;
        self.local.insert(name, self.version);
        self.dirty.mark([name].as_slice().into(), Cause::Effect);
    }

    fn take(&mut self) {
        let most = self.dice.usize(1..5);
        for taken in self.dirty.take(most, self.now) {
            let is_out = self.taken.iter().any(|(other, _)| other.key == taken.key);
            // What was taken before everything became dirty is not known any more.
            assert!(!is_out || self.dirty.max_keys < usize::from(KEYS), "it is taken twice");
            let version = self.local[&taken.key[0]];
            self.taken.push((taken, version));
        }
    }

    /// Copies arrive in the order in which they were read, for each is queued inside the gate in which it is read.
    fn arrive(&mut self, name: u8, version: u64) {
        let there = self.remote.entry(name).or_default();
        *there = version.max(*there);
    }

    fn copy(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let (taken, version) = self.taken.remove(0);
        match self.dice.u8(..4) {
            0 => self.dirty.postpone(&taken.key, self.now + ms(self.dice.u64(..20))),
            1 if !taken.is_large => self.dirty.mark_large(&taken.key),
            _ => {
                self.arrive(taken.key[0], version);
                self.dirty.done(&taken);
            }
        }
    }

    fn copy_all(&mut self) {
        match self.scan.take() {
            Some((everything, seen)) => {
                seen.into_iter().for_each(|(name, version)| self.arrive(name, version));
                self.dirty.everything_done(everything.generation);
            }
            None => self.scan = self.dirty.everything().map(|everything| (everything, self.local.clone())),
        }
    }

    /// Each key that differs is known to.
    fn nothing_diverges_silently(&self) {
        let differ = self.local.iter().filter(|(name, version)| self.remote.get(name) != Some(version));
        for (name, _) in differ {
            assert!(
                self.dirty.everything().is_some() || self.dirty.contains(&[*name]),
                "{name} is forgotten"
            );
        }
    }
}

#[test]
fn whatever_happens_what_differs_is_dirty_and_in_the_end_nothing_differs() {
    for seed in 0..2000 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let dirty = Dirty::new(dice.usize(1..14));
        let (local, remote) = (BTreeMap::new(), BTreeMap::new());
        let mut trial =
            Trial { dice, dirty, local, remote, taken: Vec::new(), scan: None, now: ms(0), version: 0 };
        for _ in 0..100 {
            match trial.dice.u8(..10) {
                0..4 => trial.write(),
                4..6 => trial.take(),
                6..8 => trial.copy(),
                8 => trial.copy_all(),
                _ => trial.now += ms(10),
            }
            trial.nothing_diverges_silently();
            assert!(trial.dirty.len() <= trial.dirty.max_keys);
            assert!(trial.dirty.due.len() <= trial.dirty.keys.len());
        }
        while trial.dirty.len() > 0 || trial.dirty.everything().is_some() || !trial.taken.is_empty() {
            trial.now += ms(10);
            trial.take();
            trial.copy();
            trial.copy_all();
            trial.nothing_diverges_silently();
        }
        assert_eq!(trial.local, trial.remote, "seed {seed}");
    }
}

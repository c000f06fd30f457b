//! Random stores that crash at random points, against a model of what each remote may lack.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::*;

const REMOTES: [&str; 2] = ["a", "b"];

/// What a remote lacks, as the store knows it.
#[derive(Clone, Debug, Default)]
struct Lacks {
    /// Effects that are queued.
    queued: BTreeMap<u64, String>,
    dirty: BTreeSet<String>,
    everything: bool,
}

/// A store: what it told the spool, and what is so.
#[derive(Debug)]
struct Model {
    lacks: BTreeMap<&'static str, Lacks>,
    /// Writes that local may have, and whose outcome was not told.
    under_way: Vec<(u64, Option<String>)>,
    seq: u64,
}

impl Model {
    fn new() -> Self {
        let lacks = REMOTES.into_iter().map(|name| (name, Lacks::default())).collect();
        Self { lacks, under_way: Vec::new(), seq: 0 }
    }

    fn begin(&mut self, spool: &Spool, rng: &mut Rng) {
        if rng.u8(..40) == 0 {
            let intent = spool.intend_everything().unwrap();
            return self.under_way.push((intent, None));
        }
        let name = format!("k{}", rng.u8(..30));
        let intent = spool.intend(&[key(&name)]).unwrap();
        self.under_way.push((intent, Some(name)));
    }

    fn end(&mut self, spool: &Spool, rng: &mut Rng) {
        if self.under_way.is_empty() {
            return;
        }
        let (intent, name) = self.under_way.swap_remove(rng.usize(..self.under_way.len()));
        match name {
            None => {
                for (remote, lacks) in &mut self.lacks {
                    spool.everything(remote, true);
                    *lacks = Lacks {
                        everything: true,
                        queued: std::mem::take(&mut lacks.queued),
                        ..Lacks::default()
                    };
                }
                spool.outcome(intent, None);
            }
            // Local refused it.
            Some(_) if rng.u8(..8) == 0 => spool.outcome(intent, None),
            // Nobody knows what it did.
            Some(name) if rng.u8(..8) == 0 => {
                for (remote, lacks) in &mut self.lacks {
                    spool.dirty(remote, &[key(&name)]);
                    lacks.dirty.insert(name.clone());
                }
                spool.outcome(intent, None);
            }
            Some(name) => {
                self.seq += rng.u64(1..4);
                let value = "v".repeat(if rng.u8(..50) == 0 { 400 } else { rng.usize(..40) });
                spool.outcome(intent, Some((self.seq, &set(&name, &value))));
                for lacks in self.lacks.values_mut() {
                    lacks.queued.insert(self.seq, name.clone());
                }
            }
        }
    }

    /// A remote gets some of what it lacks.
    fn deliver(&mut self, spool: &Spool, rng: &mut Rng) {
        let remote = REMOTES[rng.usize(..REMOTES.len())];
        let Some(lacks) = self.lacks.get_mut(remote) else { return };
        if rng.u8(..4) == 0 {
            if lacks.everything && rng.bool() {
                lacks.everything = false;
                spool.everything(remote, false);
            }
            if let Some(name) = rng.choice(lacks.dirty.clone()) {
                lacks.dirty.remove(&name);
                spool.clean(remote, name.as_bytes());
            }
        }
        let mut settled = 0;
        for _ in 0..rng.usize(..8) {
            let Some((seq, name)) = lacks.queued.pop_first() else { break };
            // It was refused, or made room.
            if rng.u8(..10) == 0 {
                spool.dirty(remote, &[key(&name)]);
                lacks.dirty.insert(name);
            }
            settled = seq;
        }
        if settled > 0 {
            spool.acked(remote, &[(rng.u16(..3), settled)]);
            spool.settled(remote, settled);
        }
    }

    /// After a crash: all that a remote lacks is to be sent or copied; the model goes on with what the spool says.
    fn check(&mut self, spool: &Spool, recovered: &Recovered, context: &str) {
        for remote in &recovered.remotes {
            let lacks = self.lacks.get_mut(&*remote.name).unwrap();
            let dirty: BTreeSet<_> = texts(&remote.dirty).into_iter().collect();
            let entries = kept_entries(spool, remote.settled + 1);
            let queued = entries.iter().map(|(seq, effect)| (*seq, texts(&effect.keys).remove(0)));
            let queued: BTreeMap<_, _> = queued.collect();
            let is_covered = |name: &str| remote.is_everything || dirty.contains(name);
            for (seq, name) in &lacks.queued {
                assert!(
                    queued.get(seq) == Some(name) || is_covered(name),
                    "{context}: {} lacks {seq} {name}",
                    remote.name
                );
            }
            for name in &lacks.dirty {
                // What made it dirty may not have been written; then the effect is still there.
                let is_queued = queued.values().any(|queued| queued == name);
                assert!(is_covered(name) || is_queued, "{context}: {} lacks {name}", remote.name);
            }
            assert!(!lacks.everything || remote.is_everything, "{context}: {} lacks everything", remote.name);
            for (_, name) in &self.under_way {
                assert!(name.as_deref().map_or(remote.is_everything, is_covered), "{context}: {name:?}");
            }
            *lacks = Lacks { queued, dirty, everything: remote.is_everything };
        }
        assert!(recovered.next_seq > self.seq, "{context}");
        self.under_way.clear();
        self.seq = recovered.next_seq;
    }
}

/// The process dies, perhaps in the middle of a write; or the machine does, where each write is synced.
fn crash(disk: &Disk, spool: Spool, rng: &mut Rng) {
    if rng.bool() {
        disk.set_room(Some(rng.u64(..60)));
        if rng.bool() {
            drop(spool.intend(&[key("never sent")]));
        } else {
            drop(spool.flush(Duration::ZERO));
        }
        disk.set_room(None);
    }
    let is_synced = spool.options.fsync == Fsync::Always;
    drop(spool);
    if is_synced && rng.bool() {
        disk.lose_power();
    }
}

#[test]
fn whatever_crashes_each_remote_is_sent_or_copied_all_that_it_lacks() {
    for seed in 0..600 {
        let mut rng = Rng::with_seed(seed);
        let max_bytes = [600, 2000, 1 << 20][rng.usize(..3)];
        let options = small().max_bytes(max_bytes).max_keys([5, 1000][rng.usize(..2)]);
        let options = options.fsync([Fsync::Never, Fsync::Always][rng.usize(..2)]);
        let disk = Disk::new();
        let (mut spool, _) = open(&disk, &options);
        let mut model = Model::new();
        for step in 0..400 {
            match rng.u8(..100) {
                0..35 => model.begin(&spool, &mut rng),
                35..70 => model.end(&spool, &mut rng),
                70..85 => model.deliver(&spool, &mut rng),
                85..97 => spool.flush(Duration::ZERO).unwrap(),
                _ => {
                    crash(&disk, spool, &mut rng);
                    let (again, recovered) = open(&disk, &options);
                    model.check(&again, &recovered, &format!("seed {seed}, step {step}"));
                    spool = again;
                }
            }
        }
    }
}

/// What it knows, but for how far remotes were said to be.
fn ledger(spool: &Spool) -> ledger::Ledger {
    let mut ledger = spool.log().ledger.clone();
    for remote in ledger.remotes.values_mut() {
        remote.is_unsaid = false;
        remote.unsaid_lanes.clear();
    }
    ledger
}

#[test]
fn what_was_written_comes_to_what_is_known() {
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        let options = small().max_bytes([600, 1 << 20][rng.usize(..2)]);
        let disk = Disk::new();
        let (spool, _) = open(&disk, &options);
        let mut model = Model::new();
        for _ in 0..rng.usize(..150) {
            model.begin(&spool, &mut rng);
            model.end(&spool, &mut rng);
            model.deliver(&spool, &mut rng);
        }
        spool.flush(Duration::ZERO).unwrap();
        let known = ledger(&spool);
        let (replayed, segments, _) = recovery::replay(&disk).unwrap();
        assert_eq!(replayed.unwrap(), known, "seed {seed}");
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        assert_eq!(bytes, spool.bytes(), "seed {seed}");
        let indexes =
            segments.iter().map(|segment| (segment.number, segment.last_seq, segment.index.clone()));
        let log = spool.log();
        let live = log.older.iter().chain([&log.active]);
        let live = live.map(|segment| (segment.number, segment.last_seq, segment.index.clone()));
        assert!(indexes.eq(live), "seed {seed}");
    }
}

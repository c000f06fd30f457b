//! Spools, on a disk in memory unless said otherwise.

mod bounds;
mod damage;
mod failures;
mod files;
mod killed;
mod random;
mod threads;
mod torn;

use std::path::PathBuf;

use super::memory::Disk;
use super::*;
use crate::effect::Kind;

/// A directory of this test's own, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("redfleet-spool-{name}-{}", std::process::id()));
        // Of an earlier process with this number, which did not come to its end.
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn key(name: &str) -> Key {
    Key::from(name.as_bytes())
}

fn set(name: &str, value: &str) -> Effect {
    let step = redis::cmd("SET").arg(name).arg(value).take();
    Effect { steps: vec![step], keys: vec![key(name)], lives: Vec::new(), kind: Kind::Overwrites }
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn open(disk: &Disk, options: &SpoolOptions) -> (Spool, Recovered) {
    Spool::open_in(Arc::new(disk.clone()), options, &names(&["a", "b"]), "source").unwrap()
}

/// The spool's options with small files.
fn small() -> SpoolOptions {
    SpoolOptions::new().segment_bytes(256).max_bytes(1 << 20)
}

/// All effects that are kept from this one on.
fn kept_entries(spool: &Spool, from: u64) -> Vec<(u64, Arc<Effect>)> {
    let (mut from, mut entries) = (from, Vec::new());
    loop {
        let read = spool.read_from(from, 3).unwrap();
        let Some((last, _)) = read.entries.last() else { return entries };
        from = last + 1;
        entries.extend(read.entries);
    }
}

/// Their seqs.
fn kept(spool: &Spool, from: u64) -> Vec<u64> {
    kept_entries(spool, from).iter().map(|(seq, _)| *seq).collect()
}

/// A write of this seq, on a key that is called after it.
fn write(spool: &Spool, seq: u64) {
    let effect = set(&format!("k{seq}"), "value");
    let intent = spool.intend(&effect.keys).unwrap();
    spool.outcome(intent, Some((seq, &effect)));
}

fn texts(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
}

#[test]
fn what_was_told_is_known_again() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, recovered) = open(&disk, &options);
    assert!(recovered.is_new);
    assert_eq!((recovered.next_seq, recovered.source.as_str()), (1, "source"));
    for seq in 1..=5_u64 {
        let effect = set(&format!("k{seq}"), "v");
        let intent = spool.intend(&effect.keys).unwrap();
        spool.outcome(intent, Some((seq, &effect)));
    }
    spool.intend(&[key("lost")]).unwrap();
    spool.acked("a", &[(0, 3), (7, 2)]);
    spool.acked("a", &[(7, 1)]);
    spool.acked("nobody", &[(0, 9)]);
    spool.settled("a", 3);
    spool.dirty("b", &[key("x"), key("y")]);
    spool.clean("b", b"x");
    spool.everything("a", true);
    spool.flush(Duration::ZERO).unwrap();
    drop(spool);

    let (spool, recovered) = open(&disk, &options);
    assert!(!recovered.is_new);
    assert_eq!(recovered.next_seq, 5 + (1 << 32) + 1);
    assert_eq!(texts(&recovered.unknown), ["lost"]);
    let [a, b] = &recovered.remotes[..] else { panic!("{recovered:?}") };
    assert_eq!((a.settled, a.is_everything, texts(&a.dirty)), (3, true, vec!["lost".into()]));
    assert_eq!((b.settled, b.is_everything, texts(&b.dirty)), (0, false, vec!["lost".into(), "y".into()]));
    assert_eq!((&a.acked[..], &b.acked[..]), (&[(0, 3), (7, 1)][..], &[][..]));
    let read = spool.read_from(a.settled + 1, 10).unwrap();
    assert_eq!(read.entries.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(read.entries[0].1.steps[0].get_packed_command(), set("k4", "v").steps[0].get_packed_command());
}

#[test]
fn a_write_that_may_change_everything_and_has_no_outcome_makes_everything_dirty() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, _) = open(&disk, &options);
    let known = spool.intend_everything().unwrap();
    spool.outcome(known, None);
    spool.flush(Duration::ZERO).unwrap();
    let (_, recovered) = open(&disk.copy(), &options);
    assert!(!recovered.is_everything_unknown && recovered.remotes.iter().all(|remote| !remote.is_everything));
    spool.intend_everything().unwrap();
    let (_, recovered) = open(&disk, &options);
    assert!(recovered.is_everything_unknown && recovered.remotes.iter().all(|remote| remote.is_everything));
    assert!(recovered.unknown.is_empty());
}

#[test]
fn a_write_is_one_append_and_outcomes_go_along_with_the_next() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, _) = open(&disk, &options);
    let (before, _) = disk.calls();
    for seq in 1..=10 {
        write(&spool, seq);
        spool.settled("a", seq);
        assert!(spool.is_buffered());
    }
    assert_eq!(disk.calls().0 - before, 10);
    spool.flush(Duration::ZERO).unwrap();
    assert_eq!(disk.calls().0 - before, 11);
    assert!(!spool.is_buffered());
    spool.flush(Duration::ZERO).unwrap();
    assert_eq!(disk.calls().0 - before, 11);
}

#[test]
fn remotes_come_and_go() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, _) = open(&disk, &options);
    write(&spool, 1);
    spool.add_remote("c", true);
    spool.remove_remote("b");
    spool.dirty("b", &[key("nobody")]);
    spool.flush(Duration::ZERO).unwrap();
    let open = |names: &[Arc<str>]| Spool::open_in(Arc::new(disk.copy()), &options, names, "new").unwrap().1;
    let recovered = open(&names(&["c", "a", "b", "d"]));
    let told: Vec<_> =
        recovered.remotes.iter().map(|it| (&*it.name, it.is_known, it.settled, it.is_everything)).collect();
    assert_eq!(
        told,
        [("c", true, 1, true), ("a", true, 0, false), ("b", false, 1, false), ("d", false, 1, false)]
    );
    assert_eq!(recovered.source, "source");
}

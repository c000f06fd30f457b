//! Processes that are killed while they write.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

/// Says to a child where its spool is.
const PLACE: &str = "REDFLEET_SPOOL_OF_CHILD";
/// This test, by which the binary becomes the child.
const CHILD: &str = "spool::tests::killed::a_child_writes_until_it_is_killed";

fn options() -> SpoolOptions {
    SpoolOptions::new().segment_bytes(8 << 10).max_bytes(1 << 30)
}

/// In the parent it has nothing to do.
#[test]
fn a_child_writes_until_it_is_killed() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let (spool, recovered) = Spool::open(Path::new(&place), &options(), &names(&["a"]), "source").unwrap();
    let mut out = std::io::stdout();
    for seq in recovered.next_seq.. {
        let effect = set(&format!("k{seq}"), &"v".repeat(usize::try_from(seq % 200).unwrap()));
        let intent = spool.intend(&effect.keys).unwrap();
        writeln!(out, "spool intent {seq}").unwrap();
        // Every ninth is never heard of again.
        if seq % 9 > 0 {
            spool.outcome(intent, Some((seq, &effect)));
        }
        if seq % 5 == 0 {
            spool.flush(Duration::ZERO).unwrap();
            writeln!(out, "spool flushed {seq}").unwrap();
        }
    }
}

/// What a child said: the seq of each intent, and whether what became of it was written.
#[derive(Default)]
struct Told {
    intents: Vec<(u64, bool)>,
    /// How many of them are of earlier children.
    earlier: usize,
}

impl Told {
    /// How many things the line tells. The harness writes the test's name before the first, on the same line.
    fn note(&mut self, line: &str) -> usize {
        let told = line.split_once("spool ").and_then(|(_, told)| told.split_once(' '));
        match told.and_then(|(what, seq)| Some((what, seq.parse().ok()?))) {
            Some(("intent", seq)) => self.intents.push((seq, false)),
            Some(("flushed", _)) => {
                self.intents[self.earlier..].iter_mut().for_each(|intent| intent.1 = true);
            }
            Some(_) | None => return 0,
        }
        1
    }
}

/// Starts a child, kills it when it has said so much, and notes all that it said.
fn kill_one(place: &Path, enough: usize, told: &mut Told) {
    told.earlier = told.intents.len();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--nocapture", "--test-threads=1"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut count = 0;
    while count < enough {
        count += told.note(&lines.next().expect("the child writes until it is killed").unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    lines.map_while(Result::ok).for_each(|line| {
        told.note(&line);
    });
}

#[test]
fn what_a_killed_process_acknowledged_is_known() {
    let mut rng = fastrand::Rng::with_seed(7);
    for life in 0..8 {
        let scratch = Scratch::new(&format!("killed-{life}"));
        let mut told = Told::default();
        for round in 0..4 {
            kill_one(&scratch.0, rng.usize(1..700), &mut told);
            let (spool, recovered) = Spool::open(&scratch.0, &options(), &names(&["a"]), "source").unwrap();
            let dirty: BTreeSet<_> = texts(&recovered.remotes[0].dirty).into_iter().collect();
            let seqs: BTreeSet<_> = kept(&spool, 1).into_iter().collect();
            for (seq, is_flushed) in &told.intents {
                let (is_kept, is_dirty) = (seqs.contains(seq), dirty.contains(&format!("k{seq}")));
                let context = format!("life {life}, round {round}, {seq}");
                assert!(is_kept || is_dirty, "{context}: it is lost");
                assert!(!is_flushed || seq % 9 == 0 || is_kept, "{context}: the effect is lost");
                assert!(seq % 9 > 0 || !is_kept, "{context}: it had no outcome");
            }
        }
        assert!(!told.intents.is_empty());
    }
}

use super::memory::Disk;
use super::*;
use crate::effect::Kind;

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
    let read = spool.read_from(a.settled + 1, 10).unwrap();
    assert_eq!(read.entries.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(read.entries[0].1.steps[0].get_packed_command(), set("k4", "v").steps[0].get_packed_command());
}

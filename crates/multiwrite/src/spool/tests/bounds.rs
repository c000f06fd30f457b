//! How much of the disk a spool takes, and what leaves it.

use super::*;

#[test]
fn what_all_remotes_have_leaves_the_disk_and_what_is_dirty_stays_known() {
    let (disk, options) = (Disk::new(), small());
    let (spool, _) = open(&disk, &options);
    spool.dirty("a", &[key("d")]);
    for seq in 1..=200 {
        write(&spool, seq);
        spool.settled("a", seq);
        spool.settled("b", seq.saturating_sub(3));
        spool.flush(Duration::ZERO).unwrap();
        assert!(disk.lengths().len() <= 5, "{:?}", disk.lengths());
    }
    let (again, recovered) = open(&disk, &options);
    assert_eq!(kept(&again, recovered.remotes[1].settled + 1), [198, 199, 200]);
    assert_eq!(
        (recovered.remotes[0].settled, texts(&recovered.remotes[0].dirty)),
        (200, vec!["d".to_owned()])
    );
    assert_eq!(texts(&recovered.remotes[1].dirty), [""; 0]);
}

#[test]
fn over_its_bound_the_oldest_goes_and_its_keys_are_dirty_where_they_are_not_settled() {
    let max_bytes = 32 << 10;
    let (disk, options) = (Disk::new(), SpoolOptions::new().segment_bytes(4 << 10).max_bytes(max_bytes));
    let (spool, _) = open(&disk, &options);
    let total = 600;
    for seq in 1..=total {
        write(&spool, seq);
        spool.settled("a", seq);
        if seq % 7 == 0 {
            spool.flush(Duration::ZERO).unwrap();
        }
        // And what is not written yet.
        assert!(spool.bytes() <= max_bytes + 200, "{}", spool.bytes());
    }
    spool.flush(Duration::ZERO).unwrap();
    // While it lives, a reader is told what is not kept.
    let read = spool.read_from(1, 1000).unwrap();
    let first = read.entries[0].0;
    assert!(first > 20, "{first}");
    assert_eq!(read.gone.len(), usize::try_from(first - 1).unwrap());
    assert!(!read.is_everything_gone);
    assert!(spool.read_from(first, 1).unwrap().gone.is_empty());
    // What reaches the remote from memory is not to be copied.
    spool.settled("b", 10);
    spool.flush(Duration::ZERO).unwrap();
    let (again, recovered) = open(&disk, &options);
    let [a, b] = &recovered.remotes[..] else { panic!() };
    assert_eq!((a.settled, a.dirty.len(), a.is_everything), (total, 0, false));
    let mut expected: Vec<_> = (11..first).map(|seq| format!("k{seq}")).collect();
    expected.sort();
    assert_eq!((texts(&b.dirty), b.is_everything), (expected, false));
    assert_eq!(kept(&again, first).len(), usize::try_from(total - first + 1).unwrap());
}

#[test]
fn over_the_bound_of_keys_everything_is_copied() {
    let (disk, options) = (Disk::new(), small().max_bytes(1024).max_keys(10));
    let (spool, _) = open(&disk, &options);
    for seq in 1..=100 {
        write(&spool, seq);
        spool.settled("a", seq);
        assert!(spool.bytes() <= 2048, "{}", spool.bytes());
    }
    spool.flush(Duration::ZERO).unwrap();
    assert!(spool.read_from(1, 1).unwrap().is_everything_gone);
    let (_, recovered) = open(&disk, &options);
    let [a, b] = &recovered.remotes[..] else { panic!() };
    assert_eq!((a.is_everything, b.is_everything), (false, true));
}

#[test]
fn an_effect_that_is_longer_than_a_file_is_not_kept_and_its_key_is_dirty() {
    let (disk, options) = (Disk::new(), small());
    let (spool, _) = open(&disk, &options);
    let long = set("long", &"x".repeat(300));
    let intent = spool.intend(&long.keys).unwrap();
    spool.outcome(intent, Some((1, &long)));
    write(&spool, 2);
    spool.flush(Duration::ZERO).unwrap();
    let read = spool.read_from(1, 10).unwrap();
    assert_eq!((texts(&read.gone), read.entries.len()), (vec!["long".to_owned()], 1));
    spool.settled("a", 1);
    spool.flush(Duration::ZERO).unwrap();
    let (_, recovered) = open(&disk, &options);
    assert_eq!(texts(&recovered.remotes[0].dirty), [""; 0]);
    assert_eq!(texts(&recovered.remotes[1].dirty), ["long"]);
    assert!(recovered.next_seq > 2);
}

#[test]
fn what_is_read_back_is_all_there_is_from_any_place_in_any_portions() {
    let (disk, options) = (Disk::new(), SpoolOptions::new().segment_bytes(100 << 10).max_bytes(64 << 20));
    let (spool, _) = open(&disk, &options);
    let value = "v".repeat(3000);
    for seq in 1..=150_u64 {
        // Seqs have gaps: copies take some.
        let effect = set(&format!("k{seq}"), &value);
        let intent = spool.intend(&effect.keys).unwrap();
        spool.outcome(intent, Some((seq * 3, &effect)));
    }
    assert!(disk.lengths().len() > 3);
    for from in (0..=452).step_by(37) {
        let expected: Vec<u64> = (1..=150).map(|seq| seq * 3).filter(|seq| *seq >= from).collect();
        assert_eq!(kept(&spool, from), expected, "from {from}");
    }
    // As well by who opens it again.
    let (spool, _) = open(&disk, &options);
    assert_eq!(kept(&spool, 200).len(), 150 - 66);
}

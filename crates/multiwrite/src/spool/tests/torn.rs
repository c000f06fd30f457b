//! A crash in the middle of a write, at every byte.

use super::*;

#[test]
fn a_tail_that_is_torn_at_any_byte_is_cut_off_and_what_is_before_it_is_known() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, _) = open(&disk, &options);
    // How long the file is when each intent is acknowledged.
    let mut acknowledged = Vec::new();
    for seq in 1..=12_u64 {
        write(&spool, seq);
        acknowledged.push(disk.lengths()[0].1);
    }
    spool.flush(Duration::ZERO).unwrap();
    let [(_, len)] = disk.lengths()[..] else { panic!("{:?}", disk.lengths()) };
    for cut in 0..=len {
        let disk = disk.copy();
        disk.tear(cut);
        let (spool, recovered) = open(&disk, &options);
        let intents = acknowledged.iter().filter(|len| **len <= cut).count();
        let seqs = kept(&spool, 1);
        let known = seqs.len() + recovered.unknown.len();
        assert_eq!(known, intents, "cut at {cut}: {seqs:?} {recovered:?}");
        assert_eq!(seqs, (1..=u64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>(), "cut at {cut}");
        assert_eq!(recovered.is_new, recovered.next_seq == 1, "cut at {cut}");
        for remote in &recovered.remotes {
            assert_eq!(remote.dirty, recovered.unknown, "cut at {cut}");
        }
        // It goes on, and the next crash finds both.
        let next = recovered.next_seq;
        write(&spool, next);
        spool.flush(Duration::ZERO).unwrap();
        drop(spool);
        let (spool, again) = open(&disk, &options);
        assert_eq!(kept(&spool, 1), seqs.iter().copied().chain([next]).collect::<Vec<_>>(), "cut at {cut}");
        assert!(again.next_seq > next, "cut at {cut}");
        assert_eq!(again.remotes[0].dirty, recovered.unknown, "cut at {cut}");
    }
}

#[test]
fn a_file_that_is_only_begun_is_none_and_the_one_before_it_is_the_newest() {
    let (disk, options) = (Disk::new(), small());
    let (spool, _) = open(&disk, &options);
    let mut seq = 0;
    while disk.lengths().len() < 3 {
        seq += 1;
        write(&spool, seq);
    }
    let (number, len) = disk.lengths()[2];
    for cut in 0..len {
        let disk = disk.copy();
        disk.tear(cut);
        let (spool, recovered) = open(&disk, &options);
        assert_eq!(
            kept(&spool, 1).len() + recovered.unknown.len(),
            usize::try_from(seq).unwrap(),
            "cut at {cut}"
        );
        assert_eq!(disk.lengths().last().unwrap().0, number, "cut at {cut}");
    }
}

#[test]
fn the_crash_may_come_again_while_the_first_is_seen_to() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, _) = open(&disk, &options);
    write(&spool, 1);
    spool.intend(&[key("k2")]).unwrap();
    spool.intend(&[key("never")]).unwrap();
    let [(_, len)] = disk.lengths()[..] else { panic!() };
    spool.intend(&[key("torn")]).unwrap();
    disk.tear(len + 5);
    // However much of the next file the second life brings to the disk.
    for room in 0..400 {
        let disk = disk.copy();
        disk.set_room(Some(room));
        let second = Spool::open_in(Arc::new(disk.clone()), &options, &names(&["a", "b"]), "other");
        drop(second);
        disk.set_room(None);
        let (spool, recovered) = open(&disk, &options);
        assert_eq!(kept(&spool, 1), [1], "{room}");
        assert_eq!(texts(&recovered.remotes[0].dirty), ["k2", "never"], "{room}");
        assert_eq!(recovered.source, "source");
    }
}

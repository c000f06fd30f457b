//! Bytes that are not as they were written.

use super::*;

/// The seqs of the effects, and of each remote how far it is, whether everything is dirty, and what else.
type Known = (Vec<u64>, Vec<(u64, bool, Vec<Key>)>);

/// What is known of a disk.
fn known(disk: &Disk) -> Result<Known, SpoolError> {
    let (spool, recovered) = Spool::open_in(Arc::new(disk.clone()), &small(), &names(&["a", "b"]), "new")?;
    let remotes = recovered.remotes.into_iter().map(|it| (it.settled, it.is_everything, it.dirty)).collect();
    Ok((kept(&spool, 1), remotes))
}

fn written() -> Disk {
    let disk = Disk::new();
    let (spool, _) = open(&disk, &small());
    for seq in 1..=15 {
        write(&spool, seq);
        if seq == 3 {
            spool.dirty("a", &[key("x"), key("y")]);
            spool.everything("b", true);
        }
    }
    spool.settled("b", 4);
    spool.flush(Duration::ZERO).unwrap();
    disk
}

#[test]
fn a_byte_that_is_damaged_anywhere_but_in_the_newest_file_is_told() {
    let disk = written();
    let files = disk.lengths();
    assert!(files.len() >= 3, "{files:?}");
    for (number, len) in &files[..files.len() - 1] {
        for at in 0..*len {
            for mask in [1, 0x80, 0xff] {
                let disk = disk.copy();
                disk.damage(*number, at, mask);
                match known(&disk) {
                    Err(SpoolError::Corrupt { segment, offset }) => {
                        assert_eq!(segment, disk.path(*number));
                        assert!(offset <= u64::try_from(at).unwrap(), "{at}: {offset}");
                    }
                    other => panic!("file {number} byte {at} mask {mask}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn a_byte_that_is_damaged_in_the_newest_file_is_told_unless_it_may_be_the_tail() {
    let disk = written();
    let sound = known(&disk.copy()).unwrap();
    let (number, len) = *disk.lengths().last().unwrap();
    let mut told = 0;
    for at in 0..len {
        let disk = disk.copy();
        disk.damage(number, at, 0x40);
        match known(&disk) {
            Err(SpoolError::Corrupt { .. }) => told += 1,
            // The last record, which looks as if it had been torn.
            Ok((seqs, _)) => {
                assert!(sound.0.starts_with(&seqs) && seqs.len() + 1 >= sound.0.len(), "{at}: {seqs:?}");
            }
            Err(error) => panic!("{at}: {error}"),
        }
    }
    assert!(told * 2 > len, "{told} of {len}");
}

#[test]
fn files_that_are_missing_cut_short_or_swapped_are_told() {
    let disk = written();
    let files = disk.lengths();
    let (middle, len) = files[1];
    let missing = disk.copy();
    missing.remove(middle).unwrap();
    let error = known(&missing).unwrap_err();
    assert!(matches!(&error, SpoolError::Missing { segment } if *segment == disk.path(middle)), "{error}");
    let short = disk.copy();
    short.truncate(middle, u64::try_from(len - 1).unwrap()).unwrap();
    assert!(matches!(known(&short), Err(SpoolError::Corrupt { .. })));
    let swapped = disk.copy();
    let other = swapped.read(files[2].0, 0, u64::MAX).unwrap();
    swapped.truncate(middle, 0).unwrap();
    swapped.append(middle, &other).unwrap();
    assert!(matches!(known(&swapped), Err(SpoolError::Corrupt { offset: 0, .. })));
    let first = disk.copy();
    for (number, _) in &files[..files.len() - 1] {
        first.remove(*number).unwrap();
    }
    first.tear(30);
    assert!(matches!(known(&first), Err(SpoolError::Corrupt { .. })));
}

#[test]
fn a_file_of_another_version_is_told_with_both_versions() {
    let disk = written();
    let (number, _) = disk.lengths()[0];
    let mut bytes = disk.read(number, 0, u64::MAX).unwrap();
    bytes[8..12].copy_from_slice(&7_u32.to_le_bytes());
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&bytes[..20]);
    bytes[20..24].copy_from_slice(&checksum.to_le_bytes());
    disk.truncate(number, 0).unwrap();
    disk.append(number, &bytes).unwrap();
    let error = known(&disk).unwrap_err();
    assert!(matches!(error, SpoolError::Version { found: 7, known: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("version 7"), "{error}");
}

#[test]
fn a_value_that_looks_like_a_record_is_not_taken_for_one() {
    let disk = Disk::new();
    let (spool, _) = open(&disk, &SpoolOptions::new());
    write(&spool, 1);
    spool.flush(Duration::ZERO).unwrap();
    // Somebody keeps a spool's file in Redis, and the crash comes while that is written.
    let file = disk.read(1, 0, u64::MAX).unwrap();
    let step = redis::cmd("SET").arg("copy").arg(file).take();
    let effect =
        Effect { steps: vec![step], keys: vec![key("copy")], lives: Vec::new(), kind: Kind::Overwrites };
    let intent = spool.intend(&effect.keys).unwrap();
    spool.outcome(intent, Some((2, &effect)));
    spool.flush(Duration::ZERO).unwrap();
    disk.tear(disk.lengths()[0].1 - 3);
    let (spool, recovered) = open(&disk, &SpoolOptions::new());
    assert_eq!((kept(&spool, 1), texts(&recovered.unknown)), (vec![1], vec!["copy".to_owned()]));
}

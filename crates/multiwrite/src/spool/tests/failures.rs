//! Disks that are full or broken.

use super::*;

#[test]
fn a_full_disk_refuses_the_write_and_loses_nothing_however_much_of_it_was_written() {
    for room in 0..120 {
        let (disk, options) = (Disk::new(), SpoolOptions::new());
        let (spool, _) = open(&disk, &options);
        write(&spool, 1);
        disk.set_room(Some(room));
        let mut seq = 1;
        let error = loop {
            match spool.intend(&[key("next")]) {
                Ok(intent) => {
                    seq += 1;
                    spool.outcome(intent, Some((seq, &set("next", "v"))));
                }
                Err(error) => break error,
            }
        };
        assert!(matches!(error, SpoolError::Full { .. }), "{error:?}");
        assert!(matches!(spool.flush(Duration::ZERO), Err(SpoolError::Full { .. })));
        // The process dies now: what was refused is not there, what was taken is.
        let copy = disk.copy();
        copy.set_room(None);
        let (crashed, recovered) = open(&copy, &options);
        let lost = usize::from(seq > kept(&crashed, 1).len().try_into().unwrap());
        assert_eq!(recovered.unknown.len(), lost, "room {room}");
        // Or there is room again.
        disk.set_room(None);
        write(&spool, seq + 1);
        spool.flush(Duration::ZERO).unwrap();
        let (spool, recovered) = open(&disk, &options);
        assert_eq!(kept(&spool, 1), (1..=seq + 1).collect::<Vec<_>>(), "room {room}");
        assert!(recovered.unknown.is_empty(), "room {room}");
    }
}

#[test]
fn what_cannot_be_cut_off_is_not_written_after() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let (spool, _) = open(&disk, &options);
    write(&spool, 1);
    disk.set_room(Some(5));
    disk.refuse_truncate(true);
    assert!(spool.intend(&[key("x")]).is_err());
    disk.set_room(None);
    let error = spool.intend(&[key("x")]).unwrap_err();
    assert!(matches!(error, SpoolError::Io { doing: "cut off what was written in part", .. }), "{error:?}");
    disk.refuse_truncate(false);
    spool.intend(&[key("x")]).unwrap();
    let (spool, recovered) = open(&disk, &options);
    assert_eq!((kept(&spool, 1), texts(&recovered.unknown)), (vec![1], vec!["x".to_owned()]));
}

#[test]
fn a_disk_that_takes_nothing_is_told_when_the_spool_is_opened() {
    let (disk, options) = (Disk::new(), SpoolOptions::new());
    let open = || Spool::open_in(Arc::new(disk.clone()), &options, &names(&["a"]), "source").unwrap_err();
    disk.set_room(Some(0));
    assert!(matches!(open(), SpoolError::Full { .. }));
    disk.set_room(Some(30));
    assert!(matches!(open(), SpoolError::Full { .. }));
    disk.set_read_only(true);
    assert!(matches!(open(), SpoolError::NotWritable { .. }));
    assert_eq!(disk.lengths(), []);
}

#[test]
fn a_file_that_cannot_be_begun_is_begun_later() {
    let (disk, options) = (Disk::new(), small());
    let (spool, _) = open(&disk, &options);
    disk.set_read_only(true);
    for seq in 1..=30 {
        write(&spool, seq);
    }
    assert!(matches!(spool.flush(Duration::ZERO), Err(SpoolError::NotWritable { .. })));
    assert_eq!(disk.lengths().len(), 1);
    disk.set_read_only(false);
    spool.flush(Duration::ZERO).unwrap();
    assert_eq!(disk.lengths().len(), 2);
    let (spool, _) = open(&disk, &options);
    assert_eq!(kept(&spool, 1), (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_crash_of_the_machine_loses_nothing_where_each_write_is_synced() {
    let (disk, options) = (Disk::new(), small().fsync(Fsync::Always));
    let (spool, _) = open(&disk, &options);
    for seq in 1..=40 {
        let effect = set(&format!("k{seq}"), "value");
        let intent = spool.intend(&effect.keys).unwrap();
        let crashed = disk.copy();
        crashed.lose_power();
        let (other, recovered) = open(&crashed, &options);
        assert_eq!(kept(&other, 1), (1..seq).collect::<Vec<_>>());
        assert_eq!(texts(&recovered.unknown), [format!("k{seq}")]);
        spool.outcome(intent, Some((seq, &effect)));
    }
    assert!(disk.lengths().len() > 3);
}

#[test]
fn a_crash_of_the_machine_loses_what_was_written_since_the_last_sync_and_no_more() {
    let (disk, options) = (Disk::new(), SpoolOptions::new().fsync(Fsync::Every(Duration::from_millis(100))));
    let (spool, _) = open(&disk, &options);
    let after_power = || {
        let disk = disk.copy();
        disk.lose_power();
        let (spool, _) = open(&disk, &options);
        kept(&spool, 1).len()
    };
    write(&spool, 1);
    spool.flush(Duration::from_millis(100)).unwrap();
    assert_eq!(after_power(), 1);
    write(&spool, 2);
    spool.flush(Duration::from_millis(199)).unwrap();
    assert_eq!(after_power(), 1);
    let (_, before) = disk.calls();
    spool.flush(Duration::from_millis(200)).unwrap();
    assert_eq!((after_power(), disk.calls().1), (2, before + 1));
    spool.flush(Duration::from_millis(300)).unwrap();
    assert_eq!(disk.calls().1, before + 1, "nothing was written since");
}

#[test]
fn a_disk_that_refuses_to_sync_is_not_trusted_again() {
    let (disk, options) = (Disk::new(), SpoolOptions::new().fsync(Fsync::Always));
    let (spool, _) = open(&disk, &options);
    write(&spool, 1);
    disk.refuse_sync(true);
    let error = spool.intend(&[key("x")]).unwrap_err();
    assert!(matches!(error, SpoolError::NotSynced { .. }), "{error:?}");
    disk.refuse_sync(false);
    assert!(matches!(spool.intend(&[key("x")]), Err(SpoolError::NotSynced { .. })));
    assert!(matches!(spool.flush(Duration::ZERO), Err(SpoolError::NotSynced { .. })));
}

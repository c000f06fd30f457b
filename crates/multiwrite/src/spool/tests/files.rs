//! Spools in directories.

use std::fs;

use super::*;

fn open(path: &Path) -> Result<(Spool, Recovered), SpoolError> {
    Spool::open(path, &small().fsync(Fsync::Always), &names(&["a", "b"]), "source")
}

#[test]
fn a_directory_keeps_what_memory_keeps_and_is_made_if_it_is_not_there() {
    let scratch = Scratch::new("keeps");
    let path = scratch.0.join("one/two");
    let (spool, _) = open(&path).unwrap();
    for seq in 1..=30 {
        write(&spool, seq);
    }
    spool.settled("a", 12);
    spool.settled("b", 12);
    spool.flush(Duration::ZERO).unwrap();
    spool.intend(&[key("lost")]).unwrap();
    let bytes: u64 = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(spool.bytes(), bytes);
    drop(spool);
    fs::write(path.join("notes.txt"), "of somebody else").unwrap();
    let (spool, recovered) = open(&path).unwrap();
    assert_eq!(kept(&spool, 13), (13..=30).collect::<Vec<_>>());
    assert_eq!(texts(&recovered.unknown), ["lost"]);
    assert!(!path.join(storage::name(1)).exists(), "it was delivered");
}

#[cfg(unix)]
#[test]
fn what_it_makes_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("private");
    let path = scratch.0.join("made");
    let (spool, _) = open(&path).unwrap();
    write(&spool, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let files: Vec<u32> = fs::read_dir(&path).unwrap().map(|entry| mode(&entry.unwrap().path())).collect();
    assert_eq!(files, [0o600; 2], "the lock and one segment");
}

#[test]
fn two_stores_cannot_have_one_directory() {
    let scratch = Scratch::new("locked");
    let (spool, _) = open(&scratch.0).unwrap();
    let error = open(&scratch.0).unwrap_err();
    assert!(matches!(&error, SpoolError::Locked { directory } if *directory == scratch.0), "{error:?}");
    drop(spool);
    open(&scratch.0).unwrap();
}

#[test]
fn a_place_that_is_no_directory_is_told_when_the_spool_is_opened() {
    let scratch = Scratch::new("not-writable");
    let file = scratch.0.join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = open(&path).unwrap_err();
        assert!(
            matches!(&error, SpoolError::NotWritable { directory, .. } if *directory == path),
            "{error:?}"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn settings_that_cannot_work_are_told() {
    for options in [SpoolOptions::new().segment_bytes(10), SpoolOptions::new().max_bytes(100 << 20)] {
        let error = Spool::open(Path::new("/nowhere"), &options, &[], "s").unwrap_err();
        assert!(matches!(error, SpoolError::Config(_)), "{error:?}");
        assert!(error.to_string().starts_with("the spool's "), "{error}");
    }
}

//! RP-KEYSPACE, what all types have: keys, scans of ids, sorting, and operands that are none.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use redfleet_pipe::{Error, Hashes, Lists, Pipes, Sets, SortedSets, Strings};

async fn ids(scan: redfleet_pipe::Scan<String>, pipes: &Pipes) -> BTreeSet<String> {
    scan.stream(pipes).try_collect().await.unwrap()
}

fn set<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

pub(crate) async fn the_id_is_the_hash_tag_of_the_key(_: &Pipes) {
    const S: Strings<String, String> = Strings::new("STRING");
    assert_eq!(S.key("1").unwrap(), b"STRING{1}");
    assert_eq!(S.id(b"STRING{1}").unwrap(), "1");
    assert_eq!(S.id(b"OTHER{1}").unwrap_err().to_string(), "STRING: not a key of this keyspace");
    const N: Sets<u64, String> = Sets::new("N");
    assert_eq!(N.key(7).unwrap(), b"N{7}");
    assert_eq!(N.id(b"N{seven}").unwrap_err().to_string(), "N: not an int (u64)");
}

pub(crate) async fn the_ids_of_a_keyspace_are_scanned(pipes: &Pipes) {
    const L: Lists<String, String> = Lists::new("keys.L");
    const WIDE: Lists<String, String> = Lists::new("keys.*");
    const ODD: Lists<String, String> = Lists::new(r"keys.[L]?\");
    const BARE: Lists<String, String> = Lists::bare();
    pipes
        .run(|p| {
            let pushed: Vec<_> = ["1a", "1b", "2a", "}", ""].map(|id| L.rpush(p, id, "x")).into();
            // Of another type, under a key that looks like it.
            Strings::<String, String>::new("keys.L").set(p, "string", "x");
            (pushed, WIDE.rpush(p, "wide", "x"), ODD.rpush(p, "odd", "x"))
        })
        .await
        .unwrap();
    assert_eq!(ids(L.scan_ids(), pipes).await, set(["1a", "1b", "2a", "}", ""]));
    assert_eq!(ids(L.scan_ids().matching("1*").count(1), pipes).await, set(["1a", "1b"]));
    assert_eq!(ids(L.scan_ids().matching("?a"), pipes).await, set(["1a", "2a"]));
    assert_eq!(ids(WIDE.scan_ids(), pipes).await, set(["wide"]), "a name matches itself only");
    assert_eq!(ids(ODD.scan_ids(), pipes).await, set(["odd"]));
    let bare = ids(BARE.scan_ids().matching("keys.L{1*"), pipes).await;
    assert_eq!(bare, set(["keys.L{1a}", "keys.L{1b}"]));
    let none: Lists<String, String> = Lists::new("keys.none");
    assert!(ids(none.scan_ids(), pipes).await.is_empty());
}

pub(crate) async fn elements_are_sorted_limited_and_stored(pipes: &Pipes) {
    const L: Lists<String, i64> = Lists::new("{keys.sort}");
    let (up, down, some, stored, kept) = pipes
        .run(|p| {
            L.rpush_all(p, "1", [3, 10, 2]);
            let up = L.sort("1").queue(p);
            let down = L.sort("1").descending().queue(p);
            let some = L.sort("1").alphabetic().limit(1, 1).queue(p);
            let stored = L.sort("1").descending().store(p, "2");
            (up, down, some, stored, L.range(p, "2", 0, -1))
        })
        .await
        .unwrap();
    assert_eq!((up, down, some, stored, kept), (vec![2, 3, 10], vec![10, 3, 2], vec![2], 3, vec![10, 3, 2]));

    const Z: SortedSets<String, String> = SortedSets::new("keys.sort.z");
    let (words, numbers) = pipes
        .run(|p| {
            Z.add_all(p, "1", [("b", 1.0), ("a", 2.0), ("c", 0.0)]);
            (Z.sort("1").alphabetic().queue(p), Z.sort("1").queue(p).result())
        })
        .await
        .unwrap();
    assert_eq!((words.concat(), numbers.unwrap_err().code()), ("abc".to_owned(), Some("ERR")));
}

/// By keys of other slots: a cluster refuses it.
pub(crate) async fn elements_are_sorted_by_what_other_keyspaces_hold(pipes: &Pipes) {
    const S: Sets<String, u64> = Sets::new("keys.by");
    const WEIGHT: Strings<u64, f64> = Strings::new("keys.weight");
    const FACTS: Hashes<u64, String, String> = Hashes::new("keys.facts");
    let (by, names, several, unsorted) = pipes
        .run(|p| {
            S.add_all(p, "1", [1, 2, 3]);
            WEIGHT.set_all(p, [(1, 30.5), (2, 10.0), (3, 20.0)]);
            FACTS.set(p, 1, "name", "one");
            FACTS.set(p, 2, "name", "two");
            let by = S.sort("1").by(WEIGHT).queue(p);
            let names = S.sort("1").by_field(FACTS, "name").alphabetic().get_field(FACTS, "name").queue(p);
            let several = S.sort("1").by(WEIGHT).and_get(WEIGHT).and_get_field(FACTS, "name").queue(p);
            (by, names, several, S.sort("1").unsorted().get(WEIGHT).queue(p))
        })
        .await
        .unwrap();
    assert_eq!((by, unsorted.len()), (vec![2, 3, 1], 3));
    assert_eq!(names, [None, Some("one".to_owned()), Some("two".to_owned())]);
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(
        several,
        [((2, Some(10.0)), name("two")), ((3, Some(20.0)), None), ((1, Some(30.5)), name("one"))]
    );
    let starred: Strings<u64, f64> = Strings::new("a*b");
    let refused = pipes.run(|p| S.sort("1").by(starred).queue(p)).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
}

pub(crate) async fn what_has_no_operands_sends_nothing(pipes: &Pipes) {
    const S: Sets<u64, String> = Sets::new("keys.none.s");
    const V: Strings<u64, String> = Strings::new("keys.none.v");
    const H: Hashes<u64, String, String> = Hashes::new("keys.none.h");
    let none: [&str; 0] = [];
    let ids: [u64; 0] = [];
    let mut pipe = pipes.pipe();
    let added = S.add_all(&mut pipe, 1, none);
    let read = V.get_all(&mut pipe, ids);
    let deleted = V.delete_all(&mut pipe, ids);
    let fields = H.get_all(&mut pipe, 1, none);
    let set = V.set_all_nx(&mut pipe, Vec::<(u64, String)>::new());
    assert!(pipe.is_empty());
    assert_eq!((added.get().unwrap(), deleted.get().unwrap(), set.get().unwrap()), (0, 0, true));
    assert!(read.get().unwrap().is_empty() && fields.get().unwrap().is_empty());
}

pub(crate) async fn all(pipes: &Pipes) {
    the_id_is_the_hash_tag_of_the_key(pipes).await;
    the_ids_of_a_keyspace_are_scanned(pipes).await;
    elements_are_sorted_limited_and_stored(pipes).await;
    what_has_no_operands_sends_nothing(pipes).await;
}

//! Patches: some fields of a record, all at once or none.

use std::collections::BTreeMap;

use redfleet_pipe::{Error, Model};

use crate::{Note, User, execute, map, pipes, stored, user};

#[tokio::test]
async fn a_patch_sets_removes_and_counts_in_one_command() {
    let pipes = pipes("patch");
    let bob = User { last_seen: Some(1), visits: Some(4), ..user("Bob") };
    let mut p = pipes.pipe();
    bob.create(&mut p);
    let written = User::patch("1")
        .set(User::NAME, "Bobby")
        .unset(User::LAST_SEEN)
        .increment(User::VISITS, 3)
        .set_extra("shoe", b"43")
        .send(&mut p);
    assert_eq!(p.len(), 2);
    p.execute().await.unwrap().all().unwrap();
    let written = written.take().unwrap();
    assert_eq!(
        (written.value(User::VISITS).unwrap(), written.version(), written.removed()),
        (Some(7), Some(2), 1)
    );
    let expected = map([("admin", ""), ("n", "7"), ("name", "Bobby"), ("shoe", "43"), ("version", "2")]);
    assert_eq!(stored(&pipes, "users", "U{1}").await, expected);
}

#[tokio::test]
async fn a_patch_makes_a_record_only_if_it_makes_a_whole_one() {
    let pipes = pipes("whole");
    let mut p = pipes.pipe();
    let part = User::patch("1").set(User::VISITS, 3).send(&mut p);
    let count = User::increment(&mut p, "1", User::VISITS, 1);
    let gone = (User::pop(&mut p, "1", User::VISITS), User::remove(&mut p, "1", (User::VISITS, User::ADMIN)));
    assert_eq!(execute(&mut p).await, 2);
    assert!(matches!(part.take(), Err(Error::Absent { keyspace: "U", .. })));
    assert!(matches!(count.take(), Err(Error::Absent { keyspace: "U", .. })));
    assert_eq!((gone.0.take().unwrap(), gone.1.take().unwrap()), (None, 0));
    assert_eq!(stored(&pipes, "users", "U{1}").await, map([]), "nothing was written");

    pipes.run(|p| User::patch("1").set(User::NAME, "Bob").send(p)).await.unwrap();
    assert_eq!(stored(&pipes, "users", "U{1}").await, map([("name", "Bob"), ("version", "1")]));
}

#[tokio::test]
async fn an_increment_that_fails_leaves_every_other_field_as_it_was() {
    let pipes = pipes("undo");
    let mut p = pipes.pipe();
    let note = Note { id: 1, text: Some("a".into()), weight: Some(0.5), ..Note::default() };
    note.save(&mut p);
    p.hset("Note{1}", "stars", "many");
    let patch = Note::patch(1).increment(Note::WEIGHT, 2.0).increment(Note::STARS, 1).set(Note::TEXT, "b");
    let refused = patch.set_extra("x", b"1").send(&mut p);
    let missing = Note::patch(2).increment(Note::WEIGHT, 1.0).increment(Note::STARS, i64::MAX).send(&mut p);
    let beyond = Note::patch(2).increment(Note::WEIGHT, 1.0).increment(Note::STARS, 1).send(&mut p);
    assert_eq!(execute(&mut p).await, 2);
    assert!(refused.take().is_err() && beyond.take().is_err());
    assert_eq!(
        missing.take().unwrap().value(Note::STARS).unwrap(),
        Some(i64::MAX),
        "exact to the last digit"
    );
    assert_eq!(
        stored(&pipes, "default", "Note{1}").await,
        map([("stars", "many"), ("text", "a"), ("weight", "0.5")])
    );
    let expected = map([("stars", "9223372036854775807"), ("weight", "1")]);
    assert_eq!(stored(&pipes, "default", "Note{2}").await, expected);
}

#[tokio::test]
async fn what_was_refused_on_a_record_that_was_not_there_leaves_none() {
    let pipes = pipes("undo_new");
    let mut p = pipes.pipe();
    let patch = Note::patch(1).increment(Note::STARS, i64::MAX).increment(Note::WEIGHT, f64::INFINITY);
    let refused = patch.send(&mut p);
    let exists = p.exists("Note{1}");
    assert_eq!(execute(&mut p).await, 1);
    assert!(refused.take().is_err() && !exists.take().unwrap());
}

#[tokio::test]
async fn integers_and_floats_are_counted_where_they_are() {
    let pipes = pipes("count");
    let (up, down, float, again) = pipes
        .run(|p| {
            let stars = (Note::increment(p, 1, Note::STARS, 5), Note::increment(p, 1, Note::STARS, -7));
            let weight = (Note::increment(p, 1, Note::WEIGHT, 5.0), Note::increment(p, 1, Note::WEIGHT, 0.2));
            (stars.0, stars.1, weight.0, weight.1)
        })
        .await
        .unwrap();
    assert_eq!((up, down), (5, -2));
    assert!((float - 5.0).abs() < 1e-9 && (again - 5.2).abs() < 1e-9);
}

#[tokio::test]
async fn the_last_word_on_a_field_holds() {
    let pipes = pipes("last_word");
    let patch =
        Note::patch(1).set(Note::STARS, 1).increment(Note::STARS, 5).set(Note::TEXT, "a").unset(Note::TEXT);
    let patch = patch.set_or_unset(Note::IS_READ, Some(true)).set_or_unset(Note::WEIGHT, None::<f64>);
    pipes.run(|p| patch.send(p)).await.unwrap();
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([("is_read", "1"), ("stars", "5")]));
}

#[tokio::test]
async fn only_what_differs_is_written() {
    let pipes = pipes("differs");
    let others = |pairs: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    };
    let before = Note {
        id: 1,
        text: Some("a".into()),
        stars: Some(1),
        others: others(&[("x", "1"), ("y", "2")]),
        ..Note::default()
    };
    let after = Note { text: None, others: others(&[("y", "3")]), ..before.clone() };
    let patch = before.patch_to(&after);
    assert_eq!(format!("{patch:?}"), r#"Patch(["y", "text", "x"])"#);
    // Meanwhile somebody else changed what does not differ.
    let (_, _, written, loaded) = pipes
        .run(|p| {
            let set = (before.save(p), Note::patch(1).set(Note::STARS, 9).send(p));
            (set.0, set.1, patch.send(p), Note::load(p, 1))
        })
        .await
        .unwrap();
    assert_eq!(written.removed(), 2);
    assert_eq!(loaded, Some(Note { stars: Some(9), ..after.clone() }));

    let mut p = pipes.pipe();
    let nothing = after.patch_to(&after).send(&mut p);
    assert!(p.is_empty(), "nothing to change costs nothing");
    assert_eq!(nothing.take().unwrap().removed(), 0);
    let error = pipes.run(|p| after.patch_to(&Note { id: 2, ..after.clone() }).send(p)).await.err().unwrap();
    assert_eq!(error.to_string(), "Note: not the key of the same record");
}

#[tokio::test]
async fn undeclared_fields_are_patched_by_name() {
    let pipes = pipes("undeclared");
    pipes.run(|p| Note::patch(1).set_extra("x", b"1").set_extra("y", b"2").send(p)).await.unwrap();
    pipes.run(|p| Note::patch(1).unset_extra("x").keep().set_extra("y", b"3").send(p)).await.unwrap();
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([("y", "2")]));
}

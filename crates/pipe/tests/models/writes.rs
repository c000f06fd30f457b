//! Whole records: created, saved, deleted.

use std::collections::BTreeMap;

use redfleet_pipe::{Error, Model};

use crate::{Note, User, execute, map, pipes, stored, user};

#[tokio::test]
async fn create_leaves_what_is_there() {
    let pipes = pipes("create");
    assert!(pipes.run(|p| user("Bob").create(p)).await.unwrap());
    assert!(!pipes.run(|p| user("Ann").create(p)).await.unwrap());
    let name = pipes.run(|p| User::load_fields(p, "1", User::NAME)).await.unwrap();
    assert_eq!(name.as_deref(), Some("Bob"));
}

#[tokio::test]
async fn save_writes_all_and_removes_what_the_record_does_not_have() {
    let pipes = pipes("save");
    let note = Note {
        id: 1,
        text: Some("a".into()),
        stars: Some(3),
        others: BTreeMap::from([("x".to_owned(), b"1".to_vec())]),
        ..Note::default()
    };
    pipes.run(|p| note.save(p)).await.unwrap();
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([("stars", "3"), ("text", "a"), ("x", "1")]));
    let less = Note { id: 1, stars: Some(4), ..Note::default() };
    let written = pipes.run(|p| less.save(p)).await.unwrap();
    assert_eq!((written.removed(), written.version()), (1, None));
    assert!(
        written.has_changed(Note::STARS)
            && written.has_changed(Note::TEXT)
            && !written.has_changed(Note::WEIGHT)
    );
    assert_eq!(
        stored(&pipes, "default", "Note{1}").await,
        map([("stars", "4"), ("x", "1")]),
        "undeclared ones stay"
    );
}

#[tokio::test]
async fn a_name_that_the_model_uses_is_no_undeclared_field() {
    let pipes = pipes("clash");
    for name in ["id", "text"] {
        let others = BTreeMap::from([(name.to_owned(), b"1".to_vec())]);
        let note = Note { id: 1, others, ..Note::default() };
        let error = pipes.run(|p| note.save(p)).await.err().unwrap();
        assert_eq!(error.to_string(), "Note: not a field that the model leaves undeclared");
    }
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([]));
}

#[tokio::test]
async fn delete_counts_what_was_there() {
    let pipes = pipes("delete");
    let note = |id| Note { id, stars: Some(1), ..Note::default() };
    let (_, deleted, again, none) = pipes
        .run(|p| {
            let saved = (note(1).save(p), note(2).save(p));
            let none = Note::delete(p, [0_u64; 0]);
            (saved, Note::delete(p, [1, 2, 3]), Note::delete(p, [1, 2, 3]), none)
        })
        .await
        .unwrap();
    assert_eq!((deleted, again, none), (2, 0, 0));
}

#[tokio::test]
async fn a_key_of_another_type_is_told_and_stays() {
    let pipes = pipes("wrong_type");
    let mut p = pipes.pipe();
    p.on("users").set("U{1}", "text");
    let (saved, loaded) = (user("Bob").save(&mut p), User::load(&mut p, "1"));
    let created = user("Bob").create(&mut p);
    let text = p.on("users").get::<String>("U{1}");
    assert_eq!(execute(&mut p).await, 2);
    assert!(!created.take().unwrap(), "there is something");
    assert_eq!(saved.take().unwrap_err().code(), Some("WRONGTYPE"));
    let error = loaded.take().unwrap_err();
    assert!(matches!(error, Error::Command { .. }) && error.code() == Some("WRONGTYPE"));
    assert_eq!(text.take().unwrap().as_deref(), Some("text"));
}

#[tokio::test]
async fn in_an_atomic_block_and_in_a_nested_scope_a_write_is_what_it_is_outside() {
    let pipes = pipes("blocks");
    let mut p = pipes.pipe();
    let note = Note { id: 1, stars: Some(1), text: Some("a".into()), ..Note::default() };
    let (saved, count) = p.atomic(|p| (note.save(p), Note::increment(p, 1, Note::STARS, 2)));
    let undone: Result<(), Error> = p.nest(|p| {
        Note::patch(1).set(Note::TEXT, "b").send(p);
        Err(Error::NotExecuted)
    });
    let loaded = Note::load(&mut p, 1);
    p.execute().await.unwrap().all().unwrap();
    assert!(undone.is_err() && saved.take().unwrap().has_changed(Note::TEXT));
    assert_eq!(count.take().unwrap(), 3);
    assert_eq!(loaded.take().unwrap(), Some(Note { stars: Some(3), ..note }));
}

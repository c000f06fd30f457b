//! Records with a memory: what is known changes by what the server acknowledged, and by nothing else.

use std::sync::{Arc, OnceLock};

use redfleet_core::test_util::Scripted;
use redfleet_pipe::model::Record;
use redfleet_pipe::{Error, Model, Pipes};

use crate::{Note, User, execute, pipes};

#[tokio::test]
async fn a_write_that_was_refused_changes_nothing_here() {
    let pipes = pipes("refused");
    let mut p = pipes.pipe();
    let note = Record::<Note>::new(1).unwrap();
    note.patch().set(Note::TEXT, "a").send(&mut p);
    assert_eq!(execute(&mut p).await, 0);
    p.hset("Note{1}", "stars", "many");
    let refused = note.patch().set(Note::TEXT, "b").increment(Note::STARS, 1).send(&mut p);
    assert_eq!(execute(&mut p).await, 1);
    assert!(refused.take().is_err());
    assert_eq!((note.get(Note::TEXT).unwrap().as_deref(), note.get(Note::STARS).unwrap()), (Some("a"), None));
}

#[tokio::test]
async fn a_write_of_unknown_effect_changes_nothing_here() {
    let pipes = Pipes::new(Scripted::new().on("HSET", ":1\r\n").shared());
    let note = Record::<Note>::new(1).unwrap();
    let mut p = pipes.pipe();
    let counted = note.increment(&mut p, Note::STARS, 1);
    note.patch().set(Note::TEXT, "a").send(&mut p);
    assert_eq!(execute(&mut p).await, 1);
    assert!(counted.take().is_err());
    assert_eq!((note.get(Note::STARS).unwrap(), note.get(Note::TEXT).unwrap().as_deref()), (None, Some("a")));
}

#[tokio::test]
async fn what_was_rolled_back_or_dropped_changes_nothing_here() {
    let pipes = pipes("rolled_back");
    let note = Record::<Note>::new(1).unwrap();
    let mut p = pipes.pipe();
    let failed: Result<(), Error> = p.nest(|p| {
        note.patch().set(Note::TEXT, "a").send(p);
        Err(Error::NotExecuted)
    });
    assert_eq!(execute(&mut p).await, 0);
    note.patch().set(Note::TEXT, "b").send(&mut p);
    p.clear();
    assert!(failed.is_err() && !note.is_persisted());
}

#[tokio::test]
async fn a_load_forgets_what_others_removed() {
    let pipes = pipes("forgets");
    let note = Record::<Note>::new(1).unwrap();
    let mut p = pipes.pipe();
    note.patch().set(Note::TEXT, "a").set(Note::STARS, 1).set_extra("x", b"1").send(&mut p);
    assert_eq!(execute(&mut p).await, 0);
    p.add::<i64>(redis::cmd("HDEL").arg("Note{1}").arg("text").arg("x").take());
    note.load_fields(&mut p, Note::TEXT);
    assert_eq!(execute(&mut p).await, 0);
    assert_eq!((note.get(Note::TEXT).unwrap(), note.extra("x").as_deref()), (None, Some(&b"1"[..])));
    note.load(&mut p);
    assert_eq!(execute(&mut p).await, 0);
    assert_eq!((note.get(Note::STARS).unwrap(), note.extra("x")), (Some(1), None));
}

#[tokio::test]
async fn the_version_is_learnt_from_every_write() {
    let pipes = pipes("learnt");
    let user = Record::<User>::new("1").unwrap();
    let mut p = pipes.pipe();
    user.patch().set(User::NAME, "Bob").send(&mut p);
    user.increment(&mut p, User::VISITS, 2);
    p.execute().await.unwrap().all().unwrap();
    let value = user.value().unwrap().unwrap();
    assert_eq!((value.id.as_str(), value.version, value.visits), ("1", 2, Some(2)));
    let (known, shared) = (user.clone(), format!("{user:?}"));
    user.load(&mut p);
    assert_eq!(execute(&mut p).await, 0);
    assert_eq!(known.value().unwrap(), Some(value));
    assert_eq!(shared, r#"Record(["n", "name", "version"])"#, "no value is shown");
}

#[tokio::test]
async fn for_people_nothing_tells_a_stored_value() {
    const SECRET: &str = "hunter2";
    let pipes = pipes("secret");
    let note = Note { id: 1, text: Some(SECRET.into()), ..Note::default() };
    let record = Record::<Note>::new(1).unwrap();
    let patch = Note::patch(1).set(Note::TEXT, SECRET).keep().set_extra("x", SECRET.as_bytes());
    let shown = format!("{patch:?}");
    let (saved, patched, of_record, popped) = pipes
        .run(|p| {
            let of_record = record.patch().set(Note::TEXT, SECRET).increment(Note::STARS, 1).send(p);
            (note.save(p), patch.send(p), of_record, record.patch().unset(Note::TEXT).send(p))
        })
        .await
        .unwrap();
    let shown = format!("{shown} {record:?} {saved:?} {patched:?} {of_record:?} {popped:?}");
    let as_numbers = format!("{:?}", SECRET.as_bytes());
    for form in [SECRET, as_numbers.trim_matches(['[', ']'])] {
        assert!(!shown.contains(form), "{shown}");
    }
    assert!(shown.contains("Written { version: None, steps: [set text, increment stars] }"), "{shown}");
}

#[tokio::test]
async fn what_is_learnt_is_what_the_server_said_last_also_across_scopes() {
    let pipes = pipes("last");
    let note = Record::<Note>::new(1).unwrap();
    let mut p = pipes.pipe();
    note.patch().set(Note::TEXT, "old").send(&mut p);
    note.load(&mut p);
    let nested: Result<(), Error> = p.nest(|p| {
        note.patch().set(Note::TEXT, "new").send(p);
        p.nest(|p| {
            note.patch().set(Note::STARS, 1).send(p);
            Ok(())
        })
    });
    note.increment(&mut p, Note::STARS, 1);
    let seen = Arc::new(OnceLock::new());
    let (reader, kept) = (note.clone(), Arc::clone(&seen));
    let last: Result<(), Error> = p.nest(|p| {
        p.on_execute(move || kept.set(reader.get(Note::STARS).unwrap()).unwrap());
        Ok(())
    });
    assert_eq!(execute(&mut p).await, 0);
    assert!(nested.is_ok() && last.is_ok());
    assert_eq!(
        (note.get(Note::TEXT).unwrap().as_deref(), note.get(Note::STARS).unwrap()),
        (Some("new"), Some(2))
    );
    assert_eq!(seen.get(), Some(&Some(2)), "a callback of a nested scope finds all of it learnt");
}

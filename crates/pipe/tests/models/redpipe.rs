//! RP-STRUCT, RP-TTL and RP-ISSUE2: what RedPipe tests of its Struct. Where a case is of what does not compile here, the
//! compiler's answer is tested in `derive/tests`.

use redfleet_pipe::model::Record;
use redfleet_pipe::{Deferred, Model, Pipe};
use redis::cmd;

use crate::{Note, User, map, pipes, stored, user};

fn note(id: u64) -> Record<Note> {
    Record::new(id).unwrap()
}

fn text(record: &Record<Note>) -> Option<String> {
    record.get(Note::TEXT).unwrap()
}

async fn run(p: &mut Pipe) {
    p.execute().await.unwrap().all().unwrap();
}

/// RP-STRUCT lifecycle: missing, written, read, a field removed, another that nobody declared, cleared.
#[tokio::test]
async fn a_record_is_born_changes_and_goes() {
    let pipes = pipes("rp_life");
    let mut p = pipes.pipe();
    let record = note(1);
    record.load(&mut p);
    run(&mut p).await;
    assert!(!record.is_persisted() && record.value().unwrap().is_none());
    assert_eq!(record.key().unwrap(), 1);

    record.patch().set(Note::TEXT, "Fred").set(Note::STARS, 1).send(&mut p);
    run(&mut p).await;
    assert!(record.is_persisted());
    assert_eq!(text(&record).as_deref(), Some("Fred"));

    let removed = record.remove(&mut p, (Note::STARS, Note::WEIGHT));
    record.patch().set_extra("arbitrary", b"abc").unset_extra("unknown").send(&mut p);
    run(&mut p).await;
    assert_eq!(removed.take().unwrap(), 1);
    assert_eq!(record.extra("arbitrary").as_deref(), Some(&b"abc"[..]));
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([("arbitrary", "abc"), ("text", "Fred")]));

    let (copy, same) = (record.value().unwrap().unwrap(), note(1));
    same.load(&mut p);
    run(&mut p).await;
    let cleared = record.clear(&mut p);
    run(&mut p).await;
    assert!(cleared.take().unwrap() && !record.is_persisted());
    assert_eq!(same.value().unwrap().as_ref(), Some(&copy), "what others know stays");
    copy.save(&mut p);
    record.load(&mut p);
    run(&mut p).await;
    assert_eq!(record.value().unwrap(), Some(copy));
}

/// RP-STRUCT fields=[]: nothing is loaded that was not asked for. RP-STRUCT load named fields only; a later load adds.
#[tokio::test]
async fn only_what_is_asked_for_is_loaded() {
    let pipes = pipes("rp_named");
    let mut p = pipes.pipe();
    Note { id: 1, text: Some("a".into()), stars: Some(2), is_read: Some(true), ..Note::default() }
        .save(&mut p);
    p.hset("Note{1}", "x", "y");
    run(&mut p).await;
    let record = note(1);
    assert!(!record.is_persisted() && p.is_empty());
    record.load_fields(&mut p, (Note::TEXT, Note::WEIGHT));
    run(&mut p).await;
    assert_eq!((text(&record).as_deref(), record.get(Note::STARS).unwrap()), (Some("a"), None));
    record.load_fields(&mut p, Note::STARS);
    run(&mut p).await;
    assert_eq!((text(&record).as_deref(), record.get(Note::STARS).unwrap()), (Some("a"), Some(2)));
    record.load_declared(&mut p);
    run(&mut p).await;
    assert_eq!((record.get(Note::IS_READ).unwrap(), record.extra("x")), (Some(true), None));
    record.load(&mut p);
    run(&mut p).await;
    assert_eq!(record.extra("x").as_deref(), Some(&b"y"[..]));
}

/// RP-STRUCT pipeline of N: nothing is persisted before, all after, and reads see the writes of the same pipe.
#[tokio::test]
async fn many_records_share_a_round_trip() {
    let pipes = pipes("rp_many");
    let mut p = pipes.pipe();
    let records: Vec<_> = (0..3).map(note).collect();
    for record in &records {
        record.patch().set(Note::TEXT, "user").send(&mut p);
    }
    let read = note(1);
    read.load(&mut p);
    assert!(records.iter().all(|record| !record.is_persisted()));
    run(&mut p).await;
    assert!(records.iter().all(|record| text(record).as_deref() == Some("user")));
    assert_eq!(text(&read).as_deref(), Some("user"));
}

/// RP-STRUCT fields: typed values come back; what is of another type is an error that says which field.
#[tokio::test]
async fn fields_are_typed() {
    let pipes = pipes("rp_typed");
    let full = Note {
        id: 7,
        text: Some("గుడ్".into()),
        stars: Some(9_007_199_254_740_993),
        weight: Some(2.75),
        is_read: Some(true),
        ..Note::default()
    };
    let (_, loaded) = pipes.run(|p| (full.save(p), Note::load(p, 7))).await.unwrap();
    assert_eq!(loaded, Some(full));
    let mut p = pipes.pipe();
    p.hset("Note{7}", "weight", "abc");
    let record = note(7);
    record.load(&mut p);
    run(&mut p).await;
    assert_eq!(record.get(Note::WEIGHT).unwrap_err().to_string(), "Note.weight: not a float");
    assert_eq!(record.get(Note::STARS).unwrap(), Some(9_007_199_254_740_993), "one ill field costs no other");
}

/// RP-STRUCT extra fields are kept; a field that nobody stored is not there; RP-STRUCT stored field called like the key.
#[tokio::test]
async fn undeclared_fields_are_kept_and_one_called_like_the_key_is_ignored() {
    let pipes = pipes("rp_extra");
    let (_, _, loaded) = pipes
        .run(|p| (p.hset("Note{1}", "id", "99"), p.hset("Note{1}", "x", "y"), Note::load(p, 1)))
        .await
        .unwrap();
    let loaded = loaded.unwrap();
    assert_eq!((loaded.id, loaded.others.len()), (1, 1));
    assert_eq!((loaded.others["x"].as_slice(), loaded.others.get("id")), (&b"y"[..], None));
    let record = note(1);
    let mut p = pipes.pipe();
    record.load(&mut p);
    run(&mut p).await;
    assert_eq!((record.extra("id"), record.extra("nothing")), (None, None));
}

/// RP-STRUCT: an update is seen here only after its pipe was executed.
#[tokio::test]
async fn an_update_is_seen_after_execution() {
    let pipes = pipes("rp_seen");
    let mut p = pipes.pipe();
    let record = note(1);
    record.patch().set(Note::TEXT, "one").send(&mut p);
    run(&mut p).await;
    record.patch().set(Note::TEXT, "two").send(&mut p);
    assert_eq!(text(&record).as_deref(), Some("one"));
    run(&mut p).await;
    assert_eq!(text(&record).as_deref(), Some("two"));
}

/// RP-STRUCT: the key can be neither changed nor removed. It has no constant, and its name is refused.
#[tokio::test]
async fn the_key_cannot_be_patched() {
    let pipes = pipes("rp_key");
    for patch in [Note::patch(1).set_extra("id", b"2"), Note::patch(1).unset_extra("id")] {
        let error = pipes.run(|p| patch.set(Note::TEXT, "a").send(p)).await.err().unwrap();
        assert_eq!(error.to_string(), "Note: not a field that the model leaves undeclared");
    }
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([]), "no other field was written either");
}

/// RP-STRUCT incr and decr: '1', '2', '5', '4', '2'; pop is typed.
#[tokio::test]
async fn counts_go_up_and_down_and_a_field_is_popped() {
    let pipes = pipes("rp_count");
    let mut p = pipes.pipe();
    let record = note(1);
    let counts: Vec<Deferred<i64>> =
        [1, 1, 3, -1, -2].map(|by| record.increment(&mut p, Note::STARS, by)).into_iter().collect();
    let popped = record.pop(&mut p, Note::STARS);
    let again = record.pop(&mut p, Note::STARS);
    run(&mut p).await;
    let counts: Vec<_> = counts.into_iter().map(|count| count.take().unwrap()).collect();
    assert_eq!(counts, [1, 2, 5, 4, 2]);
    assert_eq!((popped.take().unwrap(), again.take().unwrap()), (Some(2), None));
    assert!(!record.is_persisted());
}

/// RP-STRUCT: popping what was never loaded is no error (RedPipe raises in its callback).
#[tokio::test]
async fn a_field_that_is_not_known_here_can_be_popped() {
    let pipes = pipes("rp_pop");
    let mut p = pipes.pipe();
    p.hset("Note{1}", "text", "a");
    let record = note(1);
    let popped = record.pop(&mut p, Note::TEXT);
    run(&mut p).await;
    assert_eq!((popped.take().unwrap().as_deref(), record.is_persisted()), (Some("a"), false));
}

/// RP-STRUCT delete many.
#[tokio::test]
async fn many_are_deleted_at_once() {
    let pipes = pipes("rp_delete");
    let mut p = pipes.pipe();
    for id in 1..=3 {
        Note { id, stars: Some(1), ..Note::default() }.save(&mut p);
    }
    let deleted = Note::delete(&mut p, [1, 2]);
    let left = Note::load_many(&mut p, [1, 2, 3]);
    run(&mut p).await;
    let left: Vec<_> = left.into_iter().map(|note| note.take().unwrap().is_some()).collect();
    assert_eq!((deleted.take().unwrap(), left), (2, vec![false, false, true]));
}

/// RP-STRUCT: an update with None removes; an empty update is nothing.
#[tokio::test]
async fn none_removes_and_nothing_is_nothing() {
    let pipes = pipes("rp_none");
    let mut p = pipes.pipe();
    let record = note(1);
    record.patch().set(Note::TEXT, "a").set(Note::STARS, 1).send(&mut p);
    run(&mut p).await;
    record.patch().set_or_unset(Note::TEXT, None::<&str>).set_or_unset(Note::STARS, Some(2)).send(&mut p);
    run(&mut p).await;
    assert_eq!((text(&record), record.get(Note::STARS).unwrap()), (None, Some(2)));
    record.patch().send(&mut p);
    assert!(p.is_empty());
}

/// RP-STRUCT nx: what is there stays, here too, and what is not is set.
#[tokio::test]
async fn what_is_there_is_kept() {
    let pipes = pipes("rp_nx");
    let mut p = pipes.pipe();
    p.hset("Note{1}", "text", "old");
    let record = note(1);
    record.load(&mut p);
    let written = record.patch().keep().set(Note::TEXT, "new").set(Note::STARS, 5).send(&mut p);
    run(&mut p).await;
    let written = written.take().unwrap();
    assert!(!written.has_changed(Note::TEXT) && written.has_changed(Note::STARS));
    assert_eq!((text(&record).as_deref(), record.get(Note::STARS).unwrap()), (Some("old"), Some(5)));
    assert_eq!(stored(&pipes, "default", "Note{1}").await, map([("stars", "5"), ("text", "old")]));
}

/// RP-STRUCT required: it can be replaced. RP-STRUCT required added later: others of an old record can be updated.
#[tokio::test]
async fn a_required_field_can_be_replaced_and_old_records_that_lack_it_updated() {
    let pipes = pipes("rp_required");
    let mut p = pipes.pipe();
    user("Bob").create(&mut p);
    User::patch("1").set(User::NAME, "Ann").send(&mut p);
    p.on("users").hset("U{2}", "n", 1);
    let old = User::patch("2").set(User::VISITS, 2).unset(User::LAST_SEEN).send(&mut p);
    run(&mut p).await;
    assert_eq!(old.take().unwrap().version(), Some(1));
    assert_eq!(stored(&pipes, "users", "U{1}").await["name"], "Ann");
    assert_eq!(stored(&pipes, "users", "U{2}").await, map([("n", "2"), ("version", "1")]));
}

async fn life_ms(p: &mut Pipe, key: &str) -> i64 {
    let left = p.on("users").add::<i64>(cmd("PTTL").arg(key).take());
    run(p).await;
    left.take().unwrap()
}

/// RP-TTL: every write sets it anew; without its last field the record is gone; a removal keeps it.
#[tokio::test(start_paused = true)]
async fn every_write_gives_a_record_its_ttl() {
    #[derive(Model)]
    #[model(connection = "users", ttl_ms = 30_000)]
    struct Session {
        #[model(key)]
        id: u64,
        count: Option<i64>,
        place: Option<String>,
    }
    let pipes = pipes("rp_ttl");
    let mut p = pipes.pipe();
    let wait = async || tokio::time::advance(std::time::Duration::from_secs(20)).await;
    Session::patch(1).set(Session::PLACE, "a").send(&mut p);
    assert_eq!(life_ms(&mut p, "Session{1}").await, 30_000);
    wait().await;
    assert_eq!(life_ms(&mut p, "Session{1}").await, 10_000);
    Session::increment(&mut p, 1, Session::COUNT, 1);
    assert_eq!(life_ms(&mut p, "Session{1}").await, 30_000);
    wait().await;
    Session::load(&mut p, 1);
    assert_eq!(life_ms(&mut p, "Session{1}").await, 10_000, "a read does not");
    Session::patch(1).set(Session::COUNT, 5).unset(Session::PLACE).send(&mut p);
    assert_eq!(life_ms(&mut p, "Session{1}").await, 30_000);
    Session::remove(&mut p, 1, Session::COUNT);
    assert_eq!(life_ms(&mut p, "Session{1}").await, -2);

    let (session, wrong) = (
        Session { id: 2, count: None, place: Some("a".into()) },
        Session::increment(&mut p, 2, Session::COUNT, 1),
    );
    session.save(&mut p);
    assert_eq!(life_ms(&mut p, "Session{2}").await, 30_000);
    assert_eq!(wrong.take().unwrap(), 1);
    wait().await;
    wait().await;
    let gone = Session::load(&mut p, 2);
    run(&mut p).await;
    assert!(gone.take().unwrap().is_none());
    assert!(Session { id: 3, count: Some(1), place: None }.create(&mut p).get().is_err());
    assert_eq!(life_ms(&mut p, "Session{3}").await, 30_000);
}

/// RP-ISSUE2: a model's own connection is used in a pipe of that name, of another, and of none.
#[tokio::test]
async fn a_model_goes_to_its_own_connection_wherever_the_pipe_stands() {
    let pipes = pipes("rp_issue2");
    let mut p = pipes.pipe();
    user("a").create(&mut p);
    User { id: "2".into(), ..user("b") }.create(&mut p.on("users"));
    User { id: "3".into(), ..user("c") }.create(&mut p.on("default"));
    let keys = p.on("users").add::<i64>(cmd("DBSIZE").take());
    let none = p.add::<i64>(cmd("DBSIZE").take());
    run(&mut p).await;
    assert_eq!((keys.take().unwrap(), none.take().unwrap()), (3, 0));
}

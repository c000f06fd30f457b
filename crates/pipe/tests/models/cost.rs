//! Each operation is one command, and nothing is read that was not asked for.

use std::collections::BTreeMap;

use redfleet_core::test_util::Scripted;
use redfleet_pipe::model::Record;
use redfleet_pipe::{Model, Pipe, Pipes};

use crate::{Note, User, pipes, user};

fn commands(queue: impl FnOnce(&mut Pipe)) -> usize {
    let mut pipe = pipes("cost").pipe();
    queue(&mut pipe);
    let commands = pipe.len();
    pipe.clear();
    commands
}

#[tokio::test]
async fn every_operation_is_one_command() {
    let note = Note { id: 1, stars: Some(1), ..Note::default() };
    assert_eq!(commands(|p| drop(user("Bob").create(p))), 1);
    assert_eq!(commands(|p| drop(user("Bob").save(p))), 1);
    assert_eq!(commands(|p| drop(note.save(p))), 1);
    assert_eq!(commands(|p| drop(User::load(p, "1"))), 1);
    assert_eq!(commands(|p| drop(User::load_declared(p, "1"))), 1);
    assert_eq!(commands(|p| drop(User::load_fields(p, "1", (User::NAME, User::ADMIN)))), 1);
    assert_eq!(commands(|p| drop(User::load_many(p, ["1", "2", "3"]))), 3);
    assert_eq!(commands(|p| drop(User::patch("1").set(User::NAME, "a").unset(User::LAST_SEEN).send(p))), 1);
    assert_eq!(commands(|p| drop(User::increment(p, "1", User::VISITS, 1))), 1);
    assert_eq!(commands(|p| drop(User::pop(p, "1", User::VISITS))), 1);
    assert_eq!(commands(|p| drop(User::remove(p, "1", (User::VISITS, User::ADMIN)))), 1);
    assert_eq!(commands(|p| drop(User::delete(p, ["1", "2"]))), 1);
}

/// A model of which everything is undeclared.
#[derive(Model, Debug, PartialEq)]
struct Bag {
    #[model(key)]
    id: u64,
    #[model(extra)]
    others: BTreeMap<String, String>,
}

#[tokio::test]
async fn the_declared_fields_of_a_model_that_declares_none_are_nothing_and_cost_nothing() {
    assert_eq!(commands(|p| drop(Bag::load_declared(p, 1))), 0);
    let (pipes, record) = (pipes("bag"), Record::<Bag>::new(1).unwrap());
    let others = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    pipes.run(|p| Bag { id: 1, others: others.clone() }.save(p)).await.unwrap();
    let queued =
        |p: &mut Pipe| (Bag::load_declared(p, 1), Bag::load(p, 1), record.load(p), record.load_declared(p));
    let (none, whole, (), ()) = pipes.run(queued).await.unwrap();
    assert_eq!((none, whole), (None, Some(Bag { id: 1, others })));
    assert_eq!(record.extra("a").as_deref(), Some(&b"b"[..]), "nothing is forgotten");
}

/// On a node that knows these commands and no script.
#[tokio::test]
async fn what_one_command_of_redis_does_needs_no_script() {
    let node = Scripted::new()
        .on("HSET", ":1\r\n")
        .on("HSETNX", ":0\r\n")
        .on("HDEL", ":1\r\n")
        .on("HINCRBY", ":6\r\n")
        .on("HINCRBYFLOAT", "$3\r\n5.2\r\n");
    let pipes = Pipes::new(node.shared());
    let (set, two, kept, removed, count, weight) = pipes
        .run(|p| {
            let set = Note::patch(1).set(Note::STARS, 1).send(p);
            let two = Note::patch(1).set(Note::STARS, 1).set(Note::TEXT, "a").send(p);
            let kept = Note::patch(1).keep().set(Note::TEXT, "b").send(p);
            let removed = Note::remove(p, 1, Note::TEXT);
            let count = Note::increment(p, 1, Note::STARS, 5);
            (set, two, kept, removed, count, Note::increment(p, 1, Note::WEIGHT, 0.2))
        })
        .await
        .unwrap();
    assert!(set.has_changed(Note::STARS) && two.has_changed(Note::TEXT) && !kept.has_changed(Note::TEXT));
    assert_eq!((removed, count), (1, 6));
    assert!((weight - 5.2).abs() < 1e-9);
}

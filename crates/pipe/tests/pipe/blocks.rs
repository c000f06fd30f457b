//! Atomic blocks: which commands are one transaction, and what spoils it.

use futures::FutureExt;
use redfleet_core::test_util::Wire;
use redfleet_core::{BackendExt, Cluster};
use redfleet_pipe::{Error, Pipe, Pipes, Result};
use redis::{Cmd, Value, cmd};

use super::world::embedded;

/// Pipes of a cluster that nobody has connected to: what is refused when it is queued needs no server.
fn sharded() -> Pipes {
    Pipes::connect("redis+cluster://127.0.0.1:1").unwrap()
}

/// How a scope ends in which this is queued.
fn queued<R>(pipes: &Pipes, queue: impl FnOnce(&mut Pipe) -> R) -> Result<()> {
    let mut pipe = pipes.pipe();
    let result = pipe.nest(|pipe| {
        queue(pipe);
        Ok(())
    });
    pipe.clear();
    result
}

#[tokio::test]
async fn a_block_is_one_transaction_and_keeps_its_place() {
    let (pipes, store) = embedded();
    let (before, (one, two), after) = pipes
        .run(|pipe| {
            let before = pipe.incr("n", 1);
            let block = pipe.atomic(|pipe| (pipe.incr("n", 10), pipe.incr("n", 10)));
            (before, block, pipe.incr("n", 1))
        })
        .await
        .unwrap();
    assert_eq!((before, one, two, after), (1, 11, 21, 22));
    let info: String = store.query(cmd("INFO").arg("commandstats")).await.unwrap_or_default();
    assert!(info.is_empty() || info.contains("cmdstat_exec:calls=1"), "{info}");
}

#[tokio::test]
async fn a_command_that_cannot_be_queued_aborts_its_block_and_nothing_around_it() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    let before = pipe.incr("before", 1);
    let (good, bad) =
        pipe.atomic(|pipe| (pipe.incr("in", 1), pipe.add::<Value>(cmd("NOSUCH").arg(1).take())));
    let (after, inside) = (pipe.incr("after", 1), pipe.exists("in"));
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.commands(), summary.failures()), (5, 2));
    assert_eq!((before.get().unwrap(), after.get().unwrap(), inside.get().unwrap()), (1, 1, false));
    assert_eq!(good.get().unwrap_err().code(), Some("EXECABORT"));
    assert_eq!(bad.get().unwrap_err().code(), Some("ERR"));
}

#[tokio::test]
async fn a_scope_that_is_taken_back_within_a_block_leaves_the_rest_of_it_one_transaction() {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await.unwrap();
    let (pipes, before) = (Pipes::new(node), server.commands());
    let mut pipe = pipes.pipe();
    let (one, gone, two) = pipe.atomic(|pipe| {
        let one = pipe.incr("a", 1);
        let mut gone = None;
        let taken_back: Result<()> = pipe.nest(|pipe| {
            gone = Some(pipe.incr("b", 1));
            Err(Error::Dropped)
        });
        assert!(taken_back.is_err());
        (one, gone.unwrap(), pipe.incr("c", 1))
    });
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((one.get().unwrap(), two.get().unwrap()), (1, 1));
    assert!(matches!(gone.get(), Err(Error::RolledBack)));
    assert_eq!(server.commands() - before, 4, "MULTI, two commands, EXEC");
}

#[tokio::test]
async fn a_block_longer_than_a_batch_is_not_split_and_nothing_else_grows() {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await.unwrap();
    let pipes = Pipes::builder().connection("only", node).max_batch(3).build().unwrap();
    let (commands, round_trips) = (server.commands(), server.round_trips());
    let counts = pipes
        .run(|pipe| {
            let mut counts = vec![pipe.incr("n", 1), pipe.incr("n", 1)];
            counts.extend(pipe.atomic(|pipe| (0..7).map(|_| pipe.incr("n", 1)).collect::<Vec<_>>()));
            counts.extend((0..4).map(|_| pipe.incr("n", 1)));
            counts
        })
        .await
        .unwrap();
    assert_eq!(counts, [1; 13]);
    assert_eq!(server.commands() - commands, 13 + 2, "one MULTI and one EXEC");
    // 2 and the block of 7; 3; 1.
    assert_eq!(server.round_trips() - round_trips, 3);
}

#[test]
fn keys_of_one_block_in_several_slots_are_refused_when_they_are_queued() {
    let pipes = sharded();
    let two = |one: &'static str, other: &'static str| {
        queued(&pipes, move |pipe| pipe.atomic(|pipe| (pipe.incr(one, 1), pipe.incr(other, 1))))
    };
    assert!(matches!(two("a", "b"), Err(Error::AtomicSlots)));
    assert!(two("x{t}", "y{t}").is_ok());
    let one = queued(&pipes, |pipe| pipe.atomic(|pipe| pipe.mget::<i64>(&["a", "b"])));
    assert!(matches!(one, Err(Error::AtomicSlots)), "one command of several slots");
    let all = queued(&pipes, |pipe| pipe.atomic(|pipe| pipe.add::<i64>(cmd("DBSIZE"))));
    assert!(matches!(all, Err(Error::AtomicSlots)), "one for every primary");
    let none =
        queued(&pipes, |pipe| pipe.atomic(|pipe| (pipe.add::<String>(cmd("PING")), pipe.incr("a", 1))));
    assert!(none.is_ok(), "what has no key goes anywhere");
    let loose = queued(&pipes, |pipe| (pipe.incr("a", 1), pipe.incr("b", 1), pipe.mget::<i64>(&["a", "b"])));
    assert!(loose.is_ok(), "outside of a block each goes where its keys are");
    let (alone, _) = embedded();
    let server = queued(&alone, |pipe| pipe.atomic(|pipe| (pipe.incr("a", 1), pipe.incr("b", 1))));
    assert!(server.is_ok(), "one server has all slots");
}

#[test]
fn what_was_taken_back_does_not_decide_the_slot_of_a_block() {
    let ended = queued(&sharded(), |pipe| {
        pipe.atomic(|pipe| {
            let back: Result<()> = pipe.nest(|pipe| {
                pipe.incr("a", 1);
                Err(Error::Dropped)
            });
            assert!(back.is_err());
            pipe.incr("b", 1);
        });
    });
    assert!(ended.is_ok(), "{ended:?}");
}

#[test]
fn what_a_cluster_can_send_nowhere_is_refused_when_it_is_queued() {
    let pipes = sharded();
    let ended = queued(&pipes, |pipe| pipe.add::<Value>(Cmd::sinter(&["a", "b"])));
    let Err(Error::Refused(why)) = ended else { panic!("{ended:?}") };
    assert!(why.to_string().starts_with("SINTER is not supported here"), "{why}");
    assert!(queued(&pipes, |pipe| pipe.add::<Value>(Cmd::sinter(&["{t}a", "{t}b"]))).is_ok());
    let (alone, _) = embedded();
    assert!(queued(&alone, |pipe| pipe.add::<Value>(Cmd::sinter(&["a", "b"]))).is_ok());
    assert!(Cluster::connect("redis+cluster://127.0.0.1:1").is_ok());
}

#[tokio::test]
async fn a_block_for_one_connection_takes_no_command_for_another() {
    let (one, two) = (Wire::saying(":1\r\n"), Wire::saying(":1\r\n"));
    let pipes =
        Pipes::builder().connection("one", one.backend()).connection("two", two.backend()).build().unwrap();
    let mut pipe = pipes.pipe();
    let (good, bad) = pipe.on("two").atomic(|pipe| (pipe.incr("a", 1), pipe.on("one").incr("b", 1)));
    let error = pipe.execute().await.unwrap_err();
    let text =
        "nothing was sent: an atomic block is of one connection, `two`, but a command in it is for `one`";
    assert_eq!(error.to_string(), text);
    assert!(good.get().is_err() && bad.get().is_err());
    assert_eq!((one.commands(), two.commands()), (0, 0));
}

#[tokio::test]
async fn an_empty_block_costs_nothing() {
    let server = Wire::saying(":1\r\n");
    let pipes = Pipes::new(server.backend());
    pipes.run(|pipe| pipe.atomic(|pipe| pipe.atomic(|_| ()))).await.unwrap();
    assert_eq!(server.commands(), 0);
}

#[tokio::test]
async fn a_pipe_that_is_executed_within_a_closure_of_it_is_refused_and_sends_nothing() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    let before = pipe.incr("before", 1);
    let nested: Result<()> = pipe.nest(|pipe| {
        pipe.incr("inner", 1);
        let executed = pipe.execute().now_or_never().unwrap();
        assert!(matches!(executed, Err(Error::HalfQueued)), "{executed:?}");
        pipe.incr("inner", 1);
        Ok(())
    });
    assert!(matches!(nested, Err(Error::HalfQueued)), "{nested:?}");
    assert_eq!((pipe.len(), pipe.execute().await.unwrap().commands()), (1, 1), "what was before it stays");
    assert_eq!(before.get().unwrap(), 1);
    pipe.atomic(|pipe| {
        pipe.incr("inner", 1);
        pipe.execute().now_or_never().unwrap().unwrap_err();
    });
    assert!(matches!(pipe.execute().await, Err(Error::HalfQueued)), "half a block is not sent");
    assert_eq!(pipes.run(|pipe| pipe.get::<i64>("inner")).await.unwrap(), None);
}

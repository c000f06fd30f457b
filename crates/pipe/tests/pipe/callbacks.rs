//! Callbacks: when they run, in which order, and what becomes of them when something fails.

use futures::FutureExt;
use redfleet_pipe::{Error, Promise};

use super::world::{Log, embedded};

#[tokio::test]
async fn a_callback_runs_once_after_the_execution_and_can_read_its_deferreds() {
    let (pipes, _) = embedded();
    let (mut pipe, log) = (pipes.pipe(), Log::default());
    let count = pipe.incr("n", 3);
    let (reader, noted) = (count.clone(), log.clone());
    pipe.on_execute(move || noted.note(reader.get().unwrap()));
    assert!(log.lines().is_empty());
    pipe.execute().await.unwrap().all().unwrap();
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((log.lines(), count.get().unwrap()), (vec!["3".to_owned()], 3));
}

#[tokio::test]
async fn inner_callbacks_run_before_outer_ones() {
    let (pipes, _) = embedded();
    let (mut pipe, log) = (pipes.pipe(), Log::default());
    let note = |what: &'static str| {
        let log = log.clone();
        move || log.note(what)
    };
    pipe.on_execute(note("outer, first"));
    pipe.nest(|pipe| {
        pipe.on_execute(note("inner, first"));
        pipe.nest(|pipe| {
            pipe.on_execute(note("innermost"));
            Ok::<_, Error>(())
        })?;
        pipe.on_execute(note("inner, second"));
        Ok::<_, Error>(())
    })
    .unwrap();
    pipe.on_execute(note("outer, second"));
    pipe.execute().await.unwrap().all().unwrap();
    let expected = ["innermost", "inner, first", "inner, second", "outer, first", "outer, second"];
    assert_eq!(log.lines(), expected);
}

#[tokio::test]
async fn callbacks_without_commands_run_too_and_cost_no_round_trip() {
    let (pipes, _) = embedded();
    let (mut pipe, log) = (pipes.pipe(), Log::default());
    let noted = log.clone();
    pipe.on_execute(move || noted.note("ran"));
    assert_eq!(pipe.execute().await.unwrap().commands(), 0);
    assert_eq!(log.lines(), ["ran"]);
}

#[tokio::test]
async fn callbacks_run_although_commands_failed_and_none_runs_where_nothing_was_sent() {
    let (pipes, _) = embedded();
    let (mut pipe, log) = (pipes.pipe(), Log::default());
    pipe.set("k", "text");
    let wrong = pipe.incr("k", 1);
    let noted = log.clone();
    pipe.on_execute(move || noted.note(wrong.get().unwrap_err().code().unwrap_or_default()));
    assert_eq!(pipe.execute().await.unwrap().failures(), 1);
    assert_eq!(log.lines(), ["ERR"]);

    let noted = log.clone();
    pipe.on_execute(move || noted.note("not to run"));
    pipe.on("nowhere").incr("n", 1);
    pipe.execute().await.unwrap_err();
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(log.lines().len(), 1);
}

#[tokio::test]
async fn a_callback_that_panics_stops_no_other_and_loses_no_reply() {
    let (pipes, _) = embedded();
    let (mut pipe, log) = (pipes.pipe(), Log::default());
    let count = pipe.incr("n", 1);
    pipe.on_execute(|| panic!("a bug of the program's own"));
    let noted = log.clone();
    pipe.on_execute(move || noted.note("ran"));
    let panicked = std::panic::AssertUnwindSafe(pipe.execute()).catch_unwind().await.unwrap_err();
    assert_eq!(panicked.downcast_ref::<&str>(), Some(&"a bug of the program's own"));
    assert_eq!((log.lines(), count.get().unwrap()), (vec!["ran".to_owned()], 1));
    assert_eq!(pipe.execute().await.unwrap().commands(), 0, "the pipe may be used again");
}

#[tokio::test]
async fn a_promise_is_kept_by_a_callback_and_is_a_deferred_like_any_other() {
    let (pipes, _) = embedded();
    let sum = pipes
        .run(|pipe| {
            let (promise, sum) = Promise::new();
            let counts: Vec<_> = (1..=3).map(|by| pipe.incr("n", by)).collect();
            pipe.on_execute(move || promise.set(counts.iter().map(|count| count.get()).sum()));
            sum.map(|sum: i64| sum * 2)
        })
        .await;
    assert_eq!(sum.unwrap(), 2 * (1 + 3 + 6));
}

#[tokio::test]
async fn a_promise_that_nobody_keeps_says_so_also_when_its_scope_was_rolled_back() {
    let (pipes, _) = embedded();
    let (mut pipe, mut kept) = (pipes.pipe(), None);
    let rolled_back: Result<(), Error> = pipe.nest(|pipe| {
        let (promise, deferred) = Promise::<i64>::new();
        pipe.on_execute(move || promise.set(Ok(1)));
        kept = Some(deferred);
        Err(Error::RolledBack)
    });
    let (promise, waits) = Promise::<i64>::new();
    pipe.on_execute(move || drop(promise));
    assert!(rolled_back.is_err() && matches!(kept.unwrap().get(), Err(Error::Unfulfilled)));
    assert!(matches!(waits.get(), Err(Error::NotExecuted)));
    pipe.execute().await.unwrap().all().unwrap();
    assert!(matches!(waits.get(), Err(Error::Unfulfilled)));
}

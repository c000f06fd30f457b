//! Steps that depend on each other: batched by themselves, one round trip a step.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::{join, join_all, try_join_all};
use redfleet_core::redis::Cmd;
use redfleet_core::test_util::{Condition, Scripted, Wire};
use redfleet_pipe::{Awaited, Deferred, Error, Pipe, Pipes, Promise, Result, Scope};
use tokio::time::{Instant, sleep};

/// Pipes over a connection that is up and answers everything with 1.
async fn wire() -> redfleet_core::Result<(Wire, Pipes)> {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await?;
    Ok((server, Pipes::new(node)))
}

async fn three_steps(scope: &Scope, name: &str) -> Result<i64> {
    let first: i64 = scope.add(Cmd::incr(name, 1)).await?;
    let second: i64 = scope.add(Cmd::incr(format!("{name}:{first}"), 1)).await?;
    scope.add(Cmd::incr(format!("{name}:{first}:{second}"), 1)).await
}

#[tokio::test]
async fn a_hundred_chains_of_three_steps_are_three_round_trips() {
    let (server, pipes) = wire().await.unwrap();
    let (commands, round_trips) = (server.commands(), server.round_trips());
    let names: Vec<_> = (0..100).map(|number| format!("chain:{number}")).collect();
    let sums = pipes
        .scope(async |scope| try_join_all(names.iter().map(|name| three_steps(scope, name))).await)
        .await
        .unwrap();
    assert_eq!(sums, vec![1; 100]);
    assert_eq!((server.commands() - commands, server.round_trips() - round_trips), (300, 3));
}

#[tokio::test]
async fn chains_of_different_length_cost_as_much_as_the_longest() {
    let (server, pipes) = wire().await.unwrap();
    let round_trips = server.round_trips();
    pipes
        .scope(async |scope| {
            let short = scope.run(|pipe| (pipe.incr("a", 1), pipe.incr("b", 1)));
            let (short, long) = join(short, three_steps(scope, "long")).await;
            short?;
            long
        })
        .await
        .unwrap();
    assert_eq!(server.round_trips() - round_trips, 3);
}

#[tokio::test]
async fn a_scope_that_asks_for_nothing_costs_nothing() {
    let (server, pipes) = wire().await.unwrap();
    let round_trips = server.round_trips();
    assert_eq!(pipes.scope(async |_: &Scope| 7).await, 7);
    let nothing: Vec<i64> =
        pipes.scope(async |scope| scope.run(|_| Vec::<Deferred<i64>>::new()).await).await.unwrap();
    assert!(nothing.is_empty());
    assert_eq!(server.round_trips(), round_trips);
}

#[tokio::test]
async fn what_is_queued_and_not_awaited_is_sent_all_the_same() {
    let pipes = Pipes::connect("embedded://scope-unawaited").unwrap();
    pipes.scope(async |scope| drop(scope.run(|pipe| pipe.set("k", "v")))).await;
    assert_eq!(pipes.run(|pipe| pipe.get::<String>("k")).await.unwrap().as_deref(), Some("v"));
}

#[tokio::test]
async fn what_is_refused_holds_nothing_else_up() {
    let pipes = Pipes::connect("embedded://scope-refused").unwrap();
    let (wrong, right) = pipes
        .scope(async |scope| {
            let wrong = scope.run(|pipe| (pipe.incr("n", 1), pipe.on("nowhere").incr("n", 1)));
            join(wrong, scope.run(|pipe| pipe.incr("m", 1))).await
        })
        .await;
    assert!(matches!(wrong, Err(Error::UnknownConnection { .. })));
    assert_eq!(right.unwrap(), 1);
    assert!(!pipes.run(|pipe| pipe.exists("n")).await.unwrap(), "its other commands were not sent either");
}

#[tokio::test]
async fn an_error_goes_to_whoever_queued_the_command_and_to_nobody_else() {
    let pipes = Pipes::connect("embedded://scope-errors").unwrap();
    pipes.run(|pipe| pipe.set("text", "x")).await.unwrap();
    let unseen = |pipe: &mut Pipe| {
        pipe.incr("text", 1);
        pipe.incr("n", 1)
    };
    let (unseen, seen, other) = pipes
        .scope(async |scope| {
            let unseen = scope.run(unseen);
            let seen = scope.run(|pipe| pipe.incr("text", 1).result());
            let other = scope.run(|pipe| pipe.incr("other", 1));
            let (unseen, (seen, other)) = join(unseen, join(seen, other)).await;
            (unseen, seen, other)
        })
        .await;
    assert_eq!(unseen.unwrap_err().code(), Some("ERR"), "an error whose deferred was dropped is told");
    assert_eq!(seen.unwrap().unwrap_err().code(), Some("ERR"));
    assert_eq!(other.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_sends_when_it_is_idle_and_waits_for_nothing_else() {
    let pipes = Pipes::connect("embedded://scope-idle").unwrap();
    let began = Instant::now();
    let (answered, slept) = pipes
        .scope(async |scope| {
            let command = async {
                scope.run(|pipe| pipe.incr("n", 1)).await.unwrap();
                Instant::now()
            };
            let foreign = async {
                sleep(Duration::from_secs(60)).await;
                Instant::now()
            };
            join(command, foreign).await
        })
        .await;
    assert_eq!(answered - began, Duration::ZERO, "no timer before it is sent");
    assert_eq!(slept - began, Duration::from_secs(60));
}

#[tokio::test]
async fn a_scope_may_run_in_a_task_of_its_own() {
    let pipes = Pipes::connect("embedded://scope-task").unwrap();
    let counts = (0..10).map(|number| {
        let pipes = pipes.clone();
        let name = format!("task:{number}");
        tokio::spawn(async move { pipes.scope(async |scope: &Scope| three_steps(scope, &name).await).await })
    });
    for count in join_all(counts).await {
        assert_eq!(count.unwrap().unwrap(), 1);
    }
}

#[tokio::test]
async fn reusable_functions_work_in_a_scope_as_they_do_in_a_pipe() {
    fn bump(pipe: &mut Pipe, key: &str) -> Deferred<i64> {
        let count = pipe.incr(key, 1);
        pipe.expire(key, 60);
        count
    }
    let pipes = Pipes::connect("embedded://scope-functions").unwrap();
    let key = String::from("borrowed");
    let count = pipes.scope(async |scope| scope.run(|pipe| bump(pipe, &key)).await).await.unwrap();
    assert_eq!(count, 1);
    assert_eq!(pipes.run(|pipe| bump(pipe, &key)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_scope_may_be_used_while_one_of_its_closures_queues() {
    let pipes = Pipes::connect("embedded://scope-within").unwrap();
    let counts = pipes
        .scope(async |scope| {
            let mut inner = None;
            let outer = scope.run(|pipe| {
                inner = Some(scope.add::<i64>(Cmd::incr("n", 1)));
                assert!(format!("{scope:?}").contains("Scope"));
                pipe.incr("n", 1)
            });
            join(outer, inner.unwrap()).await
        })
        .await;
    assert_eq!((counts.0.unwrap(), counts.1.unwrap()), (2, 1), "what was whole first goes first");
}

#[tokio::test]
async fn a_closure_that_panics_takes_back_what_it_queued_and_nothing_else() {
    let (server, pipes) = wire().await.unwrap();
    let commands = server.commands();
    let kept = pipes
        .scope(async |scope| {
            let kept = scope.add::<i64>(Cmd::incr("kept", 1));
            let panics = || {
                drop(scope.run(|pipe| -> Deferred<i64> {
                    pipe.incr("mine", 1);
                    panic!("on purpose")
                }));
            };
            assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
            kept.await
        })
        .await;
    assert_eq!(kept.unwrap(), 1);
    assert_eq!(server.commands() - commands, 1);
}

#[tokio::test(start_paused = true)]
async fn a_chain_waits_for_no_connection_but_its_own() {
    let (fast, hung) = (Scripted::new().on("INCRBY", ":1\r\n"), Scripted::new());
    hung.set(Condition::Hung);
    let pipes = Pipes::builder().connection("fast", fast.shared()).connection("hung", hung.shared());
    let pipes = pipes.deadline(Duration::from_secs(2)).build().unwrap();
    let began = Instant::now();
    let (fast, hung) = pipes
        .scope(async |scope| {
            let fast = async {
                for _ in 0..3 {
                    assert_eq!(scope.run(|pipe| pipe.on("fast").incr("n", 1)).await.unwrap(), 1);
                }
                began.elapsed()
            };
            let hung = async {
                let both = scope.run(|pipe| ["fast", "hung"].map(|name| pipe.on(name).incr("n", 1)));
                (both.await.is_err(), began.elapsed())
            };
            join(fast, hung).await
        })
        .await;
    assert_eq!(fast, Duration::ZERO);
    assert_eq!(hung, (true, Duration::from_secs(2)));
}

#[tokio::test]
async fn a_callback_without_a_command_has_run_when_its_closure_is_awaited() {
    let pipes = Pipes::connect("embedded://scope-callback").unwrap();
    let later = |pipe: &mut Pipe| {
        let (promise, value) = Promise::new();
        pipe.on_execute(move || promise.set(Ok(7)));
        value
    };
    let (one, two) = pipes.scope(async |scope| join(scope.run(later), scope.run(later)).await).await;
    assert_eq!((one.unwrap(), two.unwrap()), (7, 7));
}

#[tokio::test]
async fn more_than_a_scope_may_hold_is_refused_to_whoever_asks_for_it() {
    let pipes = Pipes::builder().connect("n", "embedded://scope-full").unwrap().max_commands(10);
    let pipes = pipes.build().unwrap();
    let told =
        pipes.scope(async |scope| join_all((0..12).map(|_| scope.add::<i64>(Cmd::incr("n", 1)))).await).await;
    let refused = told.iter().filter(|told| matches!(told, Err(Error::TooLong { limit: 10, .. }))).count();
    assert_eq!((refused, told.iter().filter(|told| told.is_ok()).count()), (2, 10));
}

#[tokio::test]
async fn whoever_waits_is_asked_once_before_and_once_when_it_is_decided_however_many_wait() {
    const WAITING: usize = 2_000;
    let node = Scripted::new();
    node.set(Condition::LosesReplies);
    let polls = AtomicUsize::new(0);
    let counted = async |step: Awaited<Deferred<i64>>| {
        let mut step = pin!(step);
        poll_fn(|cx| {
            polls.fetch_add(1, Ordering::Relaxed);
            step.as_mut().poll(cx)
        })
        .await
    };
    let steps =
        async |scope: &Scope| join_all((0..WAITING).map(|_| counted(scope.add(Cmd::incr("n", 1))))).await;
    assert!(Pipes::new(node.shared()).scope(steps).await.iter().all(Result::is_err));
    assert_eq!(polls.into_inner(), 2 * WAITING);
}

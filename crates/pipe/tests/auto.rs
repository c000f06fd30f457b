//! One handle for many tasks: their commands share executions, and nobody is delayed.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{join_all, join3, try_join_all};
use futures::poll;
use redfleet_core::redis::{Cmd, cmd};
use redfleet_core::test_util::{Condition, Proxy, Scripted, Wire};
use redfleet_core::{Breaker, Embedded, Layer, Script};
use redfleet_pipe::{AutoPipe, Deferred, Error, Pipe, Pipes, Promise};
use tokio::time::Instant;

async fn wire() -> redfleet_core::Result<(Wire, AutoPipe)> {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await?;
    Ok((server, Pipes::new(node).auto()))
}

#[tokio::test]
async fn a_thousand_tasks_share_few_round_trips() {
    let (server, auto) = wire().await.unwrap();
    let (commands, round_trips) = (server.commands(), server.round_trips());
    let tasks = (0..1000).map(|number: i64| {
        let auto = auto.clone();
        tokio::spawn(async move { auto.add::<i64>(Cmd::incr(number, 1)).await })
    });
    for count in join_all(tasks).await {
        assert_eq!(count.unwrap().unwrap(), 1);
    }
    assert_eq!(server.commands() - commands, 1000);
    let round_trips = server.round_trips() - round_trips;
    assert!(round_trips <= 4, "the first alone, and the others together: {round_trips}");
}

#[tokio::test]
async fn one_caller_alone_sends_at_once_in_its_own_task() {
    let node = Embedded::builder().build();
    let auto = Pipes::new(std::sync::Arc::new(node)).auto();
    // An embedded node answers in the very poll that asks: so a single poll is enough, if nothing is put off.
    let answer = {
        let mut call = pin!(auto.add::<i64>(Cmd::incr("n", 1)));
        poll!(call.as_mut())
    };
    assert!(matches!(answer, Poll::Ready(Ok(1))), "{answer:?}");
}

#[tokio::test]
async fn each_caller_gets_its_own_reply_and_its_own_error() {
    let auto = Pipes::connect("embedded://auto-errors").unwrap().auto();
    auto.add::<()>(Cmd::set("text", "x")).await.unwrap();
    let calls = (0..200_i64).map(|number| {
        let auto = auto.clone();
        async move {
            if number % 10 == 9 {
                assert_eq!(auto.add::<i64>(Cmd::incr("text", 1)).await.unwrap_err().code(), Some("ERR"));
            } else {
                assert_eq!(auto.add::<i64>(cmd("ECHO").arg(number).take()).await.unwrap(), number);
            }
        }
    });
    join_all(calls).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_no_other_command_with_it() {
    let (server, auto) = wire().await.unwrap();
    let mut first = pin!(auto.add::<i64>(Cmd::incr("first", 1)));
    assert!(poll!(first.as_mut()).is_pending());
    {
        let mut collector = Box::pin(auto.add::<i64>(Cmd::incr("gone", 1)));
        assert!(poll!(collector.as_mut()).is_pending());
        let mut other = Box::pin(auto.add::<i64>(Cmd::incr("other", 1)));
        assert!(poll!(other.as_mut()).is_pending());
        // The one that was to see to the sending is dropped here; the other one stays.
        tokio::spawn({
            let auto = auto.clone();
            async move { auto.add::<i64>(Cmd::incr("late", 1)).await }
        });
        drop(collector);
        assert_eq!(other.await.unwrap(), 1);
    }
    assert_eq!(first.await.unwrap(), 1);
    assert!(server.commands() > 3);
}

#[tokio::test]
async fn what_is_refused_is_refused_to_its_caller_alone() {
    let auto = Pipes::connect("embedded://auto-refused").unwrap().auto();
    let (wrong, right) = futures::future::join(
        auto.run(|pipe| pipe.on("nowhere").incr("n", 1)),
        auto.run(|pipe| pipe.incr("n", 1)),
    )
    .await;
    assert!(matches!(wrong, Err(Error::UnknownConnection { .. })));
    assert_eq!(right.unwrap(), 1);
}

#[tokio::test]
async fn a_hung_server_costs_every_caller_one_deadline_and_no_more_are_taken_than_can_wait() {
    let server = Wire::saying(":1\r\n");
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(addr.local_addr().unwrap()).unwrap();
    drop(server);
    // Nobody accepts: the login hangs.
    let node = Breaker::default().layer(redfleet_core::connect(&proxy.url()).unwrap());
    let pipes =
        Pipes::builder().connection("hung", node).deadline(Duration::from_millis(100)).build().unwrap();
    let auto = pipes.auto();
    let calls = (0..50).map(|_| auto.add::<i64>(Cmd::incr("n", 1)));
    for answer in join_all(calls).await {
        assert!(matches!(answer, Err(Error::Command { .. } | Error::NotSent { .. })), "{answer:?}");
    }
    assert!(try_join_all([auto.add::<i64>(Cmd::incr("n", 1))]).await.is_err());
}

#[tokio::test]
async fn a_caller_that_panics_costs_no_other_caller_anything() {
    let (server, auto) = wire().await.unwrap();
    let commands = server.commands();
    let panics = |pipe: &mut Pipe| -> Deferred<i64> {
        pipe.incr("mine", 1);
        pipe.on_execute(|| unreachable!("it was never queued"));
        panic!("on purpose")
    };
    assert!(AssertUnwindSafe(auto.run(panics)).catch_unwind().await.is_err(), "alone");
    let mut first = pin!(auto.add::<i64>(Cmd::incr("first", 1)));
    let mut second = pin!(auto.add::<i64>(Cmd::incr("second", 1)));
    assert!(poll!(first.as_mut()).is_pending() && poll!(second.as_mut()).is_pending());
    assert!(AssertUnwindSafe(auto.run(panics)).catch_unwind().await.is_err(), "beside others");
    let third = auto.add::<i64>(Cmd::incr("third", 1));
    let (first, second, third) = join3(first, second, third).await;
    assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (1, 1, 1));
    assert_eq!(server.commands() - commands, 3);
}

#[tokio::test]
async fn a_callback_that_panics_costs_no_other_caller_anything() {
    let (_server, auto) = wire().await.unwrap();
    let panics = |pipe: &mut Pipe| {
        pipe.on_execute(|| panic!("on purpose"));
        pipe.incr("n", 1)
    };
    let first = auto.add::<i64>(Cmd::incr("first", 1));
    let (first, own, other) = join3(first, auto.run(panics), auto.add::<i64>(Cmd::incr("other", 1))).await;
    assert_eq!((first.unwrap(), own.unwrap(), other.unwrap()), (1, 1, 1));
    assert_eq!(auto.add::<i64>(Cmd::incr("later", 1)).await.unwrap(), 1, "and nothing stays under way");
}

#[tokio::test]
async fn a_handle_may_be_called_while_a_caller_of_it_queues() {
    let auto = Pipes::connect("embedded://auto-within").unwrap().auto();
    let within = auto.clone();
    let queue = |pipe: &mut Pipe| {
        let other = within.run(|pipe| pipe.incr("n", 1)).now_or_never();
        assert_eq!(other.unwrap().unwrap(), 1, "nobody is under way yet, so it is sent at once");
        pipe.incr("n", 1)
    };
    assert_eq!(auto.run(queue).await.unwrap(), 2);
}

#[tokio::test]
async fn blocks_scripts_and_roll_backs_of_many_callers_stay_their_own() {
    let auto = Pipes::builder()
        .connect("one", "embedded://auto-many-one")
        .unwrap()
        .connect("two", "embedded://auto-many-two")
        .unwrap()
        .max_batch(7)
        .build()
        .unwrap()
        .auto();
    auto.run(|pipe| (pipe.set("text", "x"), pipe.on("two").set("text", "x"))).await.unwrap();
    let script = Script::new("return {KEYS[1], tonumber(ARGV[1])}");
    let calls = (0..300_i64).map(|number| {
        let (auto, script) = (auto.clone(), script.clone());
        tokio::spawn(async move {
            let name = if number % 3 == 0 { "two" } else { "one" };
            let queue = |pipe: &mut Pipe| {
                let echo = |pipe: &mut Pipe, number: i64| pipe.add::<i64>(cmd("ECHO").arg(number).take());
                let mut taken = None;
                let undone: Result<(), Error> = pipe.nest(|pipe| {
                    taken = Some(echo(&mut pipe.on(name), -1));
                    Err(Error::RolledBack)
                });
                assert!(undone.is_err());
                let failed = (number % 10 == 9).then(|| pipe.on(name).incr("text", 1).result());
                let block =
                    pipe.on(name).atomic(|pipe| (0..number % 4).map(|at| echo(pipe, at)).collect::<Vec<_>>());
                let other = pipe
                    .on(if number % 2 == 0 { "one" } else { "two" })
                    .script::<(String, i64)>(&script.call().key("k").arg(number));
                (failed, block, other, taken.map(Deferred::result), echo(pipe, number))
            };
            let (failed, block, other, taken, own) = auto.run(queue).await.unwrap();
            assert_eq!(
                failed.map(|failed| failed.unwrap_err().code() == Some("ERR")),
                (number % 10 == 9).then_some(true)
            );
            assert_eq!(block, (0..number % 4).collect::<Vec<_>>());
            assert_eq!((other, own), (("k".to_owned(), number), number));
            assert!(matches!(taken, Some(Err(Error::RolledBack))), "{taken:?}");
        })
    });
    for call in join_all(calls).await {
        call.unwrap();
    }
}

#[test]
fn a_runtime_that_ends_leaves_nobody_of_another_runtime_waiting() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let node = Scripted::new().on("INCRBY", ":1\r\n");
    node.set(Condition::Hung);
    let auto = Pipes::new(node.shared()).auto();
    let (first, other) = (runtime(), runtime());
    let mut waits = Box::pin(auto.add::<i64>(Cmd::incr("waits", 1)));
    first.block_on(async {
        let mut under_way = pin!(auto.add::<i64>(Cmd::incr("under way", 1)));
        let mut collects = pin!(auto.add::<i64>(Cmd::incr("collects", 1)));
        assert!(poll!(under_way.as_mut()).is_pending() && poll!(collects.as_mut()).is_pending());
        assert!(poll!(waits.as_mut()).is_pending());
    });
    drop(first);
    node.set(Condition::Up);
    let waited = waits.as_mut().now_or_never();
    assert!(matches!(waited, Some(Err(Error::Dropped))), "nothing of it was sent: {waited:?}");
    assert_eq!(other.block_on(auto.add::<i64>(Cmd::incr("later", 1))).unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_no_connection_but_its_own() {
    let (fast, hung) = (Scripted::new().on("INCRBY", ":1\r\n"), Scripted::new());
    hung.set(Condition::Hung);
    let pipes = Pipes::builder().connection("fast", fast.shared()).connection("hung", hung.shared());
    let auto = pipes.deadline(Duration::from_secs(2)).build().unwrap().auto();
    let began = Instant::now();
    let call = |name: &'static str| {
        let auto = auto.clone();
        async move { (auto.run(|pipe| pipe.on(name).incr("n", 1)).await.is_ok(), began.elapsed()) }
    };
    // The first sends alone, so the others share an execution.
    let (alone, fast, hung) = join3(call("hung"), call("fast"), call("hung")).await;
    assert_eq!(fast, (true, Duration::ZERO));
    assert_eq!((alone, hung), ((false, Duration::from_secs(2)), (false, Duration::from_secs(2))));
}

#[tokio::test]
async fn a_callback_has_run_when_its_caller_goes_on() {
    fn later(pipe: &mut Pipe) -> Deferred<i64> {
        let (promise, value) = Promise::new();
        pipe.on_execute(move || promise.set(Ok(7)));
        value
    }
    let auto = Pipes::connect("embedded://auto-callback").unwrap().auto();
    assert_eq!(auto.run(later).await.unwrap(), 7, "without a command");
    let calls = (0..100).map(|_| auto.run(|pipe| (pipe.incr("n", 1), later(pipe))));
    assert!(try_join_all(calls).await.unwrap().iter().all(|(_, value)| *value == 7));
}

#[tokio::test]
async fn more_than_may_wait_is_refused_and_not_sent() {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await.unwrap();
    let auto = Pipes::builder().connection("n", node).max_waiting(3).build().unwrap().auto();
    let commands = server.commands();
    let many = |count: usize| auto.run(move |pipe| (0..count).map(|_| pipe.incr("n", 1)).collect::<Vec<_>>());
    let error = many(4).await.unwrap_err();
    assert!(matches!(error, Error::Overloaded { limit: 3, .. }), "one caller alone: {error}");
    assert_eq!(many(3).await.unwrap().len(), 3);
    let (one, refused, other) = join3(many(2), many(2), many(1)).await;
    assert!(matches!(refused, Err(Error::Overloaded { .. })));
    assert_eq!((one.unwrap().len(), other.unwrap().len()), (2, 1), "and nobody else is");
    assert_eq!(server.commands() - commands, 3 + 2 + 1);
    assert!(Pipes::builder().connect("n", "embedded://n").unwrap().max_waiting(0).build().is_err());
}

//! The layers, around scripted nodes.

use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{
    Backend, BackendExt, Batch, Breaker, Effect, Error, Faults, Layer, Limit, Message, Topic, Trace,
};
use redis::cmd;
use tokio::time::{Instant, sleep};

fn server() -> Scripted {
    Scripted::new().on("PING", "+PONG\r\n").on("INCR", ":1\r\n").on("GET", "-WRONGTYPE not a string\r\n")
}

#[tokio::test(start_paused = true)]
async fn a_limit_lets_so_many_in_and_the_others_wait_their_turn() {
    let server = server();
    server.set(Condition::Slow(Duration::from_millis(10)));
    let node = Limit::new(2).unwrap().layer(server.shared());
    let started = Instant::now();
    join_all((0..6).map(|_| async { node.call(&cmd("PING")).await.unwrap() })).await;
    assert_eq!(started.elapsed(), Duration::from_millis(30));

    let started = Instant::now();
    let large: Batch = (0..100).map(|_| cmd("PING")).collect();
    let ping = cmd("PING");
    let (batch, _) = tokio::join!(node.call_batch(&large), node.call(&ping));
    assert_eq!(batch.unwrap().len(), 100, "larger than the limit, and not stuck");
    assert_eq!(started.elapsed(), Duration::from_millis(20), "it has the limit to itself");
    assert!(Limit::new(0).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_was_not_sent() {
    let server = server();
    server.set(Condition::Slow(Duration::from_millis(50)));
    let node = Limit::new(1).unwrap().layer(server.shared());
    let (a, b) = (cmd("INCR").arg("a").take(), cmd("INCR").arg("b").take());
    let (first, dropped) =
        tokio::join!(node.call(&a), tokio::time::timeout(Duration::from_millis(10), node.call(&b)));
    first.unwrap();
    assert!(dropped.is_err());
    node.call(&cmd("PING")).await.unwrap();
    assert_eq!(server.sent(), ["INCR a", "PING"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_has_the_same_faults() {
    let run = |seed: u64| async move {
        let server = server();
        let delay = Duration::ZERO..Duration::from_millis(20);
        let node =
            Faults::seeded(seed).delay(delay).lose_requests(0.2).lose_replies(0.2).layer(server.shared());
        let mut fates = Vec::new();
        for _ in 0..200 {
            let started = Instant::now();
            let answer = node.call(&cmd("INCR")).await;
            assert!(answer.as_ref().err().is_none_or(|error| error.effect() == Effect::Unknown));
            fates.push((answer.is_ok(), started.elapsed()));
        }
        (fates, server.sent().len())
    };
    let (fates, sent) = run(7).await;
    assert_eq!(run(7).await, (fates.clone(), sent));
    assert_ne!(run(8).await.0, fates);
    let answered = fates.iter().filter(|(is_ok, _)| *is_ok).count();
    assert!(answered < sent && sent < 200, "some requests and some replies were lost: {answered}, {sent}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_lost_has_an_entry_a_command() {
    let node = Faults::seeded(1).lose_replies(1.0).layer(server().shared());
    let batch: Batch = (0..3).map(|_| cmd("INCR")).collect();
    let replies = node.call_batch(&batch).await.unwrap();
    assert_eq!(replies.len(), 3);
    assert!(replies.iter().all(|reply| reply.as_ref().unwrap_err().effect() == Effect::Unknown));
    assert!(node.call_batch(&Batch::new()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_breaker_opens_on_time_outs_that_it_is_told_of_and_not_on_callers_that_leave() {
    let server = server();
    let node = Breaker::default().layer(server.shared());
    server.set(Condition::Hung);
    for _ in 0..10 {
        let left = tokio::time::timeout(Duration::from_millis(1), node.call(&cmd("PING"))).await;
        assert!(left.is_err(), "it still tries");
    }
    for _ in 0..3 {
        node.overdue(Duration::from_millis(5));
    }
    let down = node.call(&cmd("PING")).await.unwrap_err();
    assert_eq!((down.to_string().as_str(), down.effect()), ("down: no reply within 5ms", Effect::None));
    assert!(matches!(node.session(None).await, Err(Error::Down { .. })));
    server.set(Condition::Up);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG");
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_nobody_holds_stops_probing() {
    let server = server();
    server.set(Condition::Refused);
    let node = Breaker::default().layer(server.shared());
    node.call(&cmd("PING")).await.unwrap_err();
    drop(node);
    let (_, before) = server.complaints();
    sleep(Duration::from_secs(600)).await;
    assert_eq!(server.complaints().1, before);
}

#[tokio::test(start_paused = true)]
async fn every_layer_passes_on_what_is_none_of_its_business() {
    let server = server().with_run_id("r1");
    let layers: [&dyn Layer; 4] =
        [&Trace::new("n"), &Breaker::default(), &Limit::new(8).unwrap(), &Faults::seeded(1)];
    for layer in layers {
        let node = layer.layer(server.shared());
        assert_eq!(node.incarnation().unwrap().run_id(), Some("r1"));
        assert_eq!(node.identify().await.unwrap().run_id(), Some("r1"));
        assert_eq!(node.delivery(), server.delivery());
        let mut messages = node.subscribe(&[Topic::channel("c")]).await.unwrap();
        server.say(Message::published("c", None::<&str>, "m"));
        assert_eq!(messages.next().await, Some(Message::published("c", None::<&str>, "m")));
        let session = node.session(None).await.unwrap();
        assert_eq!(session.query::<String>(cmd("PING")).await.unwrap(), "PONG");
        let before = server.complaints();
        node.overdue(Duration::from_millis(1));
        node.disconnect();
        assert_eq!(server.complaints(), (before.0 + 1, before.1 + 1));
        assert!(node.call_batch(&Batch::new()).await.unwrap().is_empty());
    }
}

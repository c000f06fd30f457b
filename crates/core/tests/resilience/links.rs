//! Connections that break, come back, and say no.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::{BackendExt, Message, Topic, connect};
use redis::cmd;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::memory::{Memory, serve, usual};

#[tokio::test(start_paused = true)]
async fn a_session_s_listener_hears_that_its_connection_ended() {
    let server = Memory::answering(usual);
    let session = server.backend().session(None).await.unwrap();
    let mut invalidated = session.subscribe(&[Topic::Invalidations]).await.unwrap();
    server.break_all();
    let end = timeout(Duration::from_secs(60), invalidated.next()).await.expect("it hears of it");
    assert_eq!(end, None);
    assert_eq!(session.incarnation(), None);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_becomes_forbidden_neither_storms_the_server_nor_locks_others_out() {
    let is_forbidden = Arc::new(AtomicBool::new(false));
    let forbids = is_forbidden.clone();
    let server = Memory::answering(move |words| {
        let is_refused = forbids.load(Ordering::SeqCst) && words[0] == "SUBSCRIBE";
        if is_refused { Some("-NOPERM no such channel for you\r\n".into()) } else { usual(words) }
    });
    let node = server.backend();
    let mut messages = node.subscribe(&[Topic::channel("c")]).await.unwrap();
    is_forbidden.store(true, Ordering::SeqCst);
    server.break_all();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(server.connections(), 2, "it came back once");
    assert_eq!(messages.next().await, Some(Message::Gap));
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG");
}

#[tokio::test(start_paused = true)]
async fn a_refused_subscription_is_nobody_else_s_business() {
    let server =
        Memory::answering(
            |words| {
                if words[0] == "SUBSCRIBE" { Some("-NOPERM no\r\n".into()) } else { usual(words) }
            },
        );
    let node = server.backend();
    let (topics, ping) = ([Topic::channel("secret")], cmd("PING"));
    let (refused, pong) = tokio::join!(node.subscribe(&topics), node.call(&ping));
    assert_eq!(refused.unwrap_err().code(), Some("NOPERM"));
    pong.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_so_many_commands_are_in_flight_on_one_connection_and_the_others_wait_unsent() {
    const LIMIT: usize = 8192;
    let arrived = Arc::new(AtomicUsize::new(0));
    let counted = arrived.clone();
    let server = Memory::answering(move |words| {
        counted.fetch_add(usize::from(words[0] == "GET"), Ordering::SeqCst);
        usual(words)
    });
    let node = server.backend();
    node.identify().await.unwrap();
    let calls: Vec<_> = (0..20_000)
        .map(|index| {
            let node = node.clone();
            tokio::spawn(async move { node.call(cmd("GET").arg(index)).await })
        })
        .collect();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(arrived.load(Ordering::SeqCst), LIMIT);
    server.break_all();
    let ended = timeout(Duration::from_secs(10), join_all(calls)).await.expect("none is left waiting");
    let in_flight = ended.iter().filter(|call| call.as_ref().unwrap().is_err()).count();
    assert_eq!(in_flight, 20_000, "all of them were told that the connection broke");
    assert_eq!(arrived.load(Ordering::SeqCst), LIMIT, "and nothing was sent again");
}

/// A server that does not know HELLO, and quotes what it does not know, as Redis 7 and later do.
fn before_hello(words: &[String]) -> Option<String> {
    if words[0] != "HELLO" {
        return if words[0] == "AUTH" { Some("+OK\r\n".into()) } else { usual(words) };
    }
    let quoted: Vec<_> = words[1..].iter().map(|word| format!("'{word}'")).collect();
    Some(format!("-ERR unknown command 'HELLO', with args beginning with: {}\r\n", quoted.join(" ")))
}

#[tokio::test]
async fn a_server_without_hello_is_spoken_to_in_resp2_and_its_quotations_are_not_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { serve(stream, &before_hello).await });
        }
    });
    let node = connect(&format!("redis://:hunter2@{address}")).unwrap();
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG");
    let strict = connect(&format!("redis://:hunter2@{address}?protocol=resp3")).unwrap();
    let error = strict.call(&cmd("PING")).await.unwrap_err();
    assert!(error.to_string().contains("does not know HELLO"), "{error}");
    assert!(!format!("{error} {error:?} {strict:?}").contains("hunter2"), "{error:?}");
}

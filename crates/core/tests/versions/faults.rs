//! Servers that are refused, hung, cut off, killed, or answer garbage.

use std::time::Duration;

use redfleet_core::test_util::{Fault, Server, servers};
use redfleet_core::{BackendExt, Effect, Error, LinkError, Node, Policy, Result, connect};
use redis::cmd;
use tokio::time::{Instant, sleep, timeout};

use super::world::{DEADLINE, fleet, key, node, ping, until};

/// Room for a slow machine. Less than a deadline: whoever waits for one that does not answer takes longer than this.
const SLACK: Duration = Duration::from_secs(4);
/// How long what must happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

async fn set(node: Node, key: String) -> Result<()> {
    node.query(cmd("SET").arg(key).arg(1)).await
}

#[tokio::test]
async fn a_lost_request_has_unknown_effect_too_for_who_could_tell() {
    let (server, node) = node().await;
    let key = key("n");
    node.identify().await.unwrap();
    server.proxy().lose_next_requests(1);
    let error = node.call(cmd("INCR").arg(&key)).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown, "{error}");
    assert_eq!(node.query::<i64>(cmd("INCR").arg(&key)).await.unwrap(), 1);
}

/// Breaks one of three nodes, and sees that nobody ever waits longer than one deadline, and soon nobody at all.
async fn no_caller_waits(fault: impl FnOnce(&Server), is_expected: impl Fn(&Error) -> bool) {
    let trio = servers(3).await;
    let fleet = fleet(&trio);
    let key = key("k");
    fleet.run(Policy::All, ping).await.require().unwrap();
    fault(&trio[2]);
    let mut waits = Vec::new();
    for _ in 0..12 {
        let started = Instant::now();
        let outcome = fleet.run(Policy::All, ping).await;
        let waited = started.elapsed();
        assert!(waited < DEADLINE + SLACK, "{waited:?}");
        waits.push(waited);
        assert_eq!(outcome.acks().count(), 2, "{outcome}");
        let (_, error) = outcome.errors().next().unwrap();
        let cause = if let Error::Down { cause, .. } = error { cause.as_ref() } else { error };
        assert!(is_expected(cause), "{error}");
        let key = key.clone();
        let started = Instant::now();
        let written = fleet.run(fleet.majority(), move |node| set(node, key.clone())).await;
        assert!(written.is_reached());
        assert!(started.elapsed() < SLACK, "a majority never waits for the third: {:?}", started.elapsed());
    }
    assert!(waits.iter().rev().take(6).all(|waited| *waited < SLACK), "{waits:?}");
    assert!(fleet.nodes()[2].down().is_some());

    trio[2].proxy().heal();
    until("the node is back", || async { fleet.run(Policy::All, ping).await.is_reached() }).await;
    fleet.shutdown().await;
}

#[tokio::test]
async fn nobody_waits_for_a_node_that_refuses() {
    no_caller_waits(|server| server.proxy().cut(), |error| matches!(error, Error::Link { .. })).await;
}

#[tokio::test]
async fn nobody_waits_for_a_node_that_hangs() {
    let is_expected = |error: &Error| matches!(error, Error::Deadline { .. } | Error::Link { .. });
    no_caller_waits(|server| server.proxy().set(Fault::Hang), is_expected).await;
}

#[tokio::test]
async fn nobody_waits_for_a_node_that_answers_garbage() {
    let is_protocol = |error: &Error| {
        let Error::Link { reason, .. } = error else { return false };
        matches!(**reason, LinkError::Protocol { .. } | LinkError::Closed { .. })
    };
    no_caller_waits(|server| server.proxy().set(Fault::Garbage), is_protocol).await;
}

#[tokio::test]
async fn nobody_waits_for_a_node_whose_requests_are_lost() {
    let is_expected = |error: &Error| matches!(error, Error::Deadline { .. } | Error::Link { .. });
    no_caller_waits(|server| server.proxy().set(Fault::LoseRequests), is_expected).await;
}

#[tokio::test]
async fn a_killed_server_is_skipped_and_comes_back_with_its_data() {
    let server = Server::start().await;
    let mut trio = servers(2).await;
    trio.push(server.clone());
    let fleet = fleet(&trio);
    let key = key("kept");
    let write = |key: String| move |node: Node| set(node, key.clone());
    fleet.run(Policy::All, write(key.clone())).await.require().unwrap();
    server.kill().await;
    let outcome = fleet.run(fleet.majority(), write(key.clone())).await;
    assert!(outcome.is_reached(), "{:?}", outcome.shortfall());
    server.restart_with_data().await;
    until("it is back", || async { fleet.run(Policy::All, ping).await.is_reached() }).await;
    let kept: i64 = fleet.nodes()[2].query(cmd("EXISTS").arg(&key)).await.unwrap();
    assert_eq!(kept, 1);
    fleet.shutdown().await;
}

#[tokio::test]
async fn a_paused_server_loses_its_connection_and_is_probed_on_a_new_one() {
    let server = Server::start().await;
    let mut trio = servers(2).await;
    trio.push(server.clone());
    let fleet = fleet(&trio);
    fleet.run(Policy::All, ping).await.require().unwrap();
    let before = fleet.nodes()[2].incarnation().unwrap();
    server.pause().await;
    for _ in 0..3 {
        fleet.run(Policy::All, ping).await;
    }
    assert!(fleet.nodes()[2].down().is_some());
    assert_eq!(fleet.nodes()[2].incarnation(), None, "the hung connection was dropped");
    server.unpause().await;
    until("it is back", || async { fleet.run(Policy::All, ping).await.is_reached() }).await;
    let after = fleet.nodes()[2].incarnation().unwrap();
    assert!(before.is_same_server(&after) && before.link() < after.link());
    fleet.shutdown().await;
}

#[tokio::test]
async fn what_is_in_flight_on_a_hung_connection_ends_with_unknown_effect_when_the_breaker_opens() {
    let trio = servers(3).await;
    let fleet = fleet(&trio);
    fleet.run(Policy::All, ping).await.require().unwrap();
    trio[2].proxy().set(Fault::Hang);
    let node = fleet.nodes()[2].clone();
    let key = key("n");
    let patient = tokio::spawn(async move { node.call(cmd("INCR").arg(key)).await });
    for _ in 0..3 {
        fleet.run(Policy::All, ping).await;
    }
    // It has no deadline itself, and the hang does not end.
    let ended = timeout(PATIENCE, patient).await.expect("it ends with its connection").unwrap();
    assert_eq!(ended.unwrap_err().effect(), Effect::Unknown);
    fleet.shutdown().await;
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_says_where_and_why() {
    let (server, _) = node().await;
    server.proxy().cut();
    let node = connect(&server.url()).unwrap();
    let error = node.call(&cmd("PING")).await.unwrap_err();
    let expected = format!("link: cannot connect to {}: connection refused", server.proxy().addr());
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.effect(), Effect::None);

    server.proxy().set(Fault::Hang);
    let node = connect(&format!("{}?connect_timeout_ms=200", server.url())).unwrap();
    let error =
        timeout(PATIENCE, async { node.call(&cmd("PING")).await }).await.expect("it ends").unwrap_err();
    assert!(error.to_string().ends_with("no answer within 200ms"), "{error}");
    sleep(Duration::from_millis(1)).await;
}

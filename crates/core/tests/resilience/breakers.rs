//! Breakers: what opens them, what closes them, and who probes.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::{Condition, Scripted, over};
use redfleet_core::{
    Address, BackendExt, Batch, Breaker, Cluster, Effect, Error, Fleet, Layer, Node, Policy,
};
use redis::cmd;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use super::memory::{Memory, usual};

const LAYOUT: &str =
    "*2\r\n*3\r\n:0\r\n:8191\r\n*2\r\n$1\r\na\r\n:1\r\n*3\r\n:8192\r\n:16383\r\n*2\r\n$1\r\nb\r\n:1\r\n";

fn batch() -> Batch {
    (0..2).map(|_| cmd("GET")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_ends_with_its_connection_does_not_close_the_breaker_again() {
    let server =
        Memory::answering(|words| if words[0] == "PING" { Some(String::new()) } else { usual(words) });
    let node = Breaker::default().layer(server.backend());
    node.identify().await.unwrap();
    let in_flight = {
        let node = node.clone();
        tokio::spawn(async move { node.call_batch(&batch()).await })
    };
    sleep(Duration::from_millis(10)).await;
    for _ in 0..3 {
        node.overdue(Duration::from_millis(100));
    }
    let ended = in_flight.await.unwrap().unwrap();
    assert!(ended.iter().all(|reply| reply.as_ref().unwrap_err().effect() == Effect::Unknown));
    let after = timeout(Duration::from_secs(1), node.call(&cmd("GET"))).await.expect("nobody waits");
    assert!(matches!(after, Err(Error::Down { .. })), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn batches_that_break_open_it_like_calls_do() {
    let server = Scripted::new();
    server.set(Condition::LosesReplies);
    let node = Breaker::default().layer(server.shared());
    for _ in 0..20 {
        node.call_batch(&batch()).await.ok();
    }
    assert_eq!(server.sent().len(), 6, "three batches of two, and then it is open");
}

#[tokio::test(start_paused = true)]
async fn an_empty_batch_is_no_sign_of_life_and_always_costs_nothing() {
    let server = Scripted::new();
    let node = Breaker::default().layer(server.shared());
    for _ in 0..3 {
        node.overdue(Duration::from_millis(1));
        node.call_batch(&Batch::new()).await.unwrap();
    }
    assert!(matches!(node.call(&cmd("PING")).await, Err(Error::Down { .. })));
    assert!(node.call_batch(&Batch::new()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_broken_connection_is_one_failure_however_many_calls_it_carried() {
    let server = Memory::answering(usual);
    let node = Breaker::default().layer(server.backend());
    let get = cmd("GET");
    let broken = async {
        sleep(Duration::from_millis(10)).await;
        server.break_all();
    };
    let (lost, ()) = tokio::join!(join_all((0..5).map(|_| node.call(&get))), broken);
    assert!(lost.iter().all(|reply| reply.as_ref().unwrap_err().effect() == Effect::Unknown));
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG", "one strike of three");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_logs_in_and_hangs_up_is_down_after_three_times() {
    let server = Memory::answering(|words| if words[0] == "GET" { None } else { usual(words) });
    let fleet = Fleet::builder().node("n0", server.backend()).build().unwrap();
    for _ in 0..3 {
        fleet.query::<String>(Policy::All, cmd("GET").arg("k")).await;
    }
    assert!(fleet.nodes()[0].down().is_some(), "to connect is no sign of life");
}

#[tokio::test(start_paused = true)]
async fn one_dead_member_of_a_cluster_leaves_the_others_alone() {
    let member = || Scripted::new().on("CLUSTER", LAYOUT).on("GET", "+v\r\n").on("PING", "+PONG\r\n");
    let (a, b) = (member(), member());
    let make = {
        let (a, b) = (a.clone(), b.clone());
        move |at: &Address| Breaker::default().layer(if at.host() == "a" { a.shared() } else { b.shared() })
    };
    let cluster = Cluster::new(vec![Address::new("a", 1)], Arc::new(make));
    let node = Breaker::default().layer(Arc::new(cluster));
    // foo is in the slots of b, bar in those of a.
    for key in ["foo", "bar"] {
        node.call(cmd("GET").arg(key)).await.unwrap();
    }
    b.set(Condition::Refused);
    for _ in 0..5 {
        assert!(node.call(cmd("GET").arg("foo")).await.is_err());
        assert!(node.call(cmd("GET").arg("bar")).await.is_ok(), "its server is up");
        node.overdue(Duration::from_millis(1));
    }
    assert_eq!(a.complaints(), (0, 0), "and its connection was not touched");
}

#[test]
fn a_probe_that_ended_with_its_runtime_is_begun_again() {
    let server = Scripted::new().on("PING", "+PONG\r\n");
    server.set(Condition::Refused);
    let quick = Duration::from_millis(5);
    let node = Breaker::default().probes(quick, quick).unwrap().layer(server.shared());
    let first = Runtime::new().unwrap();
    first.block_on(node.call(&cmd("PING"))).unwrap_err();
    drop(first);
    server.set(Condition::Up);
    Runtime::new().unwrap().block_on(async {
        for _ in 0..10_000 {
            if node.query::<String>(cmd("PING")).await.is_ok() {
                return;
            }
            sleep(quick).await;
        }
        panic!("it is down for ever");
    });
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_panics_when_it_is_dropped_takes_nobody_with_it() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let server = |run_id: &str| Scripted::new().on("INCR", ":1\r\n").with_run_id(run_id);
    let (hung, up) = (server("a"), server("b"));
    let fleet = Fleet::builder().node("n0", hung.shared()).node("n1", up.shared()).build().unwrap();
    fleet.query::<i64>(Policy::All, cmd("INCR")).await.require().unwrap();
    hung.set(Condition::Hung);
    let operation = |node: Node| async move {
        let bomb = (node.index() == 0).then(|| Bomb);
        let answer = node.query::<i64>(cmd("INCR")).await;
        drop(bomb);
        answer
    };
    let outcome = fleet.run(Policy::All, operation).await;
    assert_eq!(outcome.to_string(), "n0 the operation panicked: dropped   n1 1");
    assert_eq!(outcome.unknown().collect::<Vec<_>>(), ["n0"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_connection_that_is_given_up_is_told_to_whom_and_by_a_breaker_why() {
    let hung = || over(std::future::pending::<std::io::Result<tokio::io::DuplexStream>>);
    let (bare, ping) = (hung(), cmd("PING"));
    let mut waiting = Box::pin(bare.call(&ping));
    assert!(futures::poll!(&mut waiting).is_pending());
    bare.disconnect();
    let error = waiting.await.unwrap_err();
    assert_eq!(error.to_string(), "link: the connection to a stream was given up before it was made");
    assert_eq!(error.effect(), Effect::None);

    let node = Breaker::default().layer(hung());
    let two = batch();
    let mut call = Box::pin(node.call(&ping));
    let mut calls = Box::pin(node.call_batch(&two));
    assert!(futures::poll!(&mut call).is_pending() && futures::poll!(&mut calls).is_pending());
    for _ in 0..3 {
        node.overdue(Duration::from_millis(100));
    }
    for error in [call.await.unwrap_err(), calls.await.unwrap_err()] {
        let Error::Down { cause, .. } = &error else { panic!("{error:?}") };
        assert!(matches!(**cause, Error::Deadline { .. }), "{cause:?}");
    }
}

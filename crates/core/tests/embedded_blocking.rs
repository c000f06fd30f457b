//! Commands that wait, on an embedded node: time, going away, and the end of the node.

use std::time::Duration;

use futures::poll;
use redfleet_core::test_util::SimulatedClock;
use redfleet_core::{Backend, BackendExt, Batch, Effect, Embedded, Error, Kept, Topic};
use redis::{Value, cmd};
use tokio::time::{Instant, sleep, timeout};

fn blpop(key: &str, seconds: f64) -> redis::Cmd {
    cmd("BLPOP").arg(key).arg(seconds).take()
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn push(node: &Embedded, key: &str, item: &str) {
    node.query::<()>(cmd("RPUSH").arg(key).arg(item)).await.unwrap();
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn len(node: &Embedded, key: &str) -> usize {
    node.query(cmd("LLEN").arg(key)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_its_limit_and_not_before() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    let start = Instant::now();
    assert_eq!(session.call(&blpop("k", 1.5)).await.unwrap(), Value::Nil);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(1500) && waited < Duration::from_millis(1510), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn one_who_waits_is_served_as_soon_as_there_is_something() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    let start = Instant::now();
    let feeder = async {
        sleep(Duration::from_secs(3)).await;
        push(&node, "k", "v").await;
    };
    let popped = blpop("k", 0.0);
    let (reply, ()) = tokio::join!(session.query::<(String, String)>(&popped), feeder);
    assert_eq!(reply.unwrap(), ("k".into(), "v".into()));
    assert!(start.elapsed() < Duration::from_millis(3010));
}

#[tokio::test(start_paused = true)]
async fn at_its_limit_a_wait_is_over_whoever_is_polled_first() {
    for is_feeder_first in [false, true] {
        let node = Embedded::new();
        let session = node.session(None).await.unwrap();
        let feeder = async {
            sleep(Duration::from_secs(2)).await;
            push(&node, "k", "v").await;
        };
        let popped = blpop("k", 2.0);
        let reply = if is_feeder_first {
            tokio::join!(feeder, session.call(&popped)).1
        } else {
            tokio::join!(session.call(&popped), feeder).0
        };
        assert_eq!(reply.unwrap(), Value::Nil);
        assert_eq!(len(&node, "k").await, 1, "nothing is taken for one who is told that there was nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_for_one_who_has_gone_away() {
    let node = Embedded::new();
    let (first, second) = (node.session(None).await.unwrap(), node.session(None).await.unwrap());
    let popped = blpop("k", 0.0);
    let mut gone = Box::pin(first.call(&popped));
    assert!(poll!(&mut gone).is_pending());
    let mut waiting = Box::pin(second.call(&popped));
    assert!(poll!(&mut waiting).is_pending());
    drop(gone);
    push(&node, "k", "v").await;
    assert!(waiting.await.is_ok());
    push(&node, "k", "w").await;
    assert_eq!(len(&node, "k").await, 1);
    assert_eq!(
        first.query::<String>(&cmd("PING")).await.unwrap(),
        "PONG",
        "the session is as usable as before"
    );
}

#[tokio::test(start_paused = true)]
async fn commands_of_a_session_wait_for_the_one_before_them() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    let popped = blpop("k", 0.0);
    let mut waiting = Box::pin(session.call(&popped));
    assert!(poll!(&mut waiting).is_pending());
    let ping = cmd("PING");
    assert!(timeout(Duration::from_secs(9), session.call(&ping)).await.is_err());
    push(&node, "k", "v").await;
    let (popped, pong) = tokio::join!(waiting, session.call(&ping));
    assert!(popped.is_ok() && pong.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_all_waiting_and_leaves_the_effect_open() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    let popped = blpop("k", 0.0);
    let mut waiting = Box::pin(session.call(&popped));
    assert!(poll!(&mut waiting).is_pending());
    node.restart(Kept::All);
    push(&node, "k", "v").await;
    let error = waiting.await.unwrap_err();
    assert!(matches!(error, Error::Link { .. }), "{error}");
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(len(&node, "k").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_measured_by_the_nodes_own_clock() {
    let hand = SimulatedClock::new(Duration::from_secs(1_000_000));
    hand.set_drift_ppm(-500_000);
    let node = Embedded::builder().clock(hand.clock()).build();
    let session = node.session(None).await.unwrap();
    let start = Instant::now();
    assert_eq!(session.call(&blpop("k", 1.0)).await.unwrap(), Value::Nil);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(2) && waited < Duration::from_millis(2020), "{waited:?}");

    let popped = blpop("k", 1.0);
    let mut waiting = Box::pin(session.call(&popped));
    assert!(poll!(&mut waiting).is_pending());
    hand.jump_ms(1_000);
    push(&node, "k", "v").await;
    assert_eq!(waiting.await.unwrap(), Value::Nil, "the clock said that its time was over");
}

#[tokio::test(start_paused = true)]
async fn whoever_speaks_to_the_node_ends_the_waits_whose_time_is_over() {
    let hand = SimulatedClock::new(Duration::from_secs(1_000_000));
    let node = Embedded::builder().clock(hand.clock()).build();
    let session = node.session(None).await.unwrap();
    let popped = blpop("k", 3600.0);
    let mut waiting = Box::pin(session.call(&popped));
    assert!(poll!(&mut waiting).is_pending());
    let start = Instant::now();
    hand.jump_ms(3_600_000);
    assert_eq!(len(&node, "k").await, 0);
    assert_eq!(waiting.await.unwrap(), Value::Nil);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_group_of_sessions_shares_what_comes_into_a_stream() {
    let node = Embedded::new();
    let made = cmd("XGROUP").arg("CREATE").arg("jobs").arg("g").arg("$").arg("MKSTREAM").take();
    node.query::<()>(&made).await.unwrap();
    let read = |name: &str| {
        let words = ["GROUP", "g", name, "COUNT", "1", "BLOCK", "5000", "STREAMS", "jobs", ">"];
        cmd("XREADGROUP").arg(&words).take()
    };
    let (first, second) = (node.session(None).await.unwrap(), node.session(None).await.unwrap());
    let (for_first, for_second) = (read("a"), read("b"));
    let mut both = (Box::pin(first.call(&for_first)), Box::pin(second.call(&for_second)));
    assert!(poll!(&mut both.0).is_pending() && poll!(&mut both.1).is_pending());
    node.query::<()>(cmd("XADD").arg("jobs").arg("1-1").arg("n").arg(1)).await.unwrap();
    assert_ne!(both.0.await.unwrap(), Value::Nil);
    assert_eq!(both.1.await.unwrap(), Value::Nil, "five seconds later");
    let acked = cmd("XACK").arg("jobs").arg("g").arg("1-1").take();
    assert_eq!(node.query::<usize>(&acked).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_the_nodes_clock_says_so_though_it_is_fast_or_set_meanwhile() {
    let hand = SimulatedClock::new(Duration::from_secs(1_000_000));
    hand.set_drift_ppm(1_000_000);
    let node = Embedded::builder().clock(hand.clock()).build();
    let session = node.session(None).await.unwrap();
    let start = Instant::now();
    assert_eq!(session.call(&blpop("k", 10.0)).await.unwrap(), Value::Nil);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_millis(5010), "{waited:?}");

    let popped = blpop("k", 3600.0);
    let set_in_a_second: [(&str, &dyn Fn()); 3] = [
        ("a jump", &|| hand.jump_ms(3_600_000)),
        ("another time", &|| hand.set_offset_ms(3_600_000)),
        ("another rate", &|| hand.set_drift_ppm(i32::MAX)),
    ];
    for (what, set) in set_in_a_second {
        let start = Instant::now();
        let setter = async {
            sleep(Duration::from_secs(1)).await;
            set();
        };
        assert_eq!(tokio::join!(session.call(&popped), setter).0.unwrap(), Value::Nil);
        let waited = start.elapsed();
        assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(3), "{what}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_expires_early_by_a_clock_that_jumps_is_told_then() {
    let hand = SimulatedClock::new(Duration::from_secs(1_000_000));
    let node = Embedded::builder().clock(hand.clock()).build();
    let session = node.session(None).await.unwrap();
    session.call(cmd("CLIENT").arg("TRACKING").arg("ON")).await.unwrap();
    session.call(cmd("SET").arg("k").arg("v").arg("EX").arg(3600)).await.unwrap();
    session.call(cmd("GET").arg("k")).await.unwrap();
    let mut told = session.subscribe(&[Topic::Invalidations]).await.unwrap();
    let start = Instant::now();
    let setter = async {
        sleep(Duration::from_secs(1)).await;
        hand.jump_ms(3_600_000);
    };
    assert!(tokio::join!(told.next(), setter).0.is_some());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_session_wanted_after_the_node_ended_never_came_and_is_no_refusal() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    let mut batch = Batch::new();
    batch.push(blpop("k", 0.0));
    batch.push(cmd("SET").arg("after").arg(1).take());
    let mut waiting = Box::pin(session.call_batch(&batch));
    assert!(poll!(&mut waiting).is_pending());
    node.restart(Kept::All);
    let errors: Vec<_> = waiting.await.unwrap().into_iter().map(Result::unwrap_err).collect();
    assert!(errors.iter().all(|error| matches!(error, Error::Link { .. })), "{errors:?}");
    assert_eq!([errors[0].effect(), errors[1].effect()], [Effect::Unknown, Effect::None]);
    let error = session.call_batch(&batch).await.unwrap_err();
    assert!(matches!(error, Error::Link { .. }) && error.effect() == Effect::None, "{error}");
}

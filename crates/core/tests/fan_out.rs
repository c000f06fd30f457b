//! The executor against scripted nodes, in paused time.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{
    Backend, BackendExt, Breaker, ConfigError, Effect, Error, Fleet, FleetBuilder, Node, Outcome, Policy,
    Reply, Result, Verdict,
};
use redis::{AsyncCommands, cmd};
use tokio::time::{Instant, sleep};

const DEADLINE: Duration = Duration::from_millis(100);

fn server() -> Scripted {
    Scripted::new().on("PING", "+PONG\r\n").on("INCR", ":1\r\n").on("GET", "$1\r\nv\r\n")
}

fn servers(count: usize) -> Vec<Scripted> {
    (0..count).map(|index| server().with_run_id(&format!("run{index}"))).collect()
}

fn builder(servers: &[Scripted]) -> FleetBuilder {
    let named = servers.iter().enumerate();
    named.fold(Fleet::builder().deadline(DEADLINE), |builder, (index, server)| {
        builder.node(format!("n{index}"), server.shared())
    })
}

fn fleet(servers: &[Scripted]) -> Fleet {
    builder(servers).build().unwrap()
}

async fn ping(node: Node) -> Result<String> {
    node.query(cmd("PING")).await
}

async fn incr(node: Node) -> Result<i64> {
    node.query(cmd("INCR").arg("k")).await
}

fn text<T: Display>(outcome: &Outcome<T>) -> String {
    outcome.to_string()
}

#[tokio::test(start_paused = true)]
async fn all_shows_one_reply_a_node_and_waits_for_the_last() {
    let servers = servers(3);
    servers[1].set(Condition::Slow(Duration::from_millis(40)));
    servers[2].set(Condition::Refused);
    let fleet = fleet(&servers);
    let started = Instant::now();
    let outcome = fleet.run(Policy::All, ping).await;
    assert_eq!(started.elapsed(), Duration::from_millis(80), "40 ms to be admitted, 40 ms to answer");
    let refused = "n0 PONG   n1 PONG   n2 link: cannot connect to scripted: connection refused";
    assert_eq!(text(&outcome), refused);
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
    let shortfall = outcome.require().unwrap_err();
    assert_eq!(
        shortfall.to_string(),
        "2 of the 3 acknowledgements needed; n2: link: cannot connect to scripted: connection refused"
    );
}

#[tokio::test(start_paused = true)]
async fn a_quorum_is_answered_at_its_last_needed_ack_and_keeps_the_late_reply() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers[0].set(Condition::Slow(Duration::from_millis(60)));
    let started = Instant::now();
    let mut outcome = fleet.run(fleet.majority(), incr).await;
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert!(outcome.is_reached());
    assert!(matches!(outcome.reply(0), Some(Reply::Pending)));
    assert_eq!(outcome.unknown().collect::<Vec<_>>(), ["n0"], "it may have happened there");
    assert_eq!(fleet.stragglers(), 1);
    assert_eq!(text(outcome.settle().await), "n0 1   n1 1   n2 1");
    assert_eq!(started.elapsed(), Duration::from_millis(60));
    assert_eq!(outcome.unknown().count(), 0);
    assert_eq!(fleet.stragglers(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_quorum_fails_early_when_it_is_unreachable() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers[0].set(Condition::Slow(Duration::from_millis(60)));
    for refused in &servers[1..] {
        refused.set(Condition::Refused);
    }
    let started = Instant::now();
    let outcome = fleet.run(Policy::Quorum(2), incr).await;
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn local_answers_with_its_node_and_the_others_follow() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers[0].set(Condition::Slow(Duration::from_millis(30)));
    servers[1].set(Condition::Slow(Duration::from_millis(20)));
    servers[2].set(Condition::Refused);
    let started = Instant::now();
    let outcome = fleet.run(Policy::Local(1), incr).await;
    assert_eq!(started.elapsed(), Duration::from_millis(20));
    assert!(outcome.is_reached());
    fleet.shutdown().await;
    assert_eq!(servers[0].sent().last().unwrap(), "INCR k", "the others were written, too");
}

#[tokio::test(start_paused = true)]
async fn a_hung_node_costs_its_deadline_three_times_and_nothing_after() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers[2].set(Condition::Hung);
    for _ in 0..3 {
        let started = Instant::now();
        let outcome = fleet.run(Policy::All, ping).await;
        assert_eq!(started.elapsed(), DEADLINE);
        assert_eq!(text(&outcome), "n0 PONG   n1 PONG   n2 no reply within 100ms");
        assert_eq!(outcome.unknown().collect::<Vec<_>>(), ["n2"]);
    }
    assert_eq!(servers[2].complaints(), (3, 1), "three deadlines passed, and the connection was dropped");
    let started = Instant::now();
    let outcome = fleet.run(Policy::All, ping).await;
    assert_eq!(started.elapsed(), Duration::ZERO, "as fast as without it");
    assert_eq!(text(&outcome), "n0 PONG   n1 PONG   n2 down: no reply within 100ms");
    assert_eq!(outcome.unknown().count(), 0, "nothing was sent to it");
    assert!(fleet.nodes()[2].down().is_some());

    servers[2].set(Condition::Up);
    sleep(Duration::from_secs(2)).await;
    let outcome = fleet.run(Policy::All, ping).await;
    assert_eq!(text(&outcome), "n0 PONG   n1 PONG   n2 PONG", "the probe brought it back");
}

#[tokio::test(start_paused = true)]
async fn a_refused_node_is_probed_ever_more_rarely_and_comes_back() {
    let servers = servers(1);
    servers[0].set(Condition::Refused);
    let fleet = fleet(&servers);
    let first = fleet.run(Policy::All, ping).await;
    assert_eq!(first.errors().next().unwrap().1.effect(), Effect::None);
    sleep(Duration::from_secs(3600)).await;
    servers[0].set(Condition::Up);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(text(&fleet.run(Policy::All, ping).await), "n0 PONG");
    let probes = servers[0].complaints().1;
    assert!((60..80).contains(&probes), "in an hour, one probe a minute once it is slow: {probes}");
}

#[tokio::test(start_paused = true)]
async fn an_error_that_the_server_replies_never_opens_a_breaker() {
    let servers = [Scripted::new()];
    let fleet = fleet(&servers);
    for _ in 0..10 {
        let outcome = fleet.run(Policy::All, ping).await;
        assert_eq!(text(&outcome), "n0 refused: ERR unknown command 'PING'");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_cancels_nothing_that_was_sent() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    for server in &servers {
        server.set(Condition::Slow(Duration::from_millis(50)));
    }
    let gone = tokio::time::timeout(Duration::from_millis(10), fleet.run(Policy::All, incr)).await;
    assert!(gone.is_err());
    assert_eq!(fleet.stragglers(), 1, "one operation is carried through");
    fleet.shutdown().await;
    assert_eq!(fleet.stragglers(), 0);
    for server in &servers {
        assert_eq!(server.sent().last().unwrap(), "INCR k");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_stragglers_and_lets_nothing_in() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers[0].set(Condition::Hung);
    fleet.run(fleet.majority(), incr).await.require().unwrap();
    let started = Instant::now();
    fleet.shutdown().await;
    assert_eq!(started.elapsed(), DEADLINE, "no longer than the straggler's deadline");
    let outcome = fleet.run(Policy::First, ping).await;
    assert!(outcome.errors().all(|(_, error)| matches!(error, Error::Shutdown)));
    assert_eq!(outcome.errors().count(), 3);
    let direct = fleet.nodes()[1].call(&cmd("PING")).await;
    assert!(matches!(direct, Err(Error::Shutdown)), "{direct:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shortfall_names_the_nodes_that_have_it_all_the_same() {
    let servers = [server(), Scripted::new().on("INCR", "-OOM full\r\n"), server(), server()];
    servers[2].set(Condition::LosesReplies);
    servers[3].set(Condition::Refused);
    let fleet = fleet(&servers);
    let outcome = fleet.query::<i64>(Policy::All, cmd("INCR").arg("k")).await;
    let shortfall = outcome.require().unwrap_err();
    assert_eq!(shortfall.acked().collect::<Vec<_>>(), ["n0"]);
    assert_eq!(shortfall.affected().collect::<Vec<_>>(), ["n0", "n2"]);
    assert_eq!(shortfall.effect(), Effect::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_node_s_operation_is_that_node_s_reply() {
    let fleet = fleet(&servers(2));
    let outcome = fleet
        .run(Policy::All, |node| async move {
            assert!(node.index() != 1, "seeded");
            ping(node).await
        })
        .await;
    assert_eq!(text(&outcome), "n0 PONG   n1 the operation panicked: seeded");
}

#[tokio::test(start_paused = true)]
async fn the_same_server_under_two_names_is_told_and_counts_once() {
    let one = server().with_run_id("same");
    let fleet = fleet(&[one.clone(), one, server().with_run_id("other")]);
    let outcome = fleet.run(Policy::Quorum(3), ping).await;
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
    let outcome = fleet.run(Policy::All, incr).await;
    assert_eq!(
        text(&outcome),
        "n0 1   n1 the same server as n0: every node of a fleet must be a server of its own   n2 1"
    );
    assert_eq!(outcome.unknown().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_comes_back_as_a_twin_is_refused_before_it_is_written() {
    let servers = servers(2);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, incr).await.require().unwrap();
    servers[1].restart("run0");
    let outcome = fleet.run(Policy::All, incr).await;
    assert!(matches!(outcome.errors().next(), Some(("n1", Error::Duplicate { .. }))));
    assert_eq!(servers[1].sent(), ["INCR k"], "only what was sent before");
    servers[1].restart("run2");
    assert_eq!(text(&fleet.run(Policy::All, ping).await), "n0 PONG   n1 PONG");
}

#[tokio::test(start_paused = true)]
async fn too_much_in_flight_is_refused_and_nothing_is_sent() {
    let servers = servers(1);
    let fleet = builder(&servers).max_in_flight(2).build().unwrap();
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers[0].set(Condition::Slow(Duration::from_millis(50)));
    let runs = (0..5).map(|_| fleet.run(Policy::All, incr));
    let outcomes = futures::future::join_all(runs).await;
    let refused = outcomes.iter().filter(|outcome| {
        outcome.errors().any(|(_, error)| matches!(error, Error::Overloaded { limit: 2, .. }))
    });
    assert_eq!(refused.count(), 3);
    assert_eq!(fleet.nodes()[0].in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_hedged_read_asks_one_node_and_the_next_only_when_it_is_late() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    let read = fleet.fan_out(Policy::First).unwrap().hedge(Duration::from_millis(10)).unwrap();
    let get = |mut node: Node| async move { node.get::<_, String>("k").await };

    let outcome = read.run(get).await;
    assert_eq!(text(&outcome), "n0 v   n1 (not asked)   n2 (not asked)");

    servers[1].set(Condition::Slow(Duration::from_millis(50)));
    let started = Instant::now();
    let mut outcome = read.run(get).await;
    assert_eq!(started.elapsed(), Duration::from_millis(10), "the hedge answered");
    assert_eq!(text(&outcome), "n0 (not asked)   n1 (not yet)   n2 v");
    assert_eq!(text(outcome.settle().await), "n0 (not asked)   n1 v   n2 v");

    servers[2].set(Condition::Refused);
    let started = Instant::now();
    let outcome = read.run(get).await;
    assert_eq!(started.elapsed(), Duration::ZERO, "a failure asks the next at once");
    assert_eq!(outcome.into_first().as_deref(), Some("v"));
}

#[tokio::test(start_paused = true)]
async fn who_hedges_from_a_node_asks_the_same_ones_each_time_and_others_when_those_have_replied() {
    let servers = servers(5);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    let take = fleet.fan_out(Policy::Quorum(3)).unwrap().hedge_from(Duration::from_millis(10), 3).unwrap();
    for _ in 0..2 {
        let outcome = take.run(ping).await;
        assert_eq!(text(&outcome), "n0 PONG   n1 (not asked)   n2 (not asked)   n3 PONG   n4 PONG");
    }

    // One says no: two more would be asked at once by an impatient hedge, and none is before the others have replied.
    let no = |node: Node| async move {
        match node.name() {
            "n3" => Err(Error::declined("no", Effect::None)),
            _ => ping(node).await,
        }
    };
    let outcome = take.run(no).await;
    assert_eq!(text(&outcome), "n0 PONG   n1 PONG   n2 (not asked)   n3 declined: no   n4 PONG");

    // Where as many say no as settle it, nobody else is asked.
    let held = |node: Node| async move {
        drop(node);
        Err::<String, _>(Error::declined("no", Effect::None))
    };
    let outcome = take.run(held).await;
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
    assert_eq!(outcome.replies().filter(|(_, reply)| matches!(reply, Reply::NotAsked)).count(), 2);

    servers[4].set(Condition::Hung);
    let started = Instant::now();
    let outcome = take.run(ping).await;
    assert_eq!(started.elapsed(), Duration::from_millis(10), "the next is asked when one is late");
    assert_eq!(text(&outcome), "n0 PONG   n1 PONG   n2 (not asked)   n3 PONG   n4 (not yet)");
}

#[tokio::test(start_paused = true)]
async fn a_hedged_read_ends_at_the_deadline_although_some_were_never_asked() {
    let servers = servers(5);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    servers.iter().for_each(|server| server.set(Condition::Hung));
    let read = fleet.fan_out(Policy::First).unwrap().hedge(Duration::from_millis(90)).unwrap();
    let started = Instant::now();
    let outcome = read.run(ping).await;
    assert_eq!(started.elapsed(), DEADLINE);
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
    let not_asked = outcome.replies().filter(|(_, reply)| matches!(reply, Reply::NotAsked)).count();
    assert_eq!((outcome.unknown().count(), not_asked), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_hedged_quorum_asks_as_many_as_it_needs_and_gives_up_when_none_is_left() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    fleet.run(Policy::All, ping).await.require().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let read = fleet.fan_out(Policy::Quorum(2)).unwrap().hedge(Duration::from_millis(10)).unwrap();
    let counting = |asked: &Arc<AtomicUsize>| {
        let asked = asked.clone();
        move |node: Node| {
            asked.fetch_add(1, Ordering::Relaxed);
            ping(node)
        }
    };
    assert!(read.run(counting(&asked)).await.is_reached());
    assert_eq!(asked.swap(0, Ordering::Relaxed), 2);
    servers.iter().for_each(|server| server.set(Condition::Hung));
    let started = Instant::now();
    let outcome = read.run(counting(&asked)).await;
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_eq!(started.elapsed(), DEADLINE, "no caller waits longer than one");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_before_the_node_was_admitted_had_no_effect() {
    let servers = servers(1);
    servers[0].set(Condition::Hung);
    let fleet = fleet(&servers);
    let outcome = fleet.run(Policy::All, incr).await;
    let (_, error) = outcome.errors().next().unwrap();
    assert!(matches!(error, Error::Deadline { effect: Effect::None, .. }));
    assert_eq!(outcome.unknown().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_work_fails_when_it_is_built() {
    assert_eq!(Fleet::builder().build().unwrap_err(), ConfigError::EmptyFleet);
    let servers = servers(3);
    assert!(builder(&servers).deadline(Duration::ZERO).build().is_err());
    assert!(builder(&servers).max_in_flight(0).build().is_err());
    assert!(builder(&servers).node("n1", servers[0].shared()).build().is_err());
    let fleet = fleet(&servers);
    let quorum = fleet.fan_out(Policy::Quorum(4)).unwrap_err();
    assert_eq!(quorum.to_string(), "a quorum of 4 cannot be met by 3 nodes: use 1 to 3");
    assert!(fleet.fan_out(Policy::Local(3)).is_err());
    assert!(fleet.fan_out(Policy::All).unwrap().deadline(Duration::ZERO).is_err());
    assert!(fleet.fan_out(Policy::All).unwrap().hedge(Duration::from_millis(1)).is_err());
    assert!(fleet.fan_out(Policy::First).unwrap().hedge(DEADLINE).is_err());
    assert!(Breaker::default().strikes(0).is_err());
    assert!(Breaker::default().probes(Duration::ZERO, Duration::ZERO).is_err());

    let outcome = fleet.run(Policy::Quorum(4), ping).await;
    assert_eq!(outcome.verdict(), Verdict::Unreachable);
    assert!(servers.iter().all(|server| server.sent().is_empty()), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_runs_at_once_are_all_answered() {
    let servers = servers(3);
    let fleet = fleet(&servers);
    servers.iter().for_each(|server| server.set(Condition::Slow(Duration::from_millis(5))));
    let runs = (0..10_000).map(|_| fleet.run(fleet.majority(), incr));
    let outcomes = futures::future::join_all(runs).await;
    assert!(outcomes.iter().all(Outcome::is_reached));
    fleet.shutdown().await;
    assert!(servers.iter().all(|server| server.sent().len() == 10_000), "none lost, none twice");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_the_backend_usable() {
    let server = server();
    server.set(Condition::Slow(Duration::from_millis(50)));
    let dropped = tokio::time::timeout(Duration::from_millis(1), server.call(&cmd("PING"))).await;
    assert!(dropped.is_err());
    assert_eq!(server.query::<String>(cmd("PING")).await.unwrap(), "PONG");
}

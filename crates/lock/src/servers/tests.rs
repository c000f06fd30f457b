//! Servers asked directly: how often, and what is remembered of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::{BackendExt, Clock, Effect, Embedded, Faults, Fleet, Incarnation, Layer, Node, Script};
use redis::{Value, cmd, from_redis_value_ref};

use super::Servers;
use super::ask::Parts;
use crate::scripts;
use crate::settings::Settings;

const WAY: Duration = Duration::from_millis(5);

/// One server, to which each way takes 5 ms.
fn servers(store: &Embedded, change: impl FnOnce(&mut Settings)) -> (Arc<Servers>, Node) {
    let slow = Faults::seeded(1).delay(WAY..WAY);
    let fleet = Fleet::builder().node("n0", slow.layer(store.shared())).build().unwrap();
    let mut settings = Settings { clock: Clock::tokio(), ..Settings::default() };
    change(&mut settings);
    let node = fleet.nodes()[0].clone();
    (Arc::new(Servers::new(fleet, settings)), node)
}

async fn commands(store: &Embedded) -> u64 {
    let info: String = store.shared().query(cmd("INFO").arg("stats")).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("total_commands_processed:")).unwrap();
    line.parse().unwrap()
}

async fn extend(servers: &Servers, node: &Node) -> String {
    let call = |mark: &str| servers.vote(&scripts::EXTEND, mark).key("owner").arg("id").arg(1_000);
    servers.ask(node, call).await.map_or_else(|error| error.to_string(), |said| said.word)
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_share_one_enlistment() {
    let mut spent = Vec::new();
    for callers in [1, 20] {
        let store = Embedded::new();
        let (servers, node) = servers(&store, |_| {});
        let before = commands(&store).await;
        join_all((0..callers).map(|_| servers.enlisted(&node))).await.into_iter().for_each(|enlisted| {
            assert!(enlisted.is_ok());
        });
        spent.push(commands(&store).await - before);
        // And one when the server has forgotten its mark, however many are told so.
        store.shared().query::<()>(cmd("FLUSHALL")).await.unwrap();
        let before = tokio::time::Instant::now();
        join_all((0..callers).map(|_| extend(&servers, &node))).await;
        // EVALSHA and EVAL, the mark, and once more: nobody waited for another one's round trips.
        assert_eq!(before.elapsed(), WAY * 4, "{callers} callers");
        assert_eq!(store.shared().query::<u64>(cmd("DBSIZE")).await.unwrap(), 2);
    }
    assert_eq!(spent[0], spent[1], "as many commands");
}

#[tokio::test(start_paused = true)]
async fn what_takes_two_round_trips_is_no_measure_of_one() {
    let store = Embedded::new();
    let (servers, node) = servers(&store, |settings| settings.is_new_fleet = true);
    servers.ready().await;
    assert!(servers.time().is_known());
    assert_eq!(extend(&servers, &node).await, "absent");
    assert_eq!(servers.round_trip().mean(), None, "the script had to be loaded");
    assert_eq!(extend(&servers, &node).await, "absent");
    assert_eq!(servers.round_trip().mean(), Some(WAY));
    // A new connection begins anew.
    store.restart(redfleet_core::Kept::Nothing);
    assert!(extend(&servers, &node).await.contains("votes again in"), "in quarantine");
    tokio::time::sleep(Duration::from_secs(61)).await;
    extend(&servers, &node).await;
    assert_eq!(servers.round_trip().mean(), Some(WAY));
}

/// Sends the script that enlists as this process: its word, and the number behind the time.
async fn enlist(servers: &Servers, store: &Embedded, name: &str, how: &str) -> (String, i64) {
    let keys = &servers.keys;
    let call = scripts::ENLIST.key(&keys.mark).key(&keys.quarantine).key(&keys.founding);
    let call = call.arg("run").arg("1 60000").arg(60_602).arg(how).arg(name).arg(60_000);
    let reply: Value = call.run(&store.clone()).await.unwrap();
    let parts = Parts::of(reply).unwrap();
    (parts.word, parts.rest.first().map_or(-1, |number| from_redis_value_ref(number).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forgot_since_it_was_looked_at_is_not_founded() {
    let said = |word: &str, number: i64| (word.to_owned(), number);
    let wipe = |store: Embedded| async move {
        store.shared().query::<()>(cmd("FLUSHALL")).await.unwrap();
    };
    for (is_wiped, looks_after, left_ms) in
        [(false, None, 0), (true, None, 60_602), (true, Some("b"), 60_602)]
    {
        let store = Embedded::new();
        let (servers, _) = servers(&store, |_| {});
        assert_eq!(enlist(&servers, &store, "a", "look").await, said("unmarked", 0));
        assert_eq!(enlist(&servers, &store, "b", "look").await, said("unmarked", 0), "each for himself");
        assert_eq!(enlist(&servers, &store, "a", "look").await, said("unmarked", 1));
        if is_wiped {
            wipe(store.clone()).await;
        }
        if let Some(other) = looks_after {
            enlist(&servers, &store, other, "look").await;
        }
        assert_eq!(enlist(&servers, &store, "a", "found").await, said("enlisted", left_ms));
        assert_eq!(enlist(&servers, &store, "b", "found").await, said("enlisted", left_ms), "as it is");
        assert_eq!(enlist(&servers, &store, "b", "look").await, said("marked", -1));
    }
}

#[tokio::test(start_paused = true)]
async fn who_looked_too_long_ago_founds_nothing() {
    let store = Embedded::new();
    let (servers, _) = servers(&store, |_| {});
    enlist(&servers, &store, "a", "look").await;
    tokio::time::sleep(Duration::from_millis(60_001)).await;
    assert_eq!(enlist(&servers, &store, "a", "found").await, ("enlisted".to_owned(), 60_602));
}

#[tokio::test(start_paused = true)]
async fn a_vote_counts_only_for_the_connection_that_was_enlisted() {
    let store = Embedded::new();
    let (servers, node) = servers(&store, |settings| settings.is_new_fleet = true);
    servers.ready().await;
    let enlisted = servers.enlisted(&node).await.unwrap();
    assert!(servers.is_still(0, &enlisted.by));
    assert!(!servers.is_still(1, &enlisted.by));
    assert!(!servers.is_still(0, &Incarnation::new(Some("other".into()), 1)));
    store.restart(redfleet_core::Kept::All);
    assert!(!servers.is_still(0, &enlisted.by));
}

#[tokio::test(start_paused = true)]
async fn an_extension_that_comes_late_makes_nothing_live_shorter() {
    let store = Embedded::new();
    let (servers, node) = servers(&store, |settings| settings.is_new_fleet = true);
    servers.ready().await;
    let call = |script: &'static Script, ms: u64| {
        let servers = &servers;
        let node = &node;
        async move {
            let call = |mark: &str| servers.vote(script, mark).key("owner").key("readers").arg("id").arg(ms);
            servers.ask(node, call).await.unwrap().word
        }
    };
    let left = |key: &'static str| {
        let node = node.clone();
        async move { node.query::<u64>(cmd("PTTL").arg(key)).await.unwrap() }
    };
    node.query::<()>(cmd("SET").arg("owner").arg("id").arg("PX").arg(1_000)).await.unwrap();
    assert_eq!(call(&scripts::EXTEND, 30_000).await, "extended");
    assert_eq!(call(&scripts::EXTEND, 500).await, "extended");
    assert!(left("owner").await > 29_000);
    let time: (u64, u64) = node.query(&cmd("TIME")).await.unwrap();
    let end_ms = time.0 * 1_000 + 1_000;
    node.query::<()>(cmd("ZADD").arg("readers").arg(end_ms).arg("id")).await.unwrap();
    assert_eq!(call(&scripts::EXTEND_READ, 30_000).await, "extended");
    assert_eq!(call(&scripts::EXTEND_READ, 500).await, "extended");
    assert!(left("readers").await > 29_000);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_wanted_any_more_when_a_server_is_enlisted_is_not_sent() {
    let store = Embedded::new();
    let (servers, node) = servers(&store, |settings| settings.is_new_fleet = true);
    servers.ready().await;
    let looks = AtomicUsize::new(0);
    let call = |mark: &str| servers.vote(&scripts::EXTEND, mark).key("owner").arg("id").arg(1_000);
    // It is wanted when it is sent for the first time; then the server knows the mark no more, and is enlisted again.
    store.shared().query::<()>(cmd("FLUSHALL")).await.unwrap();
    let is_wanted = || looks.fetch_add(1, Ordering::SeqCst) == 0;
    let error = servers.ask_if(&node, is_wanted, call).await.unwrap_err();
    assert!(error.to_string().contains("it was not asked any more"), "{error}");
    assert_eq!((looks.into_inner(), error.effect()), (2, Effect::None));
}

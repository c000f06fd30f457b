//! What locks cost, by the servers' own counts.

use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::ServerOptions;
use redfleet_lock::Locks;
use redis::cmd;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World, ask, calls, since, until};

const PAIRS: u64 = 200;

/// Takes a lock and gives it back, again if a busy machine was too slow to answer in time.
async fn pair(locks: &Locks) {
    let started = Instant::now();
    let lease = loop {
        match locks.lock("job").ttl(SECOND * 3).try_acquire().await {
            Ok(lease) => break lease,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
    };
    drop(lease.release().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uncontended_lock_is_one_script_to_take_it_and_one_to_give_it_back() {
    join_all([1, 3, 5].map(async |count| {
        let world = World::own(count, &ServerOptions::new()).await;
        let locks = world.locks();
        for _ in 0..20 {
            pair(&locks).await;
        }
        sleep(SECOND).await;
        let mut before = Vec::new();
        for server in &world.servers {
            before.push(calls(server).await);
        }
        for _ in 0..PAIRS {
            pair(&locks).await;
        }
        sleep(SECOND).await;
        let (mut all, mut second_rounds) = (0, 0);
        for (server, before) in world.servers.iter().zip(&before) {
            let more = since(before, &calls(server).await);
            let calls = |name: &str| more.get(name).copied().unwrap_or_default();
            // One that was never late before does not have the scripts yet.
            all += calls("evalsha") + calls("eval");
            second_rounds += calls("mget").saturating_sub(PAIRS);
            // What the scripts call, and nothing else: no command is sent by itself, nobody stands in line and nobody is woken.
            let known = ["evalsha", "eval", "time", "mget", "set", "get", "del", "zrange", "pexpire"];
            assert!(more.keys().all(|name| known.contains(&name.as_str())), "{more:?}");
        }
        let (count, few) = (count as u64, PAIRS / 10);
        // A majority is asked, and another server only where one of those is late, which on a busy machine some are.
        let majority = count / 2 + 1;
        assert!((majority * 2 * PAIRS..=count * (2 * PAIRS + few)).contains(&all), "{all} on {count}");
        // Each token follows the time, so that all servers give the same one.
        assert!(second_rounds <= few, "{second_rounds} on {count}");
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_sends_nothing() {
    let world = World::own(3, &ServerOptions::new()).await;
    // Nobody has to look before its time would be over, nor to extend it while this is tried.
    let build = || world.builder().max_ttl(SECOND * 900).ttl(SECOND * 900).build().unwrap();
    let lease = build().lock("job").wait(PATIENCE).acquire().await.unwrap();
    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        let locks = build();
        waiting.spawn(async move {
            locks.lock("job").wait(SECOND * 600).acquire().await.unwrap().release().await.unwrap();
        });
    }
    for server in &world.servers {
        let line = cmd("ZCARD").arg(world.key("job", "line")).take();
        until("all of them wait", || async { ask::<u64>(server, &line).await == 8 }).await;
    }
    sleep(SECOND * 2).await;
    let mut before = Vec::new();
    for server in &world.servers {
        before.push(calls(server).await);
    }
    sleep(SECOND * 2).await;
    for (server, before) in world.servers.iter().zip(&before) {
        let more = since(before, &calls(server).await);
        assert!(more.is_empty(), "{more:?}");
    }
    lease.release().await.unwrap();
    waiting.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_not_asked_any_more_and_costs_nobody_anything() {
    let world = World::own(5, &ServerOptions::new()).await;
    let locks = world.locks();
    for _ in 0..20 {
        pair(&locks).await;
    }
    world.servers[4].pause().await;
    for _ in 0..PAIRS {
        pair(&locks).await;
    }
    // By now what was asked of it has run out of time, and it is known to be down.
    sleep(SECOND * 2).await;
    let sent = |server: usize| world.servers[server].proxy().traffic().request_bytes;
    let before = [sent(0), sent(4)];
    for _ in 0..PAIRS {
        pair(&locks).await;
    }
    let more = [sent(0) - before[0], sent(4) - before[1]];
    assert!(
        more[1] * 10 < more[0],
        "one that answers is sent {} bytes, the one that hangs {}",
        more[0],
        more[1]
    );
    world.servers[4].unpause().await;
    sleep(Duration::from_millis(100)).await;
}

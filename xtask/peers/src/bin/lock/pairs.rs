//! A lock that nobody else wants is taken and given back, on one server, three and five: what most locks do all day.
//!
//! The budget is against the best of the peers, so it is held against each of them. They do not all do the same: once a majority has
//! granted, distributed-lock-redis reads no further reply, and gives back only where it has read one. What it took elsewhere stays for the
//! ttl, and of three (five) servers it releases two (three). rslock and redlock ask all and release on all, as we do.

use std::time::Duration;

use distributed_lock_core::traits::{DistributedLock, LockHandle, LockProvider};
use distributed_lock_redis::RedisLockProvider;
use redfleet_core::test_util::Server;
use redfleet_lock::Locks;
use redfleet_peers::{Plan, Row, compare};
use redlock::RedLock;
use rslock::LockManager;

use crate::Bench;
use crate::fleet::{clear, fleet, locks, pair};

/// By how many servers there are: the most that ours may take of the best peer's time. The more servers, the more there is to gain
/// by not waiting for the slowest.
const BUDGETS: [(usize, f64); 3] = [(1, 1.0), (3, 1.0 / 1.3), (5, 1.0 / 1.5)];
const TTL: Duration = Duration::from_secs(30);

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    clear(servers).await;
    for (count, budget) in BUDGETS {
        let servers = servers.get(..count).unwrap();
        let all: Vec<&Server> = servers.iter().collect();
        let ours = locks(&fleet(&all));
        let urls: Vec<String> = servers.iter().map(Server::direct_url).collect();
        against_rslock(bench, &ours, &urls, budget).await;
        against_distributed(bench, &ours, &urls, budget).await;
        against_redlock(bench, &ours, &urls, budget).await;
        let ours_too = locks(&fleet(&all));
        let name = format!("A/A: pairs of ours on {count}");
        let row =
            compare(&name, &bench.plan, async || pair(&ours).await, async || pair(&ours_too).await).await;
        bench.put(Row::ratio(&row, None));
    }
}

fn name(urls: &[String], peer: &str) -> String {
    format!("acquire + release on {}, to {peer}", urls.len())
}

async fn against_rslock(bench: &mut Bench, ours: &Locks, urls: &[String], budget: f64) {
    let theirs = LockManager::new(urls.to_vec());
    let row = compare(
        &name(urls, "rslock"),
        &bench.plan,
        async || pair(ours).await,
        async || theirs.acquire("invoice:7", TTL).await.unwrap().release().await,
    )
    .await;
    bench.put(Row::ratio(&row, Some(budget)));
}

async fn against_distributed(bench: &mut Bench, ours: &Locks, urls: &[String], budget: f64) {
    let provider = RedisLockProvider::builder().urls(urls).expiry(TTL).build().await.unwrap();
    let theirs = provider.create_lock("invoice:7");
    let row = compare(
        &name(urls, "distributed-lock-redis"),
        &bench.plan,
        async || pair(ours).await,
        async || theirs.try_acquire().await.unwrap().unwrap().release().await.unwrap(),
    )
    .await;
    bench.put(Row::ratio(&row, Some(budget)));
}

/// Fewer of them: it makes two connections a server and pair, each of which holds a port of this machine for a minute.
async fn against_redlock(bench: &mut Bench, ours: &Locks, urls: &[String], budget: f64) {
    let theirs = RedLock::new(urls.to_vec());
    let plan = Plan { block: 10, pairs: 20, ..bench.plan.clone() };
    let row = compare(
        &name(urls, "redlock"),
        &plan,
        async || pair(ours).await,
        async || theirs.unlock(&theirs.lock(b"redlock:7", 30_000).unwrap().unwrap()),
    )
    .await;
    bench.put(Row::ratio(&row, Some(budget)));
}

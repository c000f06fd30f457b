//! What the tests of this binary have in common.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::{Server, ServerOptions, servers};
use redfleet_core::{Backend, Fleet, connect};
use redfleet_lock::{Builder, Error, Lease, Locks};
use redis::{Cmd, FromRedisValue, cmd};
use tokio::time::{Instant, sleep};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// How long what must happen may take, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

static NAMESPACES: AtomicU64 = AtomicU64::new(0);

/// The servers of a fleet, each behind its proxy, and a namespace that nobody else has.
pub(super) struct World {
    pub(super) servers: Vec<Server>,
    namespace: String,
}

impl World {
    /// Servers that the tests share.
    pub(super) async fn shared(count: usize) -> Self {
        Self::of(servers(count).await)
    }

    /// Servers of one's own.
    pub(super) async fn own(count: usize, options: &ServerOptions) -> Self {
        Self::of(join_all((0..count).map(|_| options.clone().start())).await)
    }

    pub(super) fn of(servers: Vec<Server>) -> Self {
        Self { servers, namespace: format!("t{}", NAMESPACES.fetch_add(1, Ordering::Relaxed)) }
    }

    /// Locks of a client of its own, to be built: those that a lease of a second is usual for, and of 3 s the longest.
    pub(super) fn builder(&self) -> Builder {
        self.builder_on(self.servers.iter().map(|server| connect(&server.url()).unwrap()))
    }

    /// The same on these connections.
    pub(super) fn builder_on(&self, nodes: impl IntoIterator<Item = Arc<dyn Backend>>) -> Builder {
        let named = nodes.into_iter().enumerate();
        let fleet =
            named.fold(Fleet::builder(), |fleet, (place, node)| fleet.node(format!("n{place}"), node));
        let builder = Locks::builder(fleet.build().unwrap()).namespace(&self.namespace).new_fleet();
        builder.ttl(SECOND).max_ttl(SECOND * 3)
    }

    /// Locks of a client of its own.
    pub(super) fn locks(&self) -> Locks {
        self.builder().build().unwrap()
    }

    /// The key by which a server is known to be a member.
    pub(super) fn mark(&self) -> String {
        format!("redfleet:lock:{}:mark", self.namespace)
    }

    /// A key of this lock.
    pub(super) fn key(&self, name: &str, part: &str) -> String {
        format!("redfleet:lock:{}:{{{name}}}:{part}", self.namespace)
    }

    /// What is left of the life of a lock on this server, asked past the proxy: none if nobody holds it there.
    pub(super) async fn life(&self, server: usize, name: &str) -> Option<Duration> {
        let left: i64 = ask(&self.servers[server], cmd("PTTL").arg(self.key(name, "owner"))).await;
        u64::try_from(left).ok().map(Duration::from_millis)
    }
}

/// Asks for a lock once, and again as long as a server has not answered in time: a busy machine says nothing of the servers.
pub(super) async fn try_in_time(locks: &Locks, name: &str) -> Result<Lease, Error> {
    let started = Instant::now();
    loop {
        let answer = locks.lock(name).try_acquire().await;
        let is_late = matches!(&answer, Err(error) if error.to_string().contains("no reply within "));
        if !is_late || started.elapsed() > PATIENCE {
            return answer;
        }
    }
}

/// What a server says, asked past its proxy.
pub(super) async fn ask<T: FromRedisValue>(server: &Server, command: &Cmd) -> T {
    T::from_redis_value(server.direct(command).await.unwrap()).unwrap()
}

/// How often a server was called for each command, but for what asking this and keeping a connection takes.
pub(super) async fn calls(server: &Server) -> BTreeMap<String, u64> {
    let text: String = ask(server, cmd("INFO").arg("commandstats")).await;
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("cmdstat_"));
    let counted = lines.filter_map(|line| {
        let (name, rest) = line.split_once(":calls=")?;
        Some((name.to_owned(), rest.split_once(',')?.0.parse().ok()?))
    });
    let own = ["info", "hello", "ping", "auth", "select", "config", "client"];
    counted.filter(|(name, _)| !own.iter().any(|own| name.starts_with(own))).collect()
}

/// What was called since `before`.
pub(super) fn since(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let more = now.iter().map(|(name, calls)| (name.clone(), calls - before.get(name).unwrap_or(&0)));
    more.filter(|(_, calls)| *calls > 0).collect()
}

/// Waits until `is_so`.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "still not so: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

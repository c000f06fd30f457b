//! What the tests of this binary have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redfleet_core::test_util::{Server, servers};
use redfleet_core::{Backend, connect};
use redfleet_multiwrite::{Builder, Guarantee, MultiWrite, RemoteOptions, Report};
use redis::{FromRedisValue, cmd};
use tokio::time::{Instant, sleep};

/// Long enough for anything that is to happen at all.
pub(super) const LONG: Duration = Duration::from_secs(120);

static PREFIXES: AtomicU64 = AtomicU64::new(0);

/// A local and two remotes, and the prefix of the keys that are written.
pub(super) struct World {
    pub(super) local: Server,
    /// It is written exactly once.
    pub(super) eu: Server,
    /// It is written at least once.
    pub(super) us: Server,
    pub(super) prefix: String,
}

impl World {
    /// Three servers that the tests share, each behind a proxy of its own.
    pub(super) async fn shared() -> Self {
        let mut trio = servers(3).await.into_iter();
        let mut next = || trio.next().unwrap();
        Self::of(next(), next(), next())
    }

    pub(super) fn of(local: Server, eu: Server, us: Server) -> Self {
        let prefix = format!("m{}:", PREFIXES.fetch_add(1, Ordering::Relaxed));
        Self { local, eu, us, prefix }
    }

    /// A store without remotes.
    pub(super) fn builder(&self) -> Builder {
        MultiWrite::builder(node(&self.local))
            .only(&self.prefix)
            .seed(1)
            .local_deadline(Duration::from_secs(30))
    }

    /// A store with both remotes.
    pub(super) fn store(&self, options: &RemoteOptions) -> MultiWrite {
        self.with_remotes(self.builder(), options).build().unwrap()
    }

    /// Adds both remotes.
    pub(super) fn with_remotes(&self, builder: Builder, options: &RemoteOptions) -> Builder {
        let at_least_once = options.clone().guarantee(Guarantee::AtLeastOnce);
        builder.remote_with("eu", node(&self.eu), options.clone()).remote_with(
            "us",
            node(&self.us),
            at_least_once,
        )
    }

    /// Waits until the remotes have everything, and fails unless they are equal to local then.
    pub(super) async fn settle(&self, store: &MultiWrite) {
        if let Err(lack) = store.flush(LONG).await {
            panic!("{lack}: {:#?}", store.health());
        }
        self.compare().await;
        for remote in store.health() {
            let report = verified(store, &remote.name).await;
            assert!(report.is_equal(), "{}: {report}: {:?}", remote.name, report.differences);
        }
    }

    /// Fails unless both remotes hold what local holds.
    pub(super) async fn compare(&self) {
        let local = held(&self.local, &self.prefix).await;
        let (eu, us) = (held(&self.eu, &self.prefix).await, held(&self.us, &self.prefix).await);
        let (seconds, micros): (i64, i64) = ask(&self.local, &cmd("TIME")).await;
        // What ended meanwhile may be in one list and not in another.
        let lasts = |line: &&String| {
            let end = line.split(' ').nth(2).and_then(|end| end.parse::<i64>().ok()).unwrap_or(-1);
            end == -1 || end > seconds * 1000 + micros / 1000 + 50
        };
        let lasting = |lines: &[String]| -> Vec<String> { lines.iter().filter(lasts).cloned().collect() };
        same("eu", &lasting(&local), &lasting(&eu));
        same("us", &lasting(&local), &lasting(&us));
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// Quick to try again.
pub(super) fn quick() -> RemoteOptions {
    let options = RemoteOptions::new().deadline(Duration::from_millis(500));
    options.retries(Duration::from_millis(5), Duration::from_millis(200))
}

/// A server as a backend, through its proxy.
pub(super) fn node(server: &Server) -> Arc<dyn Backend> {
    connect(&server.url()).unwrap()
}

/// One line a key, asked past the proxy.
pub(super) async fn held(server: &Server, prefix: &str) -> Vec<String> {
    let lines: Vec<Vec<u8>> = ask(server, cmd("EVAL").arg(include_str!("held.lua")).arg(0).arg(prefix)).await;
    lines.into_iter().map(|line| line.escape_ascii().to_string()).collect()
}

/// What a server says, asked past its proxy.
pub(super) async fn ask<T: FromRedisValue>(server: &Server, command: &redis::Cmd) -> T {
    T::from_redis_value(server.direct(command).await.unwrap()).unwrap()
}

/// A report of a comparison, as soon as both sides answer in time.
async fn verified(store: &MultiWrite, name: &str) -> Report {
    let started = Instant::now();
    loop {
        match store.verify(name).await {
            Ok(report) => return report,
            Err(error) => assert!(started.elapsed() < LONG, "{name}: {error}"),
        }
    }
}

/// Fails with what differs.
pub(super) fn same(name: &str, local: &[String], remote: &[String]) {
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).take(5).cloned().collect()
    };
    let (here, there) = (only(local, remote), only(remote, local));
    assert!(here.is_empty() && there.is_empty(), "{name} differs:\nlocal {here:#?}\n{name} {there:#?}");
}

/// Waits until `is_so`.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONG, "after {LONG:?} still not so: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

//! What both processes have in common: where the lock is, and the resource that it protects.

use std::time::Duration;

use redfleet_core::test_util::{Server, servers};
use redfleet_core::{BackendExt, Fleet, connect};
use redfleet_lock::{Fence, Locks};
use redis::cmd;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// How long the lease of the process lives that is killed or stopped.
pub(super) const TTL: Duration = Duration::from_secs(3);

/// How long what must happen may take, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// How often each of several processes takes the lock.
pub(super) const TURNS: usize = 40;

/// Servers that the tests share, and a namespace on them.
pub(super) async fn place(name: &str, ttl: Duration) -> (Place, Vec<Server>) {
    let servers = servers(3).await;
    (Place { urls: servers.iter().map(Server::url).collect(), namespace: name.into(), ttl }, servers)
}

/// Where everything is. It goes to the other process as text.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) urls: Vec<String>,
    pub(super) namespace: String,
    /// How long a lease lives that nobody extends.
    pub(super) ttl: Duration,
}

impl Place {
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.namespace, self.ttl.as_millis(), self.urls.join(" "))
    }

    pub(super) fn of(text: &str) -> Self {
        let mut words = text.split(' ').map(str::to_owned);
        let namespace = words.next().unwrap();
        let ttl = Duration::from_millis(words.next().unwrap().parse().unwrap());
        Self { urls: words.collect(), namespace, ttl }
    }

    pub(super) fn locks(&self) -> Locks {
        let named = self.urls.iter().enumerate();
        let fleet = named.fold(Fleet::builder(), |fleet, (place, url)| {
            fleet.node(format!("n{place}"), connect(url).unwrap())
        });
        let builder = Locks::builder(fleet.build().unwrap()).namespace(&self.namespace).new_fleet();
        builder.ttl(self.ttl).max_ttl(SECOND * 60).build().unwrap()
    }

    /// Writes to the resource, which refuses whoever has a token older than one that it has seen. Whether it was written.
    pub(super) async fn write(&self, fence: Fence, what: &str) -> bool {
        const WRITE: &str = "if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or 0) then return 0 end \
            redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'by', ARGV[2]) return 1";
        let node = connect(&self.urls[0]).unwrap();
        let key = format!("resource:{}", self.namespace);
        let mut command = cmd("EVAL");
        command.arg(WRITE).arg(1).arg(key).arg(fence.get()).arg(what);
        node.query::<u8>(&command).await.unwrap() == 1
    }

    /// Adds a line to what the resource is told in turn.
    pub(super) async fn note(&self, fence: Fence, what: &str) {
        let node = connect(&self.urls[0]).unwrap();
        let key = format!("notes:{}", self.namespace);
        node.query::<u64>(cmd("RPUSH").arg(key).arg(format!("{fence} {what}"))).await.unwrap();
    }

    /// What it was told: by which fence, who, and what.
    pub(super) async fn notes(&self) -> Vec<(u64, String, String)> {
        let node = connect(&self.urls[0]).unwrap();
        let key = format!("notes:{}", self.namespace);
        let lines: Vec<String> = node.query(cmd("LRANGE").arg(key).arg(0).arg(-1)).await.unwrap();
        let parts = |line: String| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut word = || words.next().unwrap();
            (word().parse().unwrap(), word(), word())
        };
        lines.into_iter().map(parts).collect()
    }

    /// How many processes stand in line for the lock, by the first server.
    pub(super) async fn waiting(&self) -> usize {
        let node = connect(&self.urls[0]).unwrap();
        let key = format!("redfleet:lock:{}:{{job}}:line", self.namespace);
        node.query(cmd("ZCARD").arg(key)).await.unwrap()
    }

    /// Who wrote last.
    pub(super) async fn writer(&self) -> String {
        let node = connect(&self.urls[0]).unwrap();
        node.query(cmd("HGET").arg(format!("resource:{}", self.namespace)).arg("by")).await.unwrap()
    }
}

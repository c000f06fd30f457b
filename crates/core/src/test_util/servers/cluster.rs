//! Three primaries of a Redis Cluster, and slots that move between them step by step.

use std::time::Duration;

use futures::future::{join_all, try_join_all};
use redis::{Cmd, FromRedisValue, RedisError, Value, cmd};
use tokio::time::timeout;

use super::options::{Role, ServerOptions};
use super::server::Server;
use super::work::{must, until};

const SLOTS: u16 = 16_384;
const PRIMARIES: u16 = 3;

/// A node that a busy machine keeps from shaking hands in time is forgotten, so that they are introduced again.
const MEETINGS: usize = 5;
const MEETING: Duration = Duration::from_secs(15);

/// A Redis Cluster of three primaries without replicas.
///
/// All are on the host's network and announce the addresses of their proxies to clients: what MOVED and
/// CLUSTER SLOTS name can be broken. Among themselves they talk directly.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::ClusterSet;
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let cluster = ClusterSet::start().await;
/// assert!(cluster.url().starts_with("redis+cluster://127.0.0.1:"));
/// let slot = cluster.slot("visits").await;
/// let old = cluster.owner(slot).await;
/// let new = (old + 1) % 3;
///
/// let migration = cluster.migrate(slot, new).await;
/// let asked = cluster.servers()[old].direct(cmd("GET").arg("visits")).await.unwrap_err();
/// assert_eq!(asked.code(), Some("ASK"));
/// migration.move_keys().await;
/// migration.finish().await;
/// let moved = cluster.servers()[old].direct(cmd("GET").arg("visits")).await.unwrap_err();
/// assert_eq!(moved.code(), Some("MOVED"));
/// # }
/// ```
#[derive(Debug)]
pub struct ClusterSet {
    servers: Vec<Server>,
    ids: Vec<String>,
}

/// A slot on its way: its old owner answers ASK for keys that it does not have (any more).
#[derive(Debug)]
#[must_use = "a migration ends only by `finish` or `give_up`"]
pub struct Migration<'a> {
    cluster: &'a ClusterSet,
    slot: u16,
    from: usize,
    to: usize,
}

impl ClusterSet {
    /// Starts three primaries with a third of the slots each, and waits until each finds the cluster whole.
    pub async fn start() -> Self {
        Self::start_with(&ServerOptions::new()).await
    }

    /// The same with options for every server: a password, ACL users, durability.
    pub async fn start_with(options: &ServerOptions) -> Self {
        let start = || options.clone().role(Role::ClusterNode).start();
        let servers = join_all((0..PRIMARIES).map(|_| start())).await;
        let mut cluster = Self { servers, ids: Vec::new() };
        for (server, index) in cluster.servers.iter().zip(0..) {
            let (first, next) = (index * (SLOTS / PRIMARIES), (index + 1) * (SLOTS / PRIMARIES));
            let last = if index + 1 == PRIMARIES { SLOTS } else { next } - 1;
            admin(server, cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(first).arg(last)).await;
            admin(server, cmd("CLUSTER").arg("SET-CONFIG-EPOCH").arg(index + 1)).await;
            let id = admin(server, cmd("CLUSTER").arg("MYID")).await;
            cluster.ids.push(must("read a node's id", String::from_redis_value(id)));
        }
        for _ in 0..MEETINGS {
            cluster.meet().await;
            if timeout(MEETING, cluster.await_whole()).await.is_ok() {
                return cluster;
            }
        }
        cluster.await_whole().await;
        cluster
    }

    /// Introduces all to the first.
    async fn meet(&self) {
        let Some((first, others)) = self.servers.split_first() else { return };
        for other in others {
            let (port, bus) = (other.direct_addr().port(), other.ports().bus());
            admin(first, cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(port).arg(bus)).await;
        }
    }

    /// The `redis+cluster://` URL, naming all three.
    #[must_use]
    pub fn url(&self) -> String {
        let addrs: Vec<_> = self.servers.iter().map(|server| server.proxy().addr().to_string()).collect();
        format!("redis+cluster://{}", addrs.join(","))
    }

    /// The three primaries.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The slot of a key.
    pub async fn slot(&self, key: &str) -> u16 {
        let slot = admin(self.server(0), cmd("CLUSTER").arg("KEYSLOT").arg(key)).await;
        must("read a slot", u16::from_redis_value(slot))
    }

    /// Which of [`servers`](Self::servers) says of itself that it owns the slot.
    pub async fn owner(&self, slot: u16) -> usize {
        until("a slot's owner", || async move {
            for (index, server) in self.servers.iter().enumerate() {
                let nodes = server.direct(cmd("CLUSTER").arg("NODES")).await.map_err(|e| e.to_string())?;
                let nodes = String::from_redis_value(nodes).map_err(|error| error.to_string())?;
                if nodes.lines().any(|line| line.contains("myself") && owns(line, slot)) {
                    return Ok(index);
                }
            }
            Err(format!("nobody owns {slot}"))
        })
        .await
    }

    /// Begins to move a slot to another server: from now on its owner answers ASK for keys that it lacks.
    ///
    /// # Panics
    ///
    /// If that server has it already.
    pub async fn migrate(&self, slot: u16, to: usize) -> Migration<'_> {
        let from = self.owner(slot).await;
        assert_ne!(from, to, "server {to} has the slot {slot} already");
        let migration = Migration { cluster: self, slot, from, to };
        migration.set_slot(to, &["IMPORTING", self.id(from)]).await;
        migration.set_slot(from, &["MIGRATING", self.id(to)]).await;
        migration
    }

    /// Waits until every server that answers finds the cluster whole: all slots served.
    pub async fn await_whole(&self) {
        until("the cluster to be whole", || async {
            let states = self.servers.iter().map(|server| async move {
                let info = server.direct(cmd("CLUSTER").arg("INFO")).await.map_err(|e| e.to_string())?;
                let info = String::from_redis_value(info).map_err(|error| error.to_string())?;
                let is_whole = info.contains("cluster_state:ok")
                    && info.contains(&format!("cluster_known_nodes:{PRIMARIES}"))
                    && info.contains(&format!("cluster_slots_ok:{SLOTS}"));
                if is_whole { Ok(()) } else { Err(info) }
            });
            try_join_all(states).await.map(drop)
        })
        .await;
    }

    fn server(&self, index: usize) -> &Server {
        self.servers.get(index).unwrap_or_else(|| panic!("there is no server {index}: there are {PRIMARIES}"))
    }

    fn id(&self, index: usize) -> &str {
        self.ids.get(index).map_or("", String::as_str)
    }
}

impl Migration<'_> {
    /// Moves every key that is in the slot now. Answers how many.
    pub async fn move_keys(&self) -> usize {
        let count = i64::from(i32::MAX);
        let question = cmd("CLUSTER").arg("GETKEYSINSLOT").arg(self.slot).arg(count).to_owned();
        let keys = admin(self.cluster.server(self.from), &question).await;
        let keys = must("read a slot's keys", Vec::<Vec<u8>>::from_redis_value(keys));
        for key in &keys {
            self.move_key(key).await;
        }
        keys.len()
    }

    /// Moves one key, if it is there. Servers that a busy machine kept from hearing of each other refuse it for a while.
    pub async fn move_key(&self, key: impl AsRef<[u8]>) {
        let port = self.cluster.server(self.to).direct_addr().port();
        let mut command = cmd("MIGRATE");
        // What a try before this one left there is replaced: until it is gone here, what is here counts.
        command.arg("127.0.0.1").arg(port).arg(key.as_ref()).arg(0).arg(5_000).arg("REPLACE");
        if let Some(password) = self.cluster.server(self.to).password() {
            command.arg("AUTH").arg(password);
        }
        let (from, command) = (self.cluster.server(self.from), &command);
        let moved = until("a key to move", || async move {
            match from.direct(command).await {
                Err(error) if is_for_a_while(&error) => Err(error.to_string()),
                told => Ok(told),
            }
        });
        must("move a key", moved.await);
    }

    /// Gives the slot to its new owner, on every server: from now on the old one answers MOVED.
    pub async fn finish(self) {
        for index in [self.to, self.from] {
            self.set_slot(index, &["NODE", self.cluster.id(self.to)]).await;
        }
        for (index, _) in self.cluster.servers.iter().enumerate() {
            if index != self.to && index != self.from {
                self.set_slot(index, &["NODE", self.cluster.id(self.to)]).await;
            }
        }
    }

    /// Leaves the slot with its old owner. Keys that were moved stay moved.
    pub async fn give_up(self) {
        for index in [self.from, self.to] {
            self.set_slot(index, &["STABLE"]).await;
        }
    }

    async fn set_slot(&self, index: usize, words: &[&str]) {
        admin(self.cluster.server(index), cmd("CLUSTER").arg("SETSLOT").arg(self.slot).arg(words)).await;
    }
}

/// Whether this line of CLUSTER NODES lists the slot.
fn owns(line: &str, slot: u16) -> bool {
    line.split(' ').skip(8).any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let range = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
        range.is_some_and(|(first, last)| (first..=last).contains(&slot))
    })
}

/// Whether servers of a cluster say that they do not hear of each other now.
fn is_for_a_while(error: &RedisError) -> bool {
    let text = error.to_string();
    text.contains("CLUSTERDOWN") || text.contains("IOERR")
}

async fn admin(server: &Server, command: &Cmd) -> Value {
    let name = String::from_utf8_lossy(&command.get_packed_command()).into_owned();
    must(format_args!("say {name:?} to a server of a cluster"), server.direct(command).await)
}

//! A primary, its replicas, and three sentinels that watch them.

use futures::future::join_all;
use redis::{FromRedisValue, cmd};

use super::options::{Role, ServerOptions};
use super::server::Server;
use super::work::{must, until};

const SENTINELS: usize = 3;
const QUORUM: usize = 2;
const SERVICE: &str = "redfleet";

/// How often sentinels look around: ten times as often as by default, so that tests need not wait for it. Not
/// so for PING-PERIOD: a replica whose INFO is older than five of those is not promoted.
/// And a sentinel that a busy machine stops for seconds is not to do nothing for half a minute after it.
const HURRY: [(&str, u32); 4] =
    [("INFO-PERIOD", 1_000), ("ASK-PERIOD", 100), ("PUBLISH-PERIOD", 200), ("TILT-TRIGGER", 60_000)];

/// How long a primary must not answer. What a busy machine stops for a moment is not down.
const DOWN_AFTER_MS: u32 = 2_000;

/// A primary with replicas, watched by three sentinels that act within a few seconds.
///
/// All are on the host's network and announce the addresses of their proxies, so that every link, also those
/// among themselves, goes through one and can be broken.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::SentinelSet;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let set = SentinelSet::start(1).await;
/// assert!(set.url().starts_with("redis+sentinel://127.0.0.1:"));
/// let old = set.primary().await;
/// set.servers()[old].kill().await;
/// assert_ne!(set.fail_over_from(old).await, old);
/// # }
/// ```
#[derive(Debug)]
pub struct SentinelSet {
    servers: Vec<Server>,
    sentinels: Vec<Server>,
}

impl SentinelSet {
    /// Starts a primary, this many replicas and three sentinels, and waits until all know of each other.
    ///
    /// # Panics
    ///
    /// If there is no replica: nothing could take over.
    pub async fn start(replicas: usize) -> Self {
        assert!(replicas > 0, "a primary without a replica cannot fail over");
        let primary = watched().start().await;
        let addr = primary.proxy().addr();
        let port = addr.port().to_string();
        let start_replica = || watched().args("replicaof", ["127.0.0.1", port.as_str()]).start();
        let mut servers = vec![primary];
        servers.extend(join_all((0..replicas).map(|_| start_replica())).await);

        let config = [
            "sentinel resolve-hostnames no".to_owned(),
            format!("sentinel monitor {SERVICE} 127.0.0.1 {port} {QUORUM}"),
            format!("sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}"),
            format!("sentinel failover-timeout {SERVICE} 2000"),
        ]
        .join("\n");
        let start_sentinel = || ServerOptions::new().role(Role::Sentinel(config.clone())).start();
        let sentinels = join_all((0..SENTINELS).map(|_| start_sentinel())).await;
        for sentinel in &sentinels {
            must("hurry a sentinel", sentinel.direct(cmd("SENTINEL").arg("DEBUG").arg(&HURRY)).await);
        }
        let set = Self { servers, sentinels };
        set.await_complete().await;
        set
    }

    /// The name of the service that the sentinels watch.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        SERVICE
    }

    /// The `redis+sentinel://` URL of the service.
    #[must_use]
    pub fn url(&self) -> String {
        let addrs: Vec<_> = self.sentinels.iter().map(|server| server.proxy().addr().to_string()).collect();
        format!("redis+sentinel://{}/{SERVICE}", addrs.join(","))
    }

    /// The primary and its replicas; the first was the primary at the start.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The sentinels.
    #[must_use]
    pub fn sentinels(&self) -> &[Server] {
        &self.sentinels
    }

    /// Which of [`servers`](Self::servers) most sentinels hold for the primary.
    pub async fn primary(&self) -> usize {
        until("most sentinels to agree on a primary", || self.agreed_primary()).await
    }

    /// Waits until most sentinels hold another server than `old` for the primary, and it says so itself.
    /// Answers which. To bring it about, kill or pause the old one, or cut its proxy.
    pub async fn fail_over_from(&self, old: usize) -> usize {
        until("a fail-over", || async move {
            let primary = self.agreed_primary().await?;
            if primary == old {
                return Err(format!("server {old} is still the primary"));
            }
            let Some(server) = self.servers.get(primary) else { return Err("no such server".into()) };
            let role = server.direct(&cmd("ROLE")).await.map_err(|error| error.to_string())?;
            let is_primary = format!("{role:?}").contains("master");
            if is_primary { Ok(primary) } else { Err(format!("server {primary} is not the primary yet")) }
        })
        .await
    }

    async fn agreed_primary(&self) -> Result<usize, String> {
        let mut votes = vec![0; self.servers.len()];
        for sentinel in &self.sentinels {
            let question = cmd("SENTINEL").arg("get-master-addr-by-name").arg(SERVICE).to_owned();
            let Ok(answer) = sentinel.direct(&question).await else { continue };
            let Ok((_, port)) = <(String, u16)>::from_redis_value(answer) else { continue };
            let named = self.servers.iter().zip(&mut votes).find(|(s, _)| s.proxy().addr().port() == port);
            if let Some((_, votes)) = named {
                *votes += 1;
            }
        }
        votes.iter().position(|votes| *votes >= QUORUM).ok_or_else(|| format!("the votes are {votes:?}"))
    }

    /// Waits until every sentinel has found all replicas and all other sentinels: before that, some cannot
    /// fail over.
    async fn await_complete(&self) {
        let others = format!("num-other-sentinels {}", self.sentinels.len() - 1);
        let replicas = format!("num-slaves {}", self.servers.len() - 1);
        for sentinel in &self.sentinels {
            until("a sentinel to find all others", || async {
                let question = cmd("SENTINEL").arg("master").arg(SERVICE).to_owned();
                let answer = sentinel.direct(&question).await.map_err(|error| error.to_string())?;
                let words = Vec::<String>::from_redis_value(answer).map_err(|error| error.to_string())?;
                let pairs: Vec<_> = words.chunks(2).map(|pair| pair.join(" ")).collect();
                let is_complete = pairs.contains(&others) && pairs.contains(&replicas);
                if is_complete { Ok(()) } else { Err(pairs.join(", ")) }
            })
            .await;
        }
        for replica in self.servers.iter().skip(1) {
            until("a replica to be in step", || async {
                let info = replica.direct(cmd("INFO").arg("replication")).await;
                let info: String =
                    must("ask a replica", info.and_then(|info| Ok(FromRedisValue::from_redis_value(info)?)));
                if info.contains("master_link_status:up") { Ok(()) } else { Err(info) }
            })
            .await;
        }
    }
}

fn watched() -> ServerOptions {
    ServerOptions::new().role(Role::Watched).arg("repl-diskless-sync-delay", "0")
}

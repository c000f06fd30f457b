//! From a URL to a backend.

pub(crate) mod cluster;
mod dial;
mod fence;
mod handshake;
mod link;
mod login;
mod sentinel;
mod server;
mod session;
mod subscriptions;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "connect/no_tls.rs"]
mod tls;
mod trail;
mod url;

use std::sync::Arc;

use crate::backend::Backend;
use crate::error::ConfigError;
use crate::layer::{Breaker, Layer};
use cluster::{Address, Cluster};
use sentinel::Sentinels;
use server::Server;
use url::{Access, Endpoint, Target};

#[cfg(feature = "test-util")]
pub(crate) use dial::Stream;
#[cfg(all(feature = "test-util", feature = "embedded"))]
pub(crate) use subscriptions::listen;

/// The backend that `url` names.
///
/// It neither connects nor waits: the first call does, and every later one if the connection was lost. A call has
/// no deadline of its own: put it into `tokio::time::timeout`, or ask through a [`Fleet`](crate::Fleet). Only making
/// a connection is limited.
///
/// | URL | backend |
/// |---|---|
/// | `redis://[user[:password]@]host[:port][/db]` | one server |
/// | `rediss://..` | the same, over TLS |
/// | `unix:///path?db=..&user=..&password=..` | one server, over a Unix socket |
/// | `redis+sentinel://[user:password@]host[:port],../service[/db]` | the primary that sentinels watch |
/// | `redis+cluster://[user:password@]host[:port],..` | a Redis Cluster |
/// | `embedded://name` | an [`Embedded`](crate::Embedded) node in this process (feature `embedded`) |
///
/// | parameter | meaning | unless it is said |
/// |---|---|---|
/// | `client_name` | the name in CLIENT LIST | none |
/// | `protocol` | `resp2` or `resp3` | RESP3, or RESP2 where the server does not know HELLO |
/// | `connect_timeout_ms` | how long making a connection may take | 5000 |
/// | `ca` | a file with the CA's certificate (TLS) | the system's |
/// | `cert`, `key` | files with a client certificate and its key (TLS) | none |
/// | `sentinel_user`, `sentinel_password` | the login of the sentinels | none |
///
/// # Errors
///
/// What needs no server to know: a malformed URL, an unknown scheme or parameter, an unreadable certificate.
/// What needs one, such as a wrong password, is the answer to each call.
///
/// # Example
///
/// ```
/// use redfleet_core::{BackendExt, Effect, connect};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let node = connect("redis://127.0.0.1:1")?; // nobody listens there
/// let error = node.query::<String>(cmd("PING")).await.unwrap_err();
/// assert_eq!(error.to_string(), "link: cannot connect to 127.0.0.1:1: connection refused");
/// assert_eq!(error.effect(), Effect::None); // nothing was sent
/// # Ok(())
/// # }
/// ```
pub fn connect(url: &str) -> Result<Arc<dyn Backend>, ConfigError> {
    Ok(match Target::parse(url)? {
        Target::Server(endpoint) => Arc::new(Server::new(Arc::new(endpoint))),
        Target::Sentinel { sentinels, service, servers } => {
            Arc::new(Server::new(Arc::new(Sentinels { sentinels, service, servers })))
        }
        Target::Cluster { seeds, servers } => Arc::new(cluster_of(&seeds, servers)),
        #[cfg(feature = "embedded")]
        Target::Embedded { name } => crate::embedded::named(&name).shared(),
        #[cfg(not(feature = "embedded"))]
        Target::Embedded { .. } => {
            return Err(ConfigError::Feature { scheme: url::EMBEDDED.into(), feature: "embedded" });
        }
    })
}

impl Cluster {
    /// The cluster that a `redis+cluster://` URL names, for what [`connect`] does not show of it: its
    /// [`primaries`](Self::primaries), one by one.
    ///
    /// # Errors
    ///
    /// As [`connect`]; also if the URL names no cluster.
    pub fn connect(url: &str) -> Result<Self, ConfigError> {
        match Target::parse(url)? {
            Target::Cluster { seeds, servers } => Ok(cluster_of(&seeds, servers)),
            Target::Server(_) | Target::Sentinel { .. } | Target::Embedded { .. } => {
                let expected = "redis+cluster or rediss+cluster";
                Err(ConfigError::Setting { setting: "the scheme of a cluster's URL", expected })
            }
        }
    }
}

/// The cluster behind `seeds`, all of whose servers are reached in the same way.
fn cluster_of(seeds: &[Endpoint], servers: Access) -> Cluster {
    let seeds = seeds.iter().filter_map(|seed| match &seed.address {
        url::Address::Tcp { host, port } => Some(Address::new(host.as_str(), *port)),
        url::Address::Unix(_) => None,
    });
    let make = move |node: &Address| -> Arc<dyn Backend> {
        let server = Server::new(Arc::new(servers.at(url::Address::tcp(node.host(), node.port()))));
        Breaker::default().layer(Arc::new(server))
    };
    Cluster::new(seeds.collect(), Arc::new(make))
}

/// A server's backend over streams that need no network.
#[cfg(feature = "test-util")]
pub(crate) fn over_streams(streams: crate::test_util::Streams) -> Arc<dyn Backend> {
    Arc::new(Server::new(Arc::new(streams)))
}

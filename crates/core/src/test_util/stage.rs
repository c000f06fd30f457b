//! The servers that a demo plays on: embedded ones, containers of its own, or given ones.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

#[cfg(feature = "test-servers")]
use futures::future::join_all;

#[cfg(feature = "test-servers")]
use super::Server;
use super::{Fault, Proxy};
use crate::{Door, Embedded, Kept};

/// A few servers that a demo can kill, hang and bring back.
///
/// On servers in containers it does so for real (feature `test-servers`). Embedded nodes, and servers that were given by URL,
/// are each behind a loopback proxy that refuses or hangs in their place.
#[derive(Debug)]
pub struct Stage {
    actors: Vec<Actor>,
}

#[derive(Debug)]
enum Actor {
    Embedded {
        node: Embedded,
        _door: Door,
        proxy: Proxy,
    },
    #[cfg(feature = "test-servers")]
    Container(Server),
    Given {
        proxy: Proxy,
        url: String,
    },
}

/// Why a demo cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The words of the command line make no sense.
    #[error("{0}")]
    Usage(String),
}

impl Stage {
    /// Reads `--servers embedded|docker|URL,URL,..` from the program's arguments and sets up `count` servers: embedded
    /// ones, unless it is said.
    ///
    /// # Errors
    ///
    /// If the words make no sense, fewer than `count` URLs are given, or no port of loopback can be listened on.
    pub async fn from_args(count: usize) -> Result<Self, StageError> {
        let mut args = std::env::args().skip(1);
        let mut servers = "embedded".to_owned();
        while let Some(arg) = args.next() {
            match (arg.as_str(), args.next()) {
                ("--servers", Some(value)) => servers = value,
                _ => return Err(usage(&format!("unknown argument {arg}"))),
            }
        }
        match servers.as_str() {
            "embedded" => {
                Self::embedded(count).map_err(|error| usage(&format!("no embedded server: {error}")))
            }
            #[cfg(feature = "test-servers")]
            "docker" => Ok(Self::in_containers(count).await),
            #[cfg(not(feature = "test-servers"))]
            "docker" => Err(usage("this build has no containers: they need the feature test-servers")),
            urls => Self::given(&urls.split(',').collect::<Vec<_>>(), count),
        }
    }

    /// `count` embedded nodes, each of which listens on loopback.
    ///
    /// # Errors
    ///
    /// If no port of loopback can be listened on.
    pub fn embedded(count: usize) -> io::Result<Self> {
        let actor = || {
            let node = Embedded::new();
            let door = node.listen(0)?;
            let proxy = Proxy::start(door.address())?;
            Ok(Actor::Embedded { node, _door: door, proxy })
        };
        Ok(Self { actors: (0..count).map(|_| actor()).collect::<io::Result<_>>()? })
    }

    /// `count` servers in containers of its own.
    #[cfg(feature = "test-servers")]
    pub async fn in_containers(count: usize) -> Self {
        let started = (0..count).map(|_| Server::start());
        Self { actors: join_all(started).await.into_iter().map(Actor::Container).collect() }
    }

    fn given(urls: &[&str], count: usize) -> Result<Self, StageError> {
        if urls.len() < count {
            return Err(usage(&format!("{count} servers are needed, {} are given", urls.len())));
        }
        let actors = urls.iter().take(count).map(|url| {
            let rest =
                url.strip_prefix("redis://").ok_or_else(|| usage("the servers' URLs begin with redis://"))?;
            let (login, place) = rest.rsplit_once('@').map_or(("", rest), |(login, place)| (login, place));
            let (place, path) = place.split_at(place.find('/').unwrap_or(place.len()));
            let upstream = resolve(place).ok_or_else(|| usage("a server's address cannot be resolved"))?;
            let proxy = Proxy::start(upstream).map_err(|error| usage(&format!("no proxy: {error}")))?;
            let at = if login.is_empty() { "" } else { "@" };
            Ok(Actor::Given { url: format!("redis://{login}{at}{}{path}", proxy.addr()), proxy })
        });
        Ok(Self { actors: actors.collect::<Result<_, _>>()? })
    }

    /// The servers' URLs, in order.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.actors.iter().map(Actor::url).collect()
    }

    /// Kills a server: its connections break, new ones are refused.
    pub async fn kill(&self, server: usize) {
        match self.actors.get(server) {
            #[cfg(feature = "test-servers")]
            Some(Actor::Container(server)) => server.kill().await,
            Some(Actor::Embedded { proxy, .. } | Actor::Given { proxy, .. }) => proxy.cut(),
            None => {}
        }
    }

    /// Hangs a server: it takes everything and answers nothing.
    pub async fn hang(&self, server: usize) {
        match self.actors.get(server) {
            #[cfg(feature = "test-servers")]
            Some(Actor::Container(server)) => server.pause().await,
            Some(Actor::Embedded { proxy, .. } | Actor::Given { proxy, .. }) => proxy.set(Fault::Hang),
            None => {}
        }
    }

    /// Ends a hang.
    pub async fn resume(&self, server: usize) {
        match self.actors.get(server) {
            #[cfg(feature = "test-servers")]
            Some(Actor::Container(server)) => server.unpause().await,
            Some(Actor::Embedded { proxy, .. } | Actor::Given { proxy, .. }) => proxy.heal(),
            None => {}
        }
    }

    /// Starts a killed server again, with its data.
    pub async fn restart(&self, server: usize) {
        match self.actors.get(server) {
            Some(Actor::Embedded { node, proxy, .. }) => {
                node.restart(Kept::All);
                proxy.heal();
            }
            #[cfg(feature = "test-servers")]
            Some(Actor::Container(server)) => server.restart_with_data().await,
            Some(Actor::Given { proxy, .. }) => proxy.heal(),
            None => {}
        }
    }
}

impl Actor {
    fn url(&self) -> String {
        match self {
            Self::Embedded { proxy, .. } => format!("redis://{}", proxy.addr()),
            #[cfg(feature = "test-servers")]
            Self::Container(server) => server.url(),
            Self::Given { url, .. } => url.clone(),
        }
    }
}

fn resolve(place: &str) -> Option<SocketAddr> {
    let has_port = place.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let place = if has_port { place.to_owned() } else { format!("{place}:6379") };
    place.to_socket_addrs().ok()?.next()
}

fn usage(text: &str) -> StageError {
    StageError::Usage(format!(
        "{text}\nusage: --servers embedded | --servers docker | --servers redis://HOST:PORT,redis://HOST:PORT,.."
    ))
}

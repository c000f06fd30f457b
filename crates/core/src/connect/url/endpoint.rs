//! One server to connect to: where it is, and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::connect::login::Login;
use crate::connect::tls::Tls;

/// One server: an address, and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(crate) access: Access,
}

/// How a server is reached, wherever it is. Servers that a sentinel or a cluster names are reached as their
/// URL says, so it is kept apart from the address. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// TLS, if the URL asks for it.
    pub(crate) tls: Option<Tls>,
    pub(crate) login: Login,
    /// How long resolving, connecting and TLS may take in all.
    pub(crate) connect_within: Duration,
}

impl Access {
    /// The server at this address, reached this way.
    pub(crate) fn at(&self, address: Address) -> Endpoint {
        Endpoint { address, access: self.clone() }
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Address {
    /// A name or an IP address (IPv6 without brackets), and a port.
    Tcp { host: String, port: u16 },
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Address {
    pub(crate) fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp { host: host.into(), port }
    }
}

/// As errors name it: `10.0.0.1:6379`, `[::1]:6379`, `/run/redis.sock`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

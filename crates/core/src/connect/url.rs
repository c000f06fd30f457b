//! What a URL names: one server, a primary watched by sentinels, or a cluster.

mod endpoint;
mod parameters;
mod split;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use endpoint::{Access, Address, Endpoint};

use self::parameters::Parameters;
use self::split::{Malformed, Parts, decode};
use super::login::{Login, Protocol, Secret};
use super::tls::{Files, Tls};
use crate::error::ConfigError;

/// The scheme of nodes in this process.
pub(crate) const EMBEDDED: &str = "embedded";
const SERVER_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// A node that takes longer than this to connect is down for every practical purpose.
const MAX_CONNECT_TIMEOUT_MS: u64 = 60_000;
const MAX_CLIENT_NAME_BYTES: usize = 256;
/// Servers keep the number of their databases in an int.
const MAX_DATABASE: u32 = i32::MAX.unsigned_abs();

/// What is to be reached.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// One server.
    Server(Endpoint),
    /// The primary of a service, as the sentinels name it.
    Sentinel {
        /// Whom to ask.
        sentinels: Vec<Endpoint>,
        /// The service's name.
        service: Arc<str>,
        /// How to reach the servers that the sentinels name.
        servers: Access,
    },
    /// A Redis Cluster.
    Cluster {
        /// Whom to ask for the map of slots first.
        seeds: Vec<Endpoint>,
        /// How to reach the servers that the map names.
        servers: Access,
    },
    /// A node in this process.
    Embedded {
        /// Its name.
        #[cfg_attr(
            not(feature = "embedded"),
            expect(dead_code, reason = "without the feature there is no such node")
        )]
        name: String,
    },
}

/// What follows the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Server,
    Unix,
    Sentinel,
    Cluster,
}

impl Target {
    /// Reads a URL, and the files that it names.
    ///
    /// - `redis://[user[:password]@]host[:port][/database]`
    /// - `redis+sentinel://[user[:password]@]host[:port],host[:port],../service[/database]`
    /// - `redis+cluster://[user[:password]@]host[:port],host[:port],..`
    /// - `rediss` in place of `redis` in any of them: inside TLS
    /// - `unix:///path`
    /// - `embedded://name`
    ///
    /// Parameters: `client_name`, `protocol` (`resp2` or `resp3`; RESP3 with a fall-back by default),
    /// `connect_timeout_ms`; with TLS `ca`, `cert` and `key`; on `unix` `user`, `password` and `db`; on sentinel
    /// `sentinel_user` and `sentinel_password`. What has a meaning of its own in a URL is percent-encoded in all
    /// parts; a `+` is a plus.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`], [`ConfigError::Url`], [`ConfigError::Feature`] or [`ConfigError::Certificate`].
    /// None of them ever shows the user, the password or a parameter, wherever in the URL they were put; the
    /// exception is the path of a certificate's file.
    pub(crate) fn parse(url: &str) -> Result<Self, ConfigError> {
        let (parts, mut malformed) = Parts::split(url)?;
        if parts.scheme == EMBEDDED {
            return embedded(&parts, &malformed);
        }
        let (kind, is_tls) = kind(&parts.scheme)?;
        if kind == Kind::Unix {
            return unix(&parts, malformed);
        }
        let default_port = if kind == Kind::Sentinel { SENTINEL_PORT } else { SERVER_PORT };
        let addresses = parts.addresses(default_port, &malformed)?;
        malformed.show_addresses(&addresses);

        let path = parts.path.strip_prefix('/').unwrap_or_default();
        let (service, database) = match kind {
            Kind::Sentinel => path.split_once('/').unwrap_or((path, "")),
            Kind::Server | Kind::Cluster | Kind::Unix => ("", path),
        };
        let service = decode(service, &malformed)?;
        let database = number_of(database, &malformed)?;
        malformed.show_path(parts.path);

        let parameters = Parameters::read(parts.query, &known(kind, is_tls), &malformed)?;
        let (user, password) = parts.user.split_once(':').unwrap_or((parts.user, ""));
        let (user, password) = (decode(user, &malformed)?, decode(password, &malformed)?);
        let login = login(&user, &password, database, &parameters, &malformed)?;
        let connect_within = connect_within(&parameters, &malformed)?;
        let first = match (kind, addresses.as_slice()) {
            (Kind::Server, [_, _, ..]) => {
                return Err(
                    malformed.because("it names one host; several need redis+sentinel or redis+cluster")
                );
            }
            (Kind::Cluster, _) if database != 0 => {
                return Err(malformed.because("a cluster has only database 0"));
            }
            (Kind::Sentinel, _) if service.is_empty() => {
                return Err(
                    malformed.because("the service's name is missing: give it as the path, /mymaster say")
                );
            }
            (_, [first, ..]) => first.clone(),
            (_, []) => return Err(malformed.because(split::HOSTS)),
        };
        let tls = is_tls.then(|| Tls::load(&parts.scheme, &files(&parameters))).transpose()?;
        let servers = Access { tls, login, connect_within };
        let all = |access: &Access| addresses.iter().map(|address| access.at(address.clone())).collect();
        Ok(match kind {
            Kind::Sentinel => {
                let login = sentinel_login(&servers.login, &parameters);
                let sentinels = all(&Access { login, ..servers.clone() });
                Self::Sentinel { sentinels, service: service.into(), servers }
            }
            Kind::Cluster => Self::Cluster { seeds: all(&servers), servers },
            Kind::Server | Kind::Unix => Self::Server(servers.at(first)),
        })
    }
}

fn kind(scheme: &str) -> Result<(Kind, bool), ConfigError> {
    Ok(match scheme {
        "redis" => (Kind::Server, false),
        "rediss" => (Kind::Server, true),
        "unix" => (Kind::Unix, false),
        "redis+sentinel" => (Kind::Sentinel, false),
        "rediss+sentinel" => (Kind::Sentinel, true),
        "redis+cluster" => (Kind::Cluster, false),
        "rediss+cluster" => (Kind::Cluster, true),
        _ => return Err(ConfigError::Scheme { scheme: scheme.into() }),
    })
}

/// The names of all parameters that such a URL may have.
fn known(kind: Kind, is_tls: bool) -> Vec<&'static str> {
    let mut known = vec!["client_name", "protocol", "connect_timeout_ms"];
    if is_tls {
        known.extend(["ca", "cert", "key"]);
    }
    match kind {
        Kind::Unix => known.extend(["user", "password", "db"]),
        Kind::Sentinel => known.extend(["sentinel_user", "sentinel_password"]),
        Kind::Server | Kind::Cluster => {}
    }
    known
}

fn embedded(parts: &Parts<'_>, malformed: &Malformed) -> Result<Target, ConfigError> {
    let is_name = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    match parts.name_alone().filter(is_name) {
        Some(name) => Ok(Target::Embedded { name: name.into() }),
        None => {
            Err(malformed
                .because("it is a name alone, of letters, digits, and any of -_.:, as in embedded://a"))
        }
    }
}

fn unix(parts: &Parts<'_>, mut malformed: Malformed) -> Result<Target, ConfigError> {
    if !parts.is_local() {
        return Err(malformed.because("three slashes lead to a socket, and no host: unix:///path"));
    }
    let path = PathBuf::from(decode(parts.path, &malformed)?);
    malformed.show_path(parts.path);
    if path.file_name().is_none() {
        return Err(malformed.because("it has no path: write unix:///path"));
    }
    #[cfg(unix)]
    if std::os::unix::net::SocketAddr::from_pathname(&path).is_err() {
        return Err(malformed.because("its path is too long for a socket, or holds a zero byte"));
    }
    let parameters = Parameters::read(parts.query, &known(Kind::Unix, false), &malformed)?;
    let value = |name| parameters.get(name).unwrap_or_default();
    let database = number_of(value("db"), &malformed)?;
    let login = login(value("user"), value("password"), database, &parameters, &malformed)?;
    let connect_within = connect_within(&parameters, &malformed)?;
    Ok(Target::Server(Access { tls: None, login, connect_within }.at(Address::Unix(path))))
}

/// The number of a database; nothing is 0.
fn number_of(database: &str, malformed: &Malformed) -> Result<u32, ConfigError> {
    if database.is_empty() {
        return Ok(0);
    }
    let number = split::digits(database).and_then(|digits| digits.parse().ok());
    number
        .filter(|number| *number <= MAX_DATABASE)
        .ok_or_else(|| malformed.because(format!("the database is a number from 0 to {MAX_DATABASE}")))
}

fn login(
    user: &str,
    password: &str,
    database: u32,
    parameters: &Parameters,
    malformed: &Malformed,
) -> Result<Login, ConfigError> {
    let client_name = parameters.get("client_name");
    let is_name =
        |name: &str| name.len() <= MAX_CLIENT_NAME_BYTES && name.bytes().all(|b| b.is_ascii_graphic());
    if !client_name.is_none_or(is_name) {
        return Err(malformed.because("client_name must be up to 256 ASCII characters without a space"));
    }
    let protocol = match parameters.get("protocol") {
        None => Protocol::Newest,
        Some("resp2") => Protocol::Resp2,
        Some("resp3") => Protocol::Resp3,
        Some(_) => return Err(malformed.because("protocol must be resp2 or resp3")),
    };
    Ok(Login {
        user: given(user).map(Into::into),
        password: given(password).map(Secret::new),
        database,
        client_name: client_name.map(Into::into),
        protocol,
    })
}

/// Sentinels have users of their own, and no databases. The rest is as on the servers.
fn sentinel_login(servers: &Login, parameters: &Parameters) -> Login {
    Login {
        user: parameters.get("sentinel_user").map(Into::into),
        password: parameters.get("sentinel_password").map(Secret::new),
        database: 0,
        ..servers.clone()
    }
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn connect_within(parameters: &Parameters, malformed: &Malformed) -> Result<Duration, ConfigError> {
    let Some(text) = parameters.get("connect_timeout_ms") else {
        return Ok(Duration::from_millis(CONNECT_TIMEOUT_MS));
    };
    let milliseconds = split::digits(text).and_then(|digits| digits.parse().ok());
    let milliseconds = milliseconds.filter(|ms| (1..=MAX_CONNECT_TIMEOUT_MS).contains(ms));
    milliseconds.map(Duration::from_millis).ok_or_else(|| {
        malformed.because(format!("connect_timeout_ms must be from 1 to {MAX_CONNECT_TIMEOUT_MS}"))
    })
}

fn files(parameters: &Parameters) -> Files {
    let file = |name| parameters.get(name).map(String::from);
    Files { ca: file("ca"), cert: file("cert"), key: file("key") }
}

//! How a server is to be started.

use std::fmt;

use super::image::TestImage;
use super::server::Server;

/// How a server is to be started: on a mapped port, without persistence, open to everybody, unless it says
/// otherwise.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::ServerOptions;
///
/// let options = ServerOptions::new()
///     .durable()
///     .password("open sesame")
///     .user("reader on >1234 ~* +get")
///     .arg("maxclients", "100");
/// assert_eq!(format!("{options:?}"), "ServerOptions { args: 3, .. }");
/// ```
#[derive(Clone, Default)]
pub struct ServerOptions {
    pub(super) args: Vec<Vec<String>>,
    pub(super) password: Option<String>,
    pub(super) is_durable: bool,
    pub(super) is_on_host: bool,
    pub(super) has_unix_socket: bool,
    pub(super) tls: Option<(TlsFiles, TlsClients)>,
    pub(super) role: Role,
    pub(super) image: Option<TestImage>,
}

/// What a server needs for TLS, as PEM.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "tests fill it in, and TLS has no fourth file")]
pub struct TlsFiles {
    /// The certificate of the authority that signed the server's and, where they are asked for, clients'.
    pub ca_pem: String,
    /// The server's certificate, for the address 127.0.0.1.
    pub cert_pem: String,
    /// The key of the server's certificate.
    pub key_pem: String,
}

/// Whether a TLS server asks clients for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsClients {
    /// Everybody is let in.
    Anonymous,
    /// A certificate is verified if there is one.
    MayHaveCertificate,
    /// Nobody is let in without a certificate.
    NeedCertificate,
}

/// What part a server plays in a set.
#[derive(Clone, Debug, Default)]
pub(super) enum Role {
    #[default]
    Alone,
    /// Watched by sentinels: it announces its proxy's address.
    Watched,
    /// A sentinel with these lines of configuration: it announces its proxy's address.
    Sentinel(String),
    /// A node of a cluster: it announces its proxy's address to clients.
    ClusterNode,
}

impl ServerOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes everything to a file before it is acknowledged (`appendonly yes`), so that it outlives a kill. Only
    /// such a server can be [restarted with its data](Server::restart_with_data).
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.is_durable = true;
        self
    }

    /// Sets `requirepass`, the password of the user `default`.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self.arg("requirepass", password)
    }

    /// Adds an ACL user, in the words of ACL SETUSER: `alice on >secret ~app:* +@read`.
    #[must_use]
    pub fn user(self, rules: &str) -> Self {
        self.args("user", rules.split_whitespace())
    }

    /// Adds one line of redis.conf.
    #[must_use]
    pub fn arg(self, name: &str, value: &str) -> Self {
        self.args(name, [value])
    }

    /// Adds one line of redis.conf that has several values.
    #[must_use]
    pub fn args<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.args.push([format!("--{name}")].into_iter().chain(values.into_iter().map(Into::into)).collect());
        self
    }

    /// Takes TLS from clients, at [`Server::url`], which is then a `rediss://` one.
    #[must_use]
    pub fn tls(mut self, files: TlsFiles, clients: TlsClients) -> Self {
        self.tls = Some((files, clients));
        self
    }

    /// Uses the host's own network, at a port found free on 127.0.0.1: no proxy process of Docker's is in the
    /// way at [`Server::direct_url`], and the port outlives restarts. For benches, and for servers that must
    /// see each other.
    #[must_use]
    pub const fn on_host_network(mut self) -> Self {
        self.is_on_host = true;
        self
    }

    /// Listens on a Unix socket too, at [`Server::unix_url`].
    #[must_use]
    pub const fn unix_socket(mut self) -> Self {
        self.has_unix_socket = true;
        self
    }

    /// Runs this image, whichever was chosen for the process: for tests of servers of two versions.
    #[must_use]
    pub const fn image(mut self, image: TestImage) -> Self {
        self.image = Some(image);
        self
    }

    /// Starts the server, and waits until it answers.
    pub async fn start(self) -> Server {
        Server::run(self).await
    }

    pub(super) fn role(mut self, role: Role) -> Self {
        self.role = role;
        self.on_host_network()
    }
}

impl fmt::Debug for ServerOptions {
    /// Without the arguments: passwords are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions").field("args", &self.args.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for TlsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFiles").finish_non_exhaustive()
    }
}

impl TlsClients {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Anonymous => "no",
            Self::MayHaveCertificate => "optional",
            Self::NeedCertificate => "yes",
        }
    }
}

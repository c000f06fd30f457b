//! One real server behind a proxy: paused, killed and restarted on demand, at an address that stays.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use redis::{Cmd, RedisResult, Value};
use tokio::sync::Mutex as AsyncMutex;

use super::super::proxy::Proxy;
use super::container::{Container, Recipe};
use super::options::ServerOptions;
use super::ports::Ports;
use super::work::{must, on_background, until};
use super::{direct, leash};

use crate::lock::lock;

/// Counts the directories that hold Unix sockets.
static SOCKETS: AtomicU64 = AtomicU64::new(0);

/// A server in a container, behind a loopback proxy.
///
/// Its URL is the proxy's, so it stays the same over restarts, although Docker publishes another port at each.
/// Dropping the last handle removes the container.
///
/// # Cancel safety
///
/// What was begun goes on when its future is dropped: a server is not left half restarted.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::Server;
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redis::RedisResult<()> {
/// let server = Server::start().await;
/// server.direct(cmd("SET").arg("name").arg("bob")).await?;
/// server.kill().await;
/// server.restart_with_data().await;
/// assert_eq!(server.direct(cmd("EXISTS").arg("name")).await?, redis::Value::Int(1));
/// server.restart_wiped().await;
/// assert_eq!(server.direct(cmd("EXISTS").arg("name")).await?, redis::Value::Int(0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    machine: Arc<Machine>,
    proxy: Proxy,
    is_shared: bool,
}

/// The server itself, without the proxy that its user sees.
#[derive(Debug)]
pub(super) struct Machine {
    options: ServerOptions,
    ports: Ports,
    recipe: Recipe,
    container: AsyncMutex<Container>,
    published: Mutex<Published>,
}

/// Where the server can be reached now.
#[derive(Clone, Copy, Debug)]
struct Published {
    /// Without TLS: for ourselves.
    plain: SocketAddr,
    /// As the options say: for the proxy.
    client: SocketAddr,
}

impl Server {
    /// Starts a server of one's own that writes everything to disk, and waits until it answers.
    ///
    /// # Cost
    ///
    /// About a second. Tests that kill nothing take [`servers`](super::servers).
    pub async fn start() -> Self {
        ServerOptions::new().durable().start().await
    }

    pub(super) async fn run(options: ServerOptions) -> Self {
        on_background(async move {
            let ports = Ports::choose(options.is_on_host);
            let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
            let proxy = must("start a proxy", Proxy::start(nowhere));
            let machine = Arc::new(Machine::run(options, ports, proxy.addr()).await);
            proxy.set_upstream(machine.published().client);
            Self { machine, proxy, is_shared: false }
        })
        .await
    }

    /// The same server behind a proxy of the caller's own; it refuses what others would notice.
    pub(super) fn share(&self) -> Self {
        let proxy = must("start a proxy", Proxy::start(self.machine.published().client));
        Self { machine: Arc::clone(&self.machine), proxy, is_shared: true }
    }

    /// The URL to connect to: the proxy's, without user and password. `rediss://` if the server was given TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.machine.options.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}", self.proxy.addr())
    }

    /// The URL with a user and a password; both must be plain letters and digits.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        self.url().replace("://", &format!("://{user}:{password}@"))
    }

    /// The URL of the server itself, past the proxy and without TLS. Unless the server is on the host's
    /// network, it is another one after each restart.
    #[must_use]
    pub fn direct_url(&self) -> String {
        format!("redis://{}", self.direct_addr())
    }

    /// The address of [`direct_url`](Self::direct_url): also what a second proxy takes, for the same server
    /// under two names.
    #[must_use]
    pub fn direct_addr(&self) -> SocketAddr {
        self.machine.published().plain
    }

    /// The path of the server's Unix socket as a `unix://` URL.
    ///
    /// # Panics
    ///
    /// If the server was started without [`ServerOptions::unix_socket`].
    #[must_use]
    pub fn unix_url(&self) -> String {
        let Some(dir) = &self.machine.recipe.socket_dir else {
            panic!("ask for `unix_socket()` at the start")
        };
        format!("unix://{}", dir.join("server.sock").display())
    }

    /// The network between clients and the server, to break it.
    #[must_use]
    pub const fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Sends `command` past the proxy, as the default user: for set-up, and to see what really happened.
    ///
    /// # Errors
    ///
    /// What the server or the connection to it says.
    pub async fn direct(&self, command: &Cmd) -> RedisResult<Value> {
        let machine = Arc::clone(&self.machine);
        let command = command.clone();
        on_background(async move { machine.call(&command).await }).await
    }

    /// Freezes the server: connections are taken, and nothing is answered.
    pub async fn pause(&self) {
        self.own("pause", |machine, _| async move { machine.container.lock().await.pause().await }).await;
    }

    /// Lets a paused server go on, with all that it was sent meanwhile.
    pub async fn unpause(&self) {
        self.own("unpause", |machine, _| async move { machine.container.lock().await.unpause().await }).await;
    }

    /// Kills the server with SIGKILL; from then on its address refuses connections.
    pub async fn kill(&self) {
        self.own("kill", |machine, proxy| async move { machine.kill(&proxy).await }).await;
    }

    /// Starts the server again with what it had acknowledged, killing it first if it still runs. The proxy
    /// heals.
    ///
    /// # Panics
    ///
    /// If the server is not [durable](ServerOptions::durable).
    pub async fn restart_with_data(&self) {
        assert!(self.machine.options.is_durable, "only a server started with `durable()` keeps its data");
        self.own("restart", |machine, proxy| async move {
            machine.kill(&proxy).await;
            machine.container.lock().await.start().await;
            machine.come_back(&proxy).await;
        })
        .await;
    }

    /// Starts the server again with nothing of what it had, killing it first if it still runs. The proxy
    /// heals.
    pub async fn restart_wiped(&self) {
        self.own("wipe", |machine, proxy| async move {
            machine.kill(&proxy).await;
            let mut container = machine.container.lock().await;
            *container = Container::run(&machine.recipe).await;
            drop(container);
            machine.come_back(&proxy).await;
        })
        .await;
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.machine.options.password.as_deref()
    }

    pub(super) fn ports(&self) -> &Ports {
        &self.machine.ports
    }

    /// Does what nobody else may notice.
    async fn own<F: Future<Output = ()> + Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(Arc<Machine>, Proxy) -> F,
    ) {
        assert!(!self.is_shared, "to {what} a server that other tests share, take `Server::start()` instead");
        on_background(work(Arc::clone(&self.machine), self.proxy.clone())).await;
    }
}

impl Machine {
    async fn run(options: ServerOptions, ports: Ports, announced: SocketAddr) -> Self {
        let socket_dir = options.has_unix_socket.then(socket_dir);
        let recipe = ports.recipe(&options, announced, socket_dir);
        let container = AsyncMutex::new(Container::run(&recipe).await);
        let published = Mutex::new(Published { plain: announced, client: announced });
        let machine = Self { options, ports, recipe, container, published };
        machine.await_ready().await;
        machine
    }

    async fn kill(&self, proxy: &Proxy) {
        let container = self.container.lock().await;
        if container.is_running().await {
            container.kill().await;
        }
        proxy.cut();
    }

    async fn come_back(&self, proxy: &Proxy) {
        self.await_ready().await;
        proxy.set_upstream(self.published().client);
        proxy.heal();
    }

    /// Finds out where the server is published, and waits until it answers there.
    async fn await_ready(&self) {
        let container = self.container.lock().await;
        let plain = self.locate(&container, self.ports.plain).await;
        let client = match self.options.tls {
            Some(_) => self.locate(&container, self.ports.tls).await,
            None => plain,
        };
        *lock(&self.published) = Published { plain, client };
        let container = &*container;
        until("a server to answer", || async move {
            let answer = direct::ping(plain, self.options.password.as_deref()).await;
            if answer.is_err() && !container.is_running().await {
                panic!("{}", container.obituary().await);
            }
            answer
        })
        .await;
    }

    async fn locate(&self, container: &Container, port: u16) -> SocketAddr {
        match self.ports.on_host(port) {
            Some(addr) => addr,
            None => container.published(port).await,
        }
    }

    fn published(&self) -> Published {
        *lock(&self.published)
    }

    async fn call(&self, command: &Cmd) -> RedisResult<Value> {
        direct::call(self.published().plain, self.options.password.as_deref(), command).await
    }
}

fn socket_dir() -> PathBuf {
    let dir = leash::dir().join(SOCKETS.fetch_add(1, Ordering::Relaxed).to_string());
    must("make a directory for a socket", std::fs::create_dir_all(&dir));
    dir
}

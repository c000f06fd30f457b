//! From an endpoint to a stream of bytes: resolved, connected, configured, inside TLS if asked, all in time.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::login::Login;
use super::url::{Address, Endpoint};
use crate::error::LinkError;

/// An idle connection is asked after this long whether it still lives ..
const KEEPALIVE_TIME: Duration = Duration::from_secs(15);
/// .. again after this long without an answer ..
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// .. and given up after this many unanswered questions: 30 s in all.
const KEEPALIVE_RETRIES: u32 = 3;
/// Bytes that the peer's machine has not acknowledged for this long end the connection. Keepalive does not
/// see to that: it asks only on a connection with nothing under way.
#[cfg(any(target_os = "linux", target_os = "android"))]
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// Of all addresses of a name, only this many are tried.
const MAX_ADDRESSES: usize = 16;

/// A two-way stream of bytes to a server.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// A stream of whatever kind.
pub(crate) type BoxedStream = Box<dyn Stream>;

/// Whatever makes connections: a fixed endpoint, or one that asks around first.
#[async_trait]
pub(crate) trait Dial: fmt::Debug + Send + Sync {
    /// Makes a new connection, not yet logged in.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves no connection behind.
    async fn dial(&self) -> Result<Dialed, LinkError>;

    /// How long making a connection may take, the login included.
    fn within(&self) -> Duration;

    /// What is reached, as errors name it.
    fn to(&self) -> String;
}

/// A new connection, and what to say on it first.
pub(crate) struct Dialed {
    pub(crate) stream: BoxedStream,
    /// The address as errors name it.
    pub(crate) to: Arc<str>,
    /// Who is to log in on it.
    pub(crate) login: Login,
    /// Whether the server must be a primary, and another one is to be looked for when it is one no more.
    pub(crate) must_be_primary: bool,
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed").field("to", &self.to).field("login", &self.login).finish_non_exhaustive()
    }
}

#[async_trait]
impl Dial for Endpoint {
    async fn dial(&self) -> Result<Dialed, LinkError> {
        let stream = dial(self).await?;
        let (to, login) = (self.address.to_string().into(), self.access.login.clone());
        Ok(Dialed { stream, to, login, must_be_primary: false })
    }

    fn within(&self) -> Duration {
        self.access.connect_within
    }

    fn to(&self) -> String {
        self.address.to_string()
    }
}

/// For tests: a stream from a closure, and nobody to log in.
#[cfg(feature = "test-util")]
#[async_trait]
impl Dial for crate::test_util::Streams {
    async fn dial(&self) -> Result<Dialed, LinkError> {
        let stream = (self.0)().await.map_err(|reason| refused(&self.to(), reason))?;
        Ok(Dialed { stream, to: self.to().into(), login: Login::default(), must_be_primary: false })
    }

    fn within(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn to(&self) -> String {
        "a stream".to_owned()
    }
}

/// Connects to `endpoint` within its connect time-out, TLS included.
///
/// # Errors
///
/// [`LinkError::Connect`] if the name has no address or nobody takes the connection, [`LinkError::Tls`], or
/// [`LinkError::ConnectDeadline`].
pub(crate) async fn dial(endpoint: &Endpoint) -> Result<BoxedStream, LinkError> {
    let to = endpoint.address.to_string();
    let within = endpoint.access.connect_within;
    match timeout(within, connect(endpoint, &to, within)).await {
        Ok(answer) => answer,
        Err(_) => Err(LinkError::ConnectDeadline { to, after: within }),
    }
}

async fn connect(endpoint: &Endpoint, to: &str, within: Duration) -> Result<BoxedStream, LinkError> {
    let (stream, host): (BoxedStream, &str) = match &endpoint.address {
        Address::Tcp { host, port } => (Box::new(tcp(host, *port, to, within).await?), host),
        Address::Unix(path) => (unix(path, to).await?, "localhost"),
    };
    match &endpoint.access.tls {
        Some(tls) => tls.over(stream, host, to).await,
        None => Ok(stream),
    }
}

async fn tcp(host: &str, port: u16, to: &str, within: Duration) -> Result<TcpStream, LinkError> {
    let until = Instant::now() + within;
    let addresses = lookup_host((host, port)).await.map_err(|reason| refused(to, reason))?;
    let addresses: Vec<_> = addresses.take(MAX_ADDRESSES).collect();
    let stream = first_of(&addresses, to, until, within).await?;
    configure(&stream).map_err(|reason| refused(to, reason))?;
    Ok(stream)
}

/// Tries all addresses in order and tells the last one's error. Each has an even share of the time that is
/// left, so that one that hangs does not keep the others from being tried.
async fn first_of(
    addresses: &[SocketAddr],
    to: &str,
    until: Instant,
    within: Duration,
) -> Result<TcpStream, LinkError> {
    let mut last = refused(to, io::Error::other("the name has no address"));
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for (left, address) in (1..=count).rev().zip(addresses) {
        let share = until.saturating_duration_since(Instant::now()) / left;
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(reason)) => refused(to, reason),
            Err(_) => LinkError::ConnectDeadline { to: to.into(), after: within },
        };
    }
    Err(last)
}

/// No waiting for fuller packets, and a peer whose machine is gone is noticed.
fn configure(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_TIME)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_RETRIES);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(())
}

#[cfg(unix)]
async fn unix(path: &Path, to: &str) -> Result<BoxedStream, LinkError> {
    let stream = tokio::net::UnixStream::connect(path).await.map_err(|reason| refused(to, reason))?;
    Ok(Box::new(stream))
}

#[cfg(not(unix))]
async fn unix(_path: &Path, to: &str) -> Result<BoxedStream, LinkError> {
    Err(refused(to, io::ErrorKind::Unsupported.into()))
}

fn refused(to: &str, reason: io::Error) -> LinkError {
    LinkError::Connect { to: to.into(), reason: Arc::new(reason) }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use socket2::{Domain, Socket, Type};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, UnixListener};

    use super::*;
    use crate::connect::url::Target;

    fn endpoint(url: &str) -> Endpoint {
        match Target::parse(url) {
            Ok(Target::Server(endpoint)) => endpoint,
            other => panic!("{other:?}"),
        }
    }

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// An address that nobody listens on, kept from being given to anybody else.
    fn deserted() -> (Socket, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, address)
    }

    /// A listener whose queue is full, so that a new connection hangs. Filled in real time: paused time could pass before the
    /// system has taken a connection.
    fn full() -> (Socket, SocketAddr, Vec<std::net::TcpStream>) {
        let (socket, address) = deserted();
        socket.listen(0).unwrap();
        let mut queue = Vec::new();
        loop {
            match std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
                Ok(taken) => queue.push(taken),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
                    return (socket, address, queue);
                }
            }
            assert!(queue.len() < 16, "the queue is never full");
        }
    }

    #[tokio::test]
    async fn what_is_dialled_has_a_stream_an_address_and_a_login() {
        let (listener, address) = listen().await;
        let endpoint: Arc<dyn Dial> = Arc::new(endpoint(&format!("redis://ada:hunter2@{address}/3")));
        let dialed = endpoint.dial().await.unwrap();
        assert_eq!(&*dialed.to, address.to_string());
        assert_eq!(dialed.login.database, 3);
        let shown = format!("{dialed:?} {endpoint:?}");
        assert!(!shown.contains("ada") && !shown.contains("hunter2"), "{shown}");

        let (mut theirs, _) = listener.accept().await.unwrap();
        let mut ours = dialed.stream;
        ours.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        theirs.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
    }

    #[tokio::test]
    async fn the_socket_options_are_really_set() {
        let (_listener, address) = listen().await;
        let within = Duration::from_secs(5);
        let stream = tcp("127.0.0.1", address.port(), "here", within).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(5));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(30)));
    }

    #[tokio::test]
    async fn a_refused_port_is_a_refusal_that_names_the_address() {
        let (_socket, address) = deserted();
        let error = endpoint(&format!("redis://:hunter2@{address}")).dial().await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot connect to {address}: connection refused"));
        assert!(error.is_refusal());
    }

    #[tokio::test]
    async fn a_name_without_an_address_says_so() {
        // Where no server of names can be reached, it takes the system a while to say so.
        let url = "redis://redfleet.invalid?connect_timeout_ms=60000";
        let error = endpoint(url).dial().await.unwrap_err();
        assert!(matches!(error, LinkError::Connect { .. }), "{error:?}");
        assert!(error.to_string().starts_with("cannot connect to redfleet.invalid:6379: "), "{error}");
        assert!(!error.is_refusal());
    }

    #[tokio::test]
    async fn a_unix_socket_is_reached_and_a_missing_one_is_a_refusal() {
        let directory = std::env::temp_dir().join(format!("redfleet-dial-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("s");
        let endpoint = endpoint(&format!("unix://{}?db=1", path.display()));
        let error = endpoint.dial().await.unwrap_err();
        assert!(error.is_refusal(), "{error:?}");
        let told = format!("cannot connect to {}: no such file or directory", path.display());
        assert_eq!(error.to_string(), told);

        let listener = UnixListener::bind(&path).unwrap();
        let mut ours = endpoint.dial().await.unwrap().stream;
        ours.write_all(b"x").await.unwrap();
        let (mut theirs, _) = listener.accept().await.unwrap();
        assert_eq!(theirs.read_u8().await.unwrap(), b'x');
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_hung_address_costs_the_connect_time_out_and_no_more() {
        let (_socket, address, _queue) = full();
        let start = Instant::now();
        let url = format!("redis://:hunter2@{address}?connect_timeout_ms=700");
        let error = endpoint(&url).dial().await.unwrap_err();
        assert!(matches!(error, LinkError::ConnectDeadline { .. }), "{error:?}");
        assert_eq!(error.to_string(), format!("cannot connect to {address}: no answer within 700ms"));
        let taken = start.elapsed();
        assert!((700..710).contains(&taken.as_millis()), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hung_or_refused_address_does_not_keep_the_next_from_being_tried() {
        let within = Duration::from_secs(1);
        let (_full, hung, _queue) = full();
        let (_deserted, refused) = deserted();
        let (_listener, good) = listen().await;
        let start = Instant::now();
        let stream = first_of(&[refused, hung, good], "here", start + within, within).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        let taken = start.elapsed().as_millis();
        assert!((500..510).contains(&taken), "half of what is left goes to the hung one: {taken} ms");

        let start = Instant::now();
        let error = first_of(&[hung, refused], "here", start + within, within).await.unwrap_err();
        assert!(error.is_refusal(), "the last error is told: {error:?}");
        let error = first_of(&[], "here", start + within, within).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot connect to here: the name has no address");
    }
}

//! A loopback proxy: the network between a client and a server, which fails on demand.

mod connection;
mod fault;
mod queue;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::background::background;
use super::port::Port;

use crate::lock::lock;

pub use fault::{Fault, Traffic};

/// How many connections may be open at once; one more is closed at once.
const MAX_CONNECTIONS: usize = 4096;

/// A TCP proxy on 127.0.0.1, on a port found free, that keeps its address for its whole life.
///
/// Everything can be switched at any time, from any runtime or none, and holds at once also for connections
/// that are open. The proxy runs on a runtime of its own, so it survives the end of the test that started it.
/// Clones are the same proxy; when the last is dropped, its connections are closed and its port is given back.
///
/// # Guarantee
///
/// A byte that arrives after a switch is treated as the switch says. As TCP never leaves a hole in a stream, no
/// connection goes on behind one here: a connection that lost something is closed as soon as it stops losing,
/// and one that spoke garbage when it is to speak sense again.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::{Fault, Proxy};
///
/// # fn main() -> std::io::Result<()> {
/// # let server = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let proxy = Proxy::start(server.local_addr()?)?;
/// assert!(proxy.url().starts_with("redis://127.0.0.1:"));
/// proxy.set(Fault::Hang); // nothing passes, nothing is lost
/// proxy.lose_next_replies(1); // carried out, but never told
/// proxy.cut(); // refuses, until it heals
/// assert!(std::net::TcpStream::connect(proxy.addr()).is_err());
/// proxy.heal();
/// assert!(std::net::TcpStream::connect(proxy.addr()).is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Proxy {
    owner: Arc<Owner>,
}

/// Ends the proxy when its last clone is dropped; its tasks hold only what is shared.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    port: Port,
    listener: Mutex<Option<TcpListener>>,
    setting: watch::Sender<Setting>,
    open: AtomicUsize,
    requests_to_lose: AtomicUsize,
    replies_to_lose: AtomicUsize,
    connections: AtomicU64,
    request_bytes: AtomicU64,
    reply_bytes: AtomicU64,
    lost_bytes: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Setting {
    upstream: SocketAddr,
    fault: Fault,
    /// The connections with lower numbers are stranded.
    stranded: u64,
    /// How often all connections were closed: one that was taken before the last time is over, even if it
    /// never saw the setting in between.
    cuts: u64,
    is_ended: bool,
}

impl Proxy {
    /// A proxy in front of `upstream`, which need not be up.
    ///
    /// # Errors
    ///
    /// What the operating system says if there is no free port.
    pub fn start(upstream: SocketAddr) -> io::Result<Self> {
        let _runtime = background().enter();
        let port = Port::reserve()?;
        let shared = Arc::new(Shared {
            listener: Mutex::new(Some(port.listen()?)),
            port,
            setting: watch::Sender::new(Setting {
                upstream,
                fault: Fault::None,
                stranded: 0,
                cuts: 0,
                is_ended: false,
            }),
            open: AtomicUsize::new(0),
            requests_to_lose: AtomicUsize::new(0),
            replies_to_lose: AtomicUsize::new(0),
            connections: AtomicU64::new(0),
            request_bytes: AtomicU64::new(0),
            reply_bytes: AtomicU64::new(0),
            lost_bytes: AtomicU64::new(0),
        });
        background().spawn(accept(Arc::clone(&shared)));
        Ok(Self { owner: Arc::new(Owner { shared }) })
    }

    /// The address to connect to. It never changes.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.shared().port.addr()
    }

    /// The address as a `redis://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// Changes how the network does, until the next change.
    ///
    /// # Panics
    ///
    /// If the proxy was cut off and its port cannot be listened on again.
    pub fn set(&self, fault: Fault) {
        let shared = self.shared();
        let mut listener = shared.listener();
        if fault == Fault::Cut {
            *listener = None;
        } else if listener.is_none() {
            *listener = Some(shared.listen_again());
        }
        shared.setting.send_modify(|setting| {
            setting.fault = fault;
            setting.cuts += u64::from(fault == Fault::Cut);
        });
        drop(listener);
    }

    /// Closes every open connection and has new ones refused, until the next [`set`](Self::set) or
    /// [`heal`](Self::heal).
    pub fn cut(&self) {
        self.set(Fault::Cut);
    }

    /// Holds up what clients send from now on, on the connections that are open now, until it heals: it arrives then, also
    /// where the client has closed its end meanwhile, as what waits in a network's buffers does. Replies to what came
    /// before still pass, and new connections are not concerned. A close is held up as well.
    pub fn strand(&self) {
        let _listener = self.shared().listener();
        let stranded = self.shared().connections.load(Ordering::SeqCst);
        self.shared().setting.send_modify(|setting| setting.stranded = stranded);
    }

    /// Lets all bytes pass again, and forgets what was still to be lost.
    pub fn heal(&self) {
        self.shared().setting.send_modify(|setting| setting.stranded = 0);
        self.lose_next_requests(0);
        self.lose_next_replies(0);
        self.set(Fault::None);
    }

    /// Closes every open connection once. New ones are taken as before.
    pub fn disconnect(&self) {
        let listener = self.shared().listener();
        self.shared().setting.send_modify(|setting| setting.cuts += 1);
        drop(listener);
    }

    /// Loses the next `count` requests: each is swallowed, and its connection closed.
    ///
    /// Counted are the pieces that arrive, which is one a command or batch as long as clients send it at once
    /// and wait for the answer.
    pub fn lose_next_requests(&self, count: usize) {
        self.shared().requests_to_lose.store(count, Ordering::SeqCst);
    }

    /// Loses the next `count` replies: the server has carried the command out, its answer is swallowed, and
    /// the connection closed. Counted as in [`lose_next_requests`](Self::lose_next_requests).
    pub fn lose_next_replies(&self, count: usize) {
        self.shared().replies_to_lose.store(count, Ordering::SeqCst);
    }

    /// Sends new connections there. Open ones stay where they are.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared().setting.send_modify(|setting| setting.upstream = upstream);
    }

    /// Where new connections are sent.
    #[must_use]
    pub fn upstream(&self) -> SocketAddr {
        self.shared().setting.borrow().upstream
    }

    /// How many connections are open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared().open.load(Ordering::SeqCst)
    }

    /// What has passed since the start.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let shared = self.shared();
        Traffic {
            connections: shared.connections.load(Ordering::SeqCst),
            request_bytes: shared.request_bytes.load(Ordering::SeqCst),
            reply_bytes: shared.reply_bytes.load(Ordering::SeqCst),
            lost_bytes: shared.lost_bytes.load(Ordering::SeqCst),
        }
    }

    fn shared(&self) -> &Shared {
        &self.owner.shared
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        *self.shared.listener() = None;
        self.shared.setting.send_modify(|setting| setting.is_ended = true);
    }
}

impl Shared {
    fn listener(&self) -> MutexGuard<'_, Option<TcpListener>> {
        lock(&self.listener)
    }

    #[expect(clippy::panic, reason = "a test whose proxy cannot come back is told at once")]
    fn listen_again(&self) -> TcpListener {
        let _runtime = background().enter();
        let listener = self.port.listen();
        listener.unwrap_or_else(|e| panic!("the proxy cannot listen on {} again: {e}", self.port.addr()))
    }

    fn setting(&self) -> Setting {
        *self.setting.borrow()
    }

    /// The next connection, and how often all were closed before it came; never while the proxy is cut off.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, u64)>> {
        let listener = self.listener();
        let Some(open) = &*listener else { return Poll::Pending };
        open.poll_accept(cx).map_ok(|(client, _)| (client, self.setting().cuts))
    }
}

/// Takes connections until the proxy ends. A change of the setting may have changed the listener.
async fn accept(shared: Arc<Shared>) {
    let mut changes = shared.setting.subscribe();
    while !changes.borrow_and_update().is_ended {
        let accepted = tokio::select! {
            biased;
            _ = changes.changed() => continue,
            accepted = std::future::poll_fn(|cx| shared.poll_accept(cx)) => accepted,
        };
        let Ok((client, cuts)) = accepted else {
            // Out of file descriptors, most likely: they come back, and spinning would not help.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        if shared.open.fetch_add(1, Ordering::SeqCst) < MAX_CONNECTIONS {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                connection::serve(&shared, client, number, cuts).await;
                shared.open.fetch_sub(1, Ordering::SeqCst);
            });
        } else {
            shared.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests;

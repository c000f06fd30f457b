//! A port of our own on 127.0.0.1, kept also while nobody listens on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Bound and never listening: connections are refused, nobody else is given the port, and whoever sets
/// `SO_REUSEADDR`, as Redis does, may listen on it.
#[derive(Debug)]
pub(super) struct Port {
    _socket: TcpSocket,
    addr: SocketAddr,
}

impl Port {
    /// A port that was free.
    pub(super) fn reserve() -> io::Result<Self> {
        let socket = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let addr = socket.local_addr()?;
        Ok(Self { _socket: socket, addr })
    }

    pub(super) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Listens on it, until the listener is dropped. Needs a runtime.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        bind(self.addr)?.listen(BACKLOG)
    }
}

fn bind(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

//! A port of our own on 127.0.0.1, kept also while nobody listens on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Below what Linux by default gives to outgoing connections, and Docker to containers: Docker takes also a port that is bound,
/// as long as nobody listens on it, so that behind the address of a server that is down there would be another one.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// How many ports this process has asked for: one that was given back is the last to be asked for again.
static ASKED: AtomicU32 = AtomicU32::new(0);

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
        for _ in 0..COUNT {
            match take(candidate()) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                done => return done,
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    pub(super) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Listens on it, until the listener is dropped. Needs a runtime.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.addr)?;
        socket.listen(BACKLOG)
    }
}

/// The next port to try. Processes that run at the same time begin at different places.
fn candidate() -> u16 {
    let place = std::process::id().wrapping_mul(101).wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
    u16::try_from(FIRST + place % COUNT).unwrap_or_default()
}

/// Takes a port, unless anybody has it, and only then lets others listen on it: two that both allow it could both have it.
fn take(number: u16) -> io::Result<Port> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, number).into())?;
    socket.set_reuseaddr(true)?;
    let addr = socket.local_addr()?;
    Ok(Port { _socket: socket, addr })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_is_ours_alone_whether_anybody_listens_on_it_or_not() {
        let port = Port::reserve().unwrap();
        let number = port.addr().port();
        assert_eq!(take(number).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        for _ in 0..3 {
            let listener = port.listen().unwrap();
            tokio::net::TcpStream::connect(port.addr()).await.unwrap();
            assert_eq!(take(number).unwrap_err().kind(), io::ErrorKind::AddrInUse);
            drop(listener);
            let refused = tokio::net::TcpStream::connect(port.addr()).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}

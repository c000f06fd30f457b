//! How a door is to be.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::limits::Limits;
use super::{Door, turnstile};
use crate::embedded::node::Node;

/// Chooses what a [`Door`] is like.
#[derive(Clone, Debug)]
pub struct DoorBuilder {
    node: Arc<Node>,
    address: SocketAddr,
    limits: Limits,
}

impl DoorBuilder {
    pub(in crate::embedded) fn new(node: Arc<Node>) -> Self {
        Self { node, address: (Ipv4Addr::LOCALHOST, 0).into(), limits: Limits::default() }
    }

    /// The port; 0, as it is unless it is said, is any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// The address to listen on, with its port. Unless it is said, a free port of 127.0.0.1.
    ///
    /// # Danger
    ///
    /// Nobody is asked for a password: whoever reaches any other address than loopback may read and change everything.
    #[must_use]
    pub const fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// How many connections may be open at once: 1000, unless it is said.
    #[must_use]
    pub const fn connections_max(mut self, count: usize) -> Self {
        self.limits.connections_max = count;
        self
    }

    /// How many bytes of replies are held that a client does not read: 64 MiB, unless it is said. Beyond it, its further
    /// commands are not carried out before it reads.
    #[must_use]
    pub const fn unread_max_bytes(mut self, bytes: usize) -> Self {
        self.limits.unread_max_bytes = bytes;
        self
    }

    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or this is not called within a tokio runtime.
    pub fn listen(self) -> io::Result<Door> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let listener = StdListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn_on(turnstile::admit(self.node, listener, address, self.limits), &runtime);
        Ok(Door { address, tasks })
    }
}

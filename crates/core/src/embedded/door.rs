//! The RESP door: a node that listens on a TCP port, for clients of other processes.

mod builder;
mod connection;
mod inline;
mod limits;
mod nil;
mod outbox;
mod parse;
mod reply_mode;
mod request;
mod turnstile;
#[cfg(test)]
mod writable;
mod write;

use std::net::SocketAddr;

pub use builder::DoorBuilder;
use tokio::task::JoinSet;
#[cfg(test)]
pub(super) use writable::must_be_writable;

/// A node that listens on a TCP port. When it is dropped, it listens no more and its connections end; the node stays.
///
/// Clients of any language come in: it speaks RESP2 and RESP3 as Redis does, with pipelines, transactions, messages,
/// invalidations and commands that wait. A [restart](super::Embedded::restart) of the node closes all connections, and new ones
/// come to the node's next life.
///
/// # Danger
///
/// There is no password and no TLS: whoever reaches the port may read and change everything. So it is on loopback, unless
/// another address is [given](DoorBuilder::address).
///
/// # Limits
///
/// A word has at most 512 MiB, a command a million words and 1 GiB. Of a connection whose replies are not read no more
/// commands are carried out than give 64 MiB of replies and one. What is queued behind MULTI has 1 GiB too, with 24 bytes for
/// each word and 64 for each command besides. One that is too far behind with messages is cut off, as is one that is killed,
/// whatever it has not read; any other that ends is dropped when it reads nothing for ten seconds. One connection too many is
/// told so, and closed.
///
/// # Example
///
/// ```
/// use redfleet_core::Embedded;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let node = Embedded::new();
/// let door = node.listen(0)?; // any free port of loopback
/// let client = redis::Client::open(door.url())?;
/// let mut connection = client.get_multiplexed_async_connection().await?;
/// let pong: String = redis::cmd("PING").query_async(&mut connection).await?;
/// assert_eq!(pong, "PONG");
/// door.shutdown().await; // dropping it does the same, without waiting
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    /// One task, which has those of the connections.
    tasks: JoinSet<()>,
}

impl Door {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a `redis://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Listens no more, ends all connections, and waits until they are gone.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, polled or not, they end as well: only nobody waits for it.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}

//! A store in this process that answers as Redis does.

mod backend;
mod blocked;
mod builder;
mod call;
mod client;
mod commands;
mod data;
mod door;
#[cfg(test)]
mod fuzz;
mod glob;
mod hub;
mod mailbox;
mod names;
mod node;
mod number;
mod refusal;
mod roster;
mod script;
mod scripts;
mod server;
mod session;
mod spec;
mod state;
mod store;
mod table;
#[cfg(test)]
mod testing;
mod tracking;
mod watches;

use std::fmt;
use std::io;
use std::sync::Arc;

pub use builder::EmbeddedBuilder;
pub use door::{Door, DoorBuilder};
pub(crate) use names::named;
use node::Node;

use crate::backend::Backend;
use crate::clock::Clock;

/// A node that needs no server: a store in this process that answers as Redis does. Clones are the same node.
///
/// It is for first steps, for tests and for simulation. Its time is tokio's, so a test that pauses time pauses it. What it
/// holds is gone when the last handle is.
///
/// # Guarantee
///
/// A command that it does not have is refused as Redis refuses one that it does not know. With a seed and a simulated
/// clock, the same calls give the same replies in every run, the order of everything that Redis leaves open included.
///
/// # Limits
///
/// A script ends with an error, and what it wrote is undone, when it has run for too many instructions of Lua's machine or
/// holds too much memory: see [`EmbeddedBuilder::script_instructions`] and [`EmbeddedBuilder::script_memory_bytes`]. A
/// string has at most 512 MiB. Who does not read what he is told is told of a gap.
///
/// # Cost
///
/// No round trip and no task; about a microsecond a command. One lock is around the node, and a command runs on the thread
/// that polls it: a script keeps both, and everybody who asks the node meanwhile, until it ends.
///
/// # What it does not do
///
/// It is one database, without replication, users, functions, modules and cluster, has neither JSON nor geographic commands, and
/// writes nothing to disk. It is no cache for production: one lock is around all of it, and nothing is ever evicted.
///
/// # Example
///
/// ```
/// use redfleet_core::{BackendExt, Embedded, connect};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let node = connect("embedded://first-steps")?; // the same as Embedded::named("first-steps")
/// node.query::<()>(cmd("SET").arg("name").arg("bob")).await?;
/// let other = Embedded::named("first-steps").shared();
/// assert_eq!(other.query::<String>(cmd("GET").arg("name")).await?, "bob");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Embedded {
    node: Arc<Node>,
}

/// What a node still has after a [restart](Embedded::restart).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is chosen by the caller, never matched on")]
pub enum Kept {
    /// All of it: every acknowledged write was on disk.
    All,
    /// What it had when its last second began: the disk is written to once a second. Without
    /// [`EmbeddedBuilder::synced_every_second`] the disk was never written to, and nothing is left.
    Synced,
    /// Nothing: it keeps its data in memory alone.
    Nothing,
}

impl Embedded {
    /// A node of its own, with no name.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A node whose clock, randomness or limits are chosen.
    #[must_use]
    pub fn builder() -> EmbeddedBuilder {
        EmbeddedBuilder::default()
    }

    /// The node that `embedded://NAME` names: the same one for all who ask, as long as anybody holds it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        named(name)
    }

    /// The node as a backend.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Backend> {
        Arc::new(self.clone())
    }

    /// The clock by which keys expire.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.node.clock()
    }

    /// Listens on this port of loopback, or on any that is free if it is 0, for clients of other processes. This is
    /// [`door`](Self::door) with a port.
    ///
    /// # Errors
    ///
    /// The port cannot be listened on, or this is not called within a tokio runtime.
    pub fn listen(&self, port: u16) -> io::Result<Door> {
        self.door().port(port).listen()
    }

    /// A door to be, by which clients of other processes come in.
    #[must_use]
    pub fn door(&self) -> DoorBuilder {
        DoorBuilder::new(Arc::clone(&self.node))
    }

    /// Ends the server and starts it again, as after a crash: it has a new run id and knows no scripts, all connections
    /// are lost with what was in flight on them, and of the data it has what was kept.
    ///
    /// A command that waits on the node gets a link error, and its effect is unknown. A session is over: whatever is asked on
    /// it later gets a link error without an effect, and there is a new one for whoever asks the node. Who listens is told of a
    /// gap, and goes on listening. Clients of a [door](Self::door) are cut off, and come in again.
    pub fn restart(&self, kept: Kept) {
        self.node.restart(kept);
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("name", &self.node.name()).finish_non_exhaustive()
    }
}

//! Putting named connections together.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Backend, Breaker, ConfigError, Layer};

use super::{Connection, Limits, Pipes};

/// The most connections that one [`Pipes`] may have.
const MAX_CONNECTIONS: usize = 1024;

/// Named connections in the making; see [`Pipes::builder`].
///
/// # Example
///
/// ```
/// use redfleet_pipe::Pipes;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::builder()
///     .connect("users", "embedded://users")?
///     .connect("messages", "embedded://messages")?
///     .deadline(Duration::from_secs(2))
///     .build()?;
/// let (joe, count) = pipes
///     .run(|pipe| {
///         let joe = pipe.on("users").hset("u{1}", "name", "joe");
///         let count = pipe.on("messages").incr("count", 1);
///         (joe, count)
///     })
///     .await?; // both at once
/// assert_eq!((joe, count), (1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct PipesBuilder {
    connections: Vec<Connection>,
    limits: Limits,
}

impl PipesBuilder {
    /// Adds a connection; the first one is the default. It is used as it is: put a breaker around it if a dead server
    /// is to cost nothing.
    #[must_use]
    pub fn connection(mut self, name: &str, backend: Arc<dyn Backend>) -> Self {
        self.connections.push(Connection { name: name.into(), backend });
        self
    }

    /// Adds a connection by its URL, as [`redfleet_core::connect`] takes it, behind a breaker.
    ///
    /// # Errors
    ///
    /// If the URL is malformed.
    pub fn connect(self, name: &str, url: &str) -> Result<Self, ConfigError> {
        let backend = Breaker::default().layer(redfleet_core::connect(url)?);
        Ok(self.connection(name, backend))
    }

    /// How long one connection may take for one batch, with all that is sent again of it; 10 s unless it is said. What is
    /// not answered by then has unknown effect.
    ///
    /// A cluster is one connection: if one of its servers hangs, all commands of the batch have unknown effect when the
    /// deadline comes, also those that the other servers have answered. A breaker then keeps that server out, so it costs
    /// the first few executions and not every one.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = Some(deadline);
        self
    }

    /// No deadline: for those who put one around the execution themselves.
    #[must_use]
    pub const fn without_deadline(mut self) -> Self {
        self.limits.deadline = None;
        self
    }

    /// How often a command that was queued as [idempotent](crate::Pipe::idempotent) is sent again while its effect is
    /// unknown; 2 unless it is said.
    #[must_use]
    pub const fn repeats(mut self, repeats: u32) -> Self {
        self.limits.repeats = repeats;
        self
    }

    /// How many commands go to a connection in one batch, and so in one round trip; 10,000 unless it is said. A longer
    /// pipe goes in several, one after the other, so that what is encoded at a time is bounded. An atomic block is never
    /// split.
    #[must_use]
    pub const fn max_batch(mut self, commands: usize) -> Self {
        self.limits.batch = commands;
        self
    }

    /// How many commands a pipe may hold for each connection, those that were taken back among them; ten millions unless it
    /// is said.
    #[must_use]
    pub const fn max_commands(mut self, commands: usize) -> Self {
        self.limits.commands = commands;
        self
    }

    /// How many commands may wait at an [`AutoPipe`](crate::AutoPipe), or be under way from it; 100,000 unless it is said. Who
    /// would be over it is told [`Error::Overloaded`](crate::Error::Overloaded), and nothing of theirs is sent.
    #[must_use]
    pub const fn max_waiting(mut self, commands: usize) -> Self {
        self.limits.waiting = commands;
        self
    }

    /// Draws all chance (the pauses between attempts of [`Pipes::watch`]) from this seed, so that a run can be had again.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.limits.seed = Some(seed);
        self
    }

    /// The connections.
    ///
    /// # Errors
    ///
    /// If there is none, if there are over 1024, if two have one name, or if a batch may hold nothing, or nothing may wait.
    pub fn build(self) -> Result<Pipes, ConfigError> {
        let names = || self.connections.iter().map(|connection| &connection.name);
        if self.connections.is_empty() || self.connections.len() > MAX_CONNECTIONS {
            return Err(ConfigError::setting("the connections of pipes", "1 to 1024"));
        }
        if names().enumerate().any(|(index, name)| names().take(index).any(|other| other == name)) {
            return Err(ConfigError::setting("the names of pipes' connections", "one for each"));
        }
        if self.limits.batch == 0 {
            return Err(ConfigError::setting("the commands of a batch", "at least 1"));
        }
        if self.limits.waiting == 0 {
            return Err(ConfigError::setting("the commands that may wait at a handle", "at least 1"));
        }
        if self.limits.commands > u32::MAX as usize {
            return Err(ConfigError::setting("the commands that a pipe may hold", "at most 4294967295"));
        }
        Ok(Pipes::from_parts(self.connections, self.limits))
    }
}

//! The connections that pipes send to, by name.

mod builder;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redfleet_core::{Backend, ConfigError};
use redis::{Cmd, FromRedisValue};

use crate::bounded::bounded;
use crate::deferred::convert;
use crate::error::{Error, Result};
use crate::pipe::Pipe;
use crate::resolve::Resolve;

pub use builder::PipesBuilder;

/// Named connections, and what makes pipes for them. Cheap to clone; there is no registry behind it.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Deferred, Pipe, Pipes};
///
/// fn bump(pipe: &mut Pipe, key: &str) -> Deferred<i64> {
///     let count = pipe.incr(key, 1);
///     pipe.expire(key, 60);
///     count
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://pipes")?;
/// let (a, b) = pipes.run(|pipe| (bump(pipe, "a"), bump(pipe, "b"))).await?; // one round trip
/// assert_eq!((a, b), (1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Pipes {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// At least one; the first is the default.
    connections: Vec<Connection>,
    limits: Limits,
    /// Draws how long to wait before another attempt.
    random: Mutex<fastrand::Rng>,
}

/// One backend under its name.
pub(crate) struct Connection {
    name: Arc<str>,
    backend: Arc<dyn Backend>,
}

/// What bounds an execution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long one batch may take, with all that is sent again of it.
    pub(crate) deadline: Option<Duration>,
    /// How many commands go in one batch. A longer pipe goes in several, one after the other, so that what is encoded at
    /// a time is bounded.
    pub(crate) batch: usize,
    /// How often a command that may be repeated is.
    pub(crate) repeats: u32,
    /// How many commands a pipe may hold.
    pub(crate) commands: usize,
    /// How many commands may wait at a handle that many tasks share, or be under way from it.
    pub(crate) waiting: usize,
    /// What all chance is drawn from, if it is to be the same again.
    pub(crate) seed: Option<u64>,
}

impl Pipes {
    /// Begins a set of named connections.
    #[must_use]
    pub fn builder() -> PipesBuilder {
        PipesBuilder::default()
    }

    /// One connection, called `default`.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self::from_parts(vec![Connection { name: "default".into(), backend }], Limits::default())
    }

    /// One connection, called `default`, from a URL as [`redfleet_core::connect`] takes it, behind a breaker.
    ///
    /// # Errors
    ///
    /// If the URL is malformed. A server that is down is told when a pipe is executed.
    pub fn connect(url: &str) -> Result<Self, ConfigError> {
        Self::builder().connect("default", url)?.build()
    }

    fn from_parts(connections: Vec<Connection>, limits: Limits) -> Self {
        let random = Mutex::new(limits.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed));
        Self { shared: Arc::new(Shared { connections, limits, random }) }
    }

    /// An empty pipe, for the first connection unless [`Pipe::on`] says otherwise.
    #[must_use]
    pub fn pipe(&self) -> Pipe {
        Pipe::new(self.clone())
    }

    /// Queues what the closure queues, executes it, and returns the values of whatever structure of deferreds the closure
    /// returns: a tuple, a vector, a map, or a struct of them.
    ///
    /// # Guarantee
    ///
    /// No error goes unseen: that of a command whose deferred was dropped is returned too. Who wants to look at an
    /// error, and have the other values all the same, asks for it as a value: [`Deferred::result`](crate::Deferred::result).
    ///
    /// # Cost
    ///
    /// One round trip for each connection that commands were queued for, all at once; none if there are no commands.
    ///
    /// # Errors
    ///
    /// The first error in the structure, else the first of any other command, or why nothing was sent. Other commands may
    /// have been carried out: a pipe is no transaction, but [`Pipe::atomic`] is.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the effect of what was sent unknown.
    pub async fn run<R: Resolve>(&self, queue: impl FnOnce(&mut Pipe) -> R) -> Result<R::Output> {
        let mut pipe = self.pipe();
        let structure = queue(&mut pipe);
        let flush = pipe.flush();
        let summary = pipe.execute().await?;
        // What a deferred says of its command is at least as telling as what the connection says.
        let values = match flush {
            Some(flush) => flush.resolving(|| structure.resolve())?,
            None => structure.resolve()?,
        };
        summary.all()?;
        Ok(values)
    }

    /// One command on the default connection, by itself.
    pub(crate) async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        redfleet_core::check_shared(command).map_err(Error::Refused)?;
        // There is at least one.
        let Some(connection) = self.connections().first() else { return Err(Error::NotExecuted) };
        let backend = &**connection.backend();
        match bounded(backend, self.limits().deadline, backend.call(command)).await {
            Ok(reply) => convert(reply),
            Err(cause) => Err(Error::said(&connection.name, &redfleet_core::command_name(command), cause)),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(crate) fn connections(&self) -> &[Connection] {
        &self.shared.connections
    }

    /// The number of the connection that is called so.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.connections().iter().position(|connection| &*connection.name == name)
    }

    /// The connection that is called so; the default one without a name.
    pub(crate) fn connection(&self, name: Option<&str>) -> Result<&Connection> {
        let connections = self.connections();
        let found = match name {
            None => connections.first(),
            Some(name) => self.find(name).and_then(|index| connections.get(index)),
        };
        found.ok_or_else(|| self.unknown(name.unwrap_or_default()))
    }

    /// That no connection is called so.
    pub(crate) fn unknown(&self, name: &str) -> Error {
        let known: Vec<_> =
            self.connections().iter().map(|connection| format!("`{}`", connection.name)).collect();
        Error::UnknownConnection { name: name.into(), known: known.join(", ").into() }
    }

    /// The same limits over one other connection.
    pub(crate) fn with_only(&self, name: Arc<str>, backend: Arc<dyn Backend>) -> Self {
        Self::from_parts(vec![Connection { name, backend }], *self.limits())
    }

    /// By chance, up to this long.
    pub(crate) fn chance(&self, longest: Duration) -> Duration {
        let mut random = self.shared.random.lock().unwrap_or_else(PoisonError::into_inner);
        longest.mul_f64(random.f64())
    }
}

impl Connection {
    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(crate) const fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.name).finish()
    }
}

impl Default for Limits {
    fn default() -> Self {
        let deadline = Some(Duration::from_secs(10));
        Self { deadline, batch: 10_000, repeats: 2, commands: 10_000_000, waiting: 100_000, seed: None }
    }
}

//! Commands that wait to be sent together.

mod admit;
mod atomic;
mod callbacks;
mod execution;
mod joint;
mod nest;
mod on;
mod within;

use std::fmt;
use std::sync::Arc;

use redfleet_core::{ScriptCall, mutant};
use redis::{Cmd, FromRedisValue};

use crate::deferred::{Deferred, Read, convert};
use crate::error::{Error, Result};
use crate::flush::{Flush, InFlight, Place, Ticket};
use crate::pipes::Pipes;
use crate::queue::Queue;
use crate::summary::Summary;

use atomic::Block;
use callbacks::Callbacks;

pub(crate) use execution::Execution;
pub(crate) use joint::Joint;
pub use on::On;

/// Commands that wait to be sent together, in one round trip for each connection.
///
/// To queue is synchronous and sends nothing; [`execute`](Self::execute) sends everything, and then each
/// [`Deferred`] has its own value or its own error. A function that takes `&mut Pipe` and returns a deferred works
/// alone and inside any other.
///
/// # Guarantee
///
/// The commands for one connection are carried out in the order in which they were queued (on a cluster: those of one
/// slot), each at most once. Three things are out of this order: what has to wait for the keys of a slot that is on its way
/// from one server to another, a script that the server has forgotten ([`script`](Self::script)), which both come after
/// later commands that have not to wait; and what is sent again because it is [`idempotent`](Self::idempotent), which comes
/// once more, but overtakes no later command of its keys. One that is refused by its server costs no other its reply; a connection that fails costs
/// only its own commands theirs. A pipe is no transaction: see [`atomic`](Self::atomic).
///
/// What can be refused before anything is sent is: an unknown connection, a value that its field cannot store, a
/// command that cannot run here. Such a pipe sends nothing at all.
///
/// A pipe that is dropped with commands in it sends nothing, and warns.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Deferred, Pipe, Pipes};
/// use redfleet_core::redis::Cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://pipe")?;
/// let mut pipe = pipes.pipe();
/// pipe.set("greeting", "hello");
/// let greeting: Deferred<Option<String>> = pipe.get("greeting");
/// let length: Deferred<i64> = pipe.add(Cmd::strlen("greeting")); // any command of redis-rs
/// let wrong: Deferred<i64> = pipe.add(Cmd::lpush("greeting", 1));
///
/// let summary = pipe.execute().await?;
/// assert_eq!((greeting.get()?.as_deref(), length.get()?), (Some("hello"), 5));
/// assert_eq!(wrong.get().unwrap_err().code(), Some("WRONGTYPE")); // it costs no other its reply
/// assert_eq!((summary.commands(), summary.failures()), (4, 1));
/// # Ok(())
/// # }
/// ```
pub struct Pipe {
    pipes: Pipes,
    /// Which connection the next command is for.
    current: usize,
    /// By connection, as far as they were used.
    queues: Vec<Queue>,
    /// What the deferreds of the next execution share.
    flush: Option<Arc<Flush>>,
    /// Why nothing is to be sent.
    refused: Option<Error>,
    block: Option<Block>,
    /// How many closures of nested scopes, blocks and idempotent parts are running.
    depth: u32,
    callbacks: Callbacks,
}

impl Pipe {
    pub(crate) const fn new(pipes: Pipes) -> Self {
        Self {
            pipes,
            current: 0,
            queues: Vec::new(),
            flush: None,
            refused: None,
            block: None,
            depth: 0,
            callbacks: Callbacks::new(),
        }
    }

    /// Queues any command. redis-rs makes all of them: `pipe.add(Cmd::incr("visits", 1))`; what it has no constructor for
    /// is `cmd("NAME").arg(..).take()`.
    ///
    /// # Cost
    ///
    /// One command in the round trip of the execution.
    pub fn add<T: FromRedisValue>(&mut self, command: Cmd) -> Deferred<T> {
        self.add_with(command, convert)
    }

    /// Queues a command whose reply is read by `read`.
    pub fn add_with<T>(&mut self, command: Cmd, read: Read<T>) -> Deferred<T> {
        let has_room = self.has_room();
        if !has_room || self.is_particular() {
            self.admit(&command);
        }
        let index = if has_room {
            let (index, pushed) = self.queue().push(command);
            if let Err(error) = pushed {
                self.refuse(Error::Refused(error));
            }
            index
        } else {
            self.skip()
        };
        self.defer(index, read)
    }

    /// Queues the call of a script.
    ///
    /// # Cost
    ///
    /// One command. The first time on a server, and always in an atomic block, the script's text goes along; where the
    /// server has forgotten the script, one more round trip, after the rest of the pipe.
    pub fn script<T: FromRedisValue>(&mut self, call: &ScriptCall) -> Deferred<T> {
        self.script_with(call, convert)
    }

    /// Queues the call of a script whose reply is read by `read`.
    pub fn script_with<T>(&mut self, call: &ScriptCall, read: Read<T>) -> Deferred<T> {
        let has_room = self.has_room();
        if !has_room || self.is_particular() {
            self.admit(&call.command());
        }
        let index = if has_room { self.queue().push_script(call) } else { self.skip() };
        self.defer(index, read)
    }

    /// Notes that something cannot be queued. Nothing of this pipe (or of the [nested scope](Self::nest) that this is in)
    /// will be sent, and its execution says why. The first refusal is the one that is told.
    pub fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// The number of commands that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queues.iter().map(Queue::len).sum()
    }

    /// Whether no command waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(Queue::is_empty)
    }

    /// Runs `callback` once after the next execution, when every deferred of it can be read: also if there were no commands,
    /// and if some failed; not if the pipe was refused, cleared or dropped. Those of a nested scope run before those of the scope
    /// around it.
    ///
    /// # Panics
    ///
    /// A callback that panics stops none of the others; the panic goes on when all have run.
    pub fn on_execute(&mut self, callback: impl FnOnce() + Send + 'static) {
        self.callbacks.push(Box::new(callback));
    }

    /// Forgets everything that was queued. Nothing is sent, no callback runs, and the deferreds say
    /// [`Error::Dropped`].
    ///
    /// Within the closure of a [nested scope](Self::nest), an atomic block or an idempotent part, it is a
    /// [refusal](Self::refuse): of the scope, or of the whole pipe.
    pub fn clear(&mut self) {
        if self.depth > 0 {
            return self.refuse(Error::Dropped);
        }
        self.forget(Error::Dropped);
    }

    /// Sends everything that was queued, and waits for all replies. After it the pipe is empty and may be used again; to
    /// execute twice sends nothing twice.
    ///
    /// # Cost
    ///
    /// One round trip for each connection, all at once; another for every 10,000 commands; none if nothing was queued.
    ///
    /// # Errors
    ///
    /// Why nothing was sent, on no connection. What the servers said is in the deferreds and in the [`Summary`].
    ///
    /// Within the closure of a [nested scope](Self::nest), an atomic block or an idempotent part, it is a
    /// [refusal](Self::refuse), [`Error::HalfQueued`]: of the scope, or of the whole pipe.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the effect of what was sent unknown, and the deferreds say [`Error::Interrupted`].
    pub async fn execute(&mut self) -> Result<Summary> {
        match self.begin() {
            None => Ok(Summary::default()),
            Some(Err(error)) => Err(error),
            Some(Ok(execution)) => Ok(execution.run().await),
        }
    }

    /// Takes everything out, ready to be sent; nothing if there is nothing to do.
    pub(crate) fn begin(&mut self) -> Option<Result<Execution>> {
        if self.depth > 0 {
            self.refuse(Error::HalfQueued);
            return Some(Err(Error::HalfQueued));
        }
        if let Some(error) = self.refused.take().filter(|_| !mutant::is_on("what_is_refused_is_sent")) {
            self.forget(error.clone());
            return Some(Err(error));
        }
        let callbacks = std::mem::take(&mut self.callbacks);
        let queues = std::mem::take(&mut self.queues);
        let flush = self.flush.take();
        if flush.is_none() && callbacks.is_empty() {
            return None;
        }
        let flight = InFlight::new(flush.unwrap_or_default());
        Some(Ok(Execution { pipes: self.pipes.clone(), queues, flight, callbacks }))
    }

    /// What the deferreds of the next execution share, if there are any.
    pub(crate) fn flush(&self) -> Option<Arc<Flush>> {
        self.flush.clone()
    }

    fn forget(&mut self, error: Error) {
        self.refused = None;
        self.queues.clear();
        self.callbacks = Callbacks::new();
        if let Some(flush) = self.flush.take() {
            flush.end(error);
        }
    }

    fn defer<T>(&mut self, index: usize, read: Read<T>) -> Deferred<T> {
        let flush = Arc::clone(self.flush.get_or_insert_default());
        let place = Place { connection: narrow(self.current), command: narrow(index) };
        Deferred::reply(Ticket::new(flush, place), read)
    }
}

/// Both numbers are bounded far below: connections when they are named, commands by the limit of a pipe.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if !self.is_empty() && !std::thread::panicking() {
            tracing::warn!(
                commands = self.len(),
                "a pipe was dropped before it was executed: nothing was sent"
            );
        }
        self.forget(Error::Dropped);
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe")
            .field("commands", &self.len())
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

//! A value that is there once its pipe was executed.

mod combine;
mod promise;

use std::fmt;
use std::sync::Arc;

use redis::{FromRedisValue, Value};

use crate::error::{Error, Result};
use crate::flush::Ticket;

pub use promise::Promise;

/// How a reply becomes a value.
pub(crate) type Read<T> = fn(Value) -> Result<T>;

/// What a command will have answered once its pipe was executed: its own value, or its own error.
///
/// Before that, [`get`](Self::get) and [`take`](Self::take) say [`Error::NotExecuted`]. Clones answer the same.
///
/// # Cost
///
/// No allocation of its own: it points to where the reply of its flush will be. [`map`](Self::map) and its like
/// allocate once.
///
/// # What it does not do
///
/// While [`Pipes::run`](crate::Pipes::run) and its like resolve a structure, the replies of that execution are this thread's
/// alone: it takes one lock for all of them, and not one for each. What runs meanwhile, the closures given to `map` and
/// `and_then` and whatever reads a reply (`FromRedisValue`, [`Field`](crate::Field)), may read any deferred itself, but must
/// not wait for another thread that reads one of the same execution: both would wait for ever.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Error, Pipes};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut pipe = Pipes::connect("embedded://deferred")?.pipe();
/// let visits = pipe.incr("visits", 1);
/// let doubled = visits.clone().map(|visits: i64| visits * 2);
/// assert!(matches!(visits.get(), Err(Error::NotExecuted)));
///
/// pipe.execute().await?.all()?;
/// assert_eq!((visits.get()?, doubled.take()?), (1, 2));
/// # Ok(())
/// # }
/// ```
pub struct Deferred<T> {
    source: Source<T>,
}

enum Source<T> {
    /// One reply of a flush.
    Reply(Ticket, Read<T>),
    /// Made of other deferreds, or of none.
    Made(Arc<dyn Make<T>>),
}

/// Where a value comes from that is not simply one reply.
pub(crate) trait Make<T>: Send + Sync {
    /// The value, which stays.
    fn get(&self) -> Result<T>;

    /// The value, which goes: nobody else will ask.
    fn take(&mut self) -> Result<T>;

    /// Somebody will look at the error, so it counts as seen.
    fn excuse(&self);
}

impl<T> Deferred<T> {
    /// One reply, and how it is read.
    pub(crate) const fn reply(ticket: Ticket, read: Read<T>) -> Self {
        Self { source: Source::Reply(ticket, read) }
    }

    pub(crate) fn made(make: impl Make<T> + 'static) -> Self {
        Self { source: Source::Made(Arc::new(make)) }
    }

    /// The value, once the pipe was executed. It may be asked for again, so a reply is copied; [`take`](Self::take)
    /// does without.
    ///
    /// # Errors
    ///
    /// [`Error::NotExecuted`] before; the command's own error after.
    pub fn get(&self) -> Result<T> {
        match &self.source {
            Source::Reply(ticket, read) => read(ticket.get()?),
            Source::Made(make) => make.get(),
        }
    }

    /// The value, once the pipe was executed.
    ///
    /// # Errors
    ///
    /// [`Error::NotExecuted`] before; the command's own error after.
    pub fn take(mut self) -> Result<T> {
        self.remove()
    }

    /// [`take`](Self::take) for those who hold it in something.
    pub(crate) fn remove(&mut self) -> Result<T> {
        match &mut self.source {
            Source::Reply(ticket, read) => read(ticket.take()?),
            Source::Made(make) => match Arc::get_mut(make) {
                Some(make) => make.take(),
                None => make.get(),
            },
        }
    }

    /// Somebody will look at the error, so it counts as seen.
    pub(crate) fn excuse(&self) {
        match &self.source {
            Source::Reply(ticket, _) => ticket.excuse(),
            Source::Made(make) => make.excuse(),
        }
    }
}

impl<T> Clone for Deferred<T> {
    fn clone(&self) -> Self {
        let source = match &self.source {
            Source::Reply(ticket, read) => Source::Reply(ticket.share(), *read),
            Source::Made(make) => Source::Made(Arc::clone(make)),
        };
        Self { source }
    }
}

impl<T> fmt::Debug for Deferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.source {
            Source::Reply(ticket, _) => ticket.state(),
            Source::Made(_) => "made of others",
        };
        f.debug_tuple("Deferred").field(&format_args!("{state}")).finish()
    }
}

/// A reply as redis-rs reads it.
pub(crate) fn convert<T: FromRedisValue>(reply: Value) -> Result<T> {
    redfleet_core::convert(reply).map_err(Error::Reply)
}

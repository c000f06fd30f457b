//! Optimistic transactions: read, decide, and write only if nobody changed what was read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redfleet_core::{Backend, Error as Said, mutant};
use redis::{Cmd, ToRedisArgs};
use tokio::time::sleep;

use crate::bounded::bounded;
use crate::error::{Error, Result};
use crate::pipe::Pipe;
use crate::pipes::{Connection, Pipes};
use crate::resolve::Resolve;

/// How often it is tried unless it is said.
const ATTEMPTS: u32 = 16;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// An optimistic transaction in the making; see [`Pipes::watch`].
#[must_use = "nothing is done before run() is awaited"]
pub struct Watch<'a> {
    pipes: &'a Pipes,
    keys: Vec<Vec<u8>>,
    connection: Option<&'a str>,
    attempts: u32,
}

impl Pipes {
    /// Begins an optimistic transaction on these keys: what is read in it is written back only if none of the keys was
    /// changed by anybody meanwhile; otherwise all of it is tried again.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_pipe::Pipes;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipes = Pipes::connect("embedded://watch")?;
    /// pipes.run(|pipe| pipe.set("stock", 3)).await?;
    /// let left = pipes
    ///     .watch("stock")
    ///     .run(async |attempt| {
    ///         let stock: Option<i64> = attempt.run(|pipe| pipe.get("stock")).await?;
    ///         let left = stock.unwrap_or(0) - 1;
    ///         attempt.commit(|pipe| pipe.set("stock", left)).await?;
    ///         Ok(left)
    ///     })
    ///     .await?;
    /// assert_eq!(left, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, keys: impl ToRedisArgs) -> Watch<'_> {
        Watch { pipes: self, keys: keys.to_redis_args(), connection: None, attempts: ATTEMPTS }
    }
}

impl<'a> Watch<'a> {
    /// On the connection called so, and not on the default one.
    pub const fn on(mut self, connection: &'a str) -> Self {
        self.connection = Some(connection);
        self
    }

    /// How often it is tried, 16 times unless it is said; at least once.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Watches the keys and runs the closure, again for as long as its [`commit`](Attempt::commit) finds a key changed. A
    /// closure that returns without a commit writes nothing.
    ///
    /// # Guarantee
    ///
    /// What decides is the attempt's own commit: the closure runs again only if that found a key changed and the closure
    /// returned an error. A conflict that it brings from elsewhere, a transaction of a helper say, is returned as it is, and
    /// nothing that was committed is committed twice.
    ///
    /// # Cost
    ///
    /// A connection of its own, which is kept over all attempts. Each attempt: WATCH, what the closure reads, and one round
    /// trip to commit. Between two attempts a pause, from at most 1 ms to at most 64 ms, by chance. To connect, and each of
    /// the others, may take as long as the deadline of the [`Pipes`] says.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the commit of every attempt found a key changed; else what the closure returns. A commit whose
    /// effect is unknown is not tried again.
    ///
    /// # Cancel safety
    ///
    /// Dropped before the commit, nothing is written. Dropped in it, its effect is unknown.
    pub async fn run<R>(self, attempt: impl AsyncFn(&Attempt) -> Result<R>) -> Result<R> {
        let number = match self.connection {
            None => 0,
            Some(name) => self.pipes.find(name).ok_or_else(|| self.pipes.unknown(name))?,
        };
        let connection = self.pipes.connections().get(number).ok_or(Error::NotExecuted)?;
        let backend = &**connection.backend();
        let opened = backend.session(self.keys.first().map(Vec::as_slice));
        let session = self.answer(connection, backend, opened).await?;
        let mut watch = Cmd::new();
        watch.arg("WATCH").arg(&self.keys);
        let own = self.pipes.with_only(connection.name(), Arc::clone(&session));
        let attempts = self.attempts.max(1);
        for number in 1..=attempts {
            self.answer(connection, &*session, session.call(&watch)).await?;
            let this = Attempt { pipes: own.clone(), is_lost: AtomicBool::new(false) };
            let result = attempt(&this).await;
            // What is not tried again ends the session, and with it the watch. A commit that lost has ended its watch.
            let is_retried = match &result {
                Err(Error::Conflict { .. }) if mutant::is_on("any_conflict_is_tried_again") => true,
                result => result.is_err() && this.is_lost(),
            };
            if !is_retried {
                return result;
            }
            if number < attempts {
                sleep(self.pipes.chance(pause(number))).await;
            }
        }
        Err(Error::Conflict { attempts })
    }

    /// What is answered to WATCH, or to opening the connection for it, within the deadline of any batch.
    async fn answer<T>(
        &self,
        connection: &Connection,
        backend: &dyn Backend,
        call: impl Future<Output = Result<T, Said>>,
    ) -> Result<T> {
        let answer = bounded(backend, self.pipes.limits().deadline, call).await;
        answer.map_err(|cause| Error::said(&connection.name(), "WATCH", cause))
    }
}

/// How long to wait at most after this many attempts.
fn pause(attempts: u32) -> Duration {
    let doubled = 1_u64.checked_shl(attempts - 1).unwrap_or(u64::MAX);
    Duration::from_millis(doubled).min(LONGEST_PAUSE)
}

/// One attempt of an optimistic transaction, on a connection of its own.
pub struct Attempt {
    pipes: Pipes,
    /// Whether its own commit found a key changed.
    is_lost: AtomicBool,
}

impl Attempt {
    /// Carries out at once what the closure queues, to read what the decision depends on.
    ///
    /// # Cost
    ///
    /// One round trip.
    ///
    /// # Errors
    ///
    /// As [`Pipes::run`].
    pub async fn run<R: Resolve>(&self, queue: impl FnOnce(&mut Pipe) -> R) -> Result<R::Output> {
        self.pipes.run(queue).await
    }

    /// Carries out what the closure queues as one transaction, if no watched key was changed.
    ///
    /// With it the watch ends: after one that was carried out, nothing watches over a second commit.
    ///
    /// # Cost
    ///
    /// One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if one was changed: return it, and all is tried again. Until then every other commit of this
    /// attempt says so too, and sends nothing. Else as [`Pipes::run`].
    pub async fn commit<R: Resolve>(&self, queue: impl FnOnce(&mut Pipe) -> R) -> Result<R::Output> {
        if self.is_lost() {
            return Err(Error::Conflict { attempts: 1 });
        }
        let committed = self.pipes.run(|pipe| pipe.atomic(queue)).await;
        committed.map_err(|error| {
            if !matches!(error, Error::Command { cause: Said::Conflict, .. }) {
                return error;
            }
            self.is_lost.store(true, Ordering::Relaxed);
            Error::Conflict { attempts: 1 }
        })
    }

    fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

/// How many keys, and not which.
impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("keys", &self.keys.len())
            .field("connection", &self.connection)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

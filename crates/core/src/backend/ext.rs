//! What every backend can do beyond the contract, in terms of it.

use std::borrow::Borrow;
use std::future::Future;
use std::sync::Arc;

use redis::{Cmd, FromRedisValue, Value};

use super::{Backend, Batch, Handle, script};
use crate::error::{Result, convert};

/// Sugar on every [`Backend`]. None of it is part of the contract.
pub trait BackendExt: Backend {
    /// Sends one command and converts its reply.
    ///
    /// It has no deadline of its own: ask through [`Fleet::run`](crate::Fleet::run), or put it into
    /// `tokio::time::timeout`.
    ///
    /// # Cancel safety
    ///
    /// As [`Backend::call`]: a dropped future leaves the effect unknown.
    ///
    /// # Errors
    ///
    /// What [`Backend::call`] answers; [`Error::Conversion`](crate::Error::Conversion) if the reply is no `T`.
    fn query<T: FromRedisValue>(
        &self,
        command: impl Borrow<Cmd> + Send,
    ) -> impl Future<Output = Result<T>> + Send {
        async move {
            let command = command.borrow();
            convert(self.call(command).await?)
        }
    }

    /// Sends a batch in one round trip; script calls in it are served wherever they land.
    ///
    /// # Cost
    ///
    /// One round trip; one more if the server forgot a script that it was known to have, and then that
    /// script runs after the rest of the batch.
    ///
    /// # Errors
    ///
    /// What [`Backend::call_batch`] answers.
    fn send_batch(&self, batch: &Batch) -> impl Future<Output = Result<Vec<Result<Value>>>> + Send {
        script::send_batch(self, batch)
    }

    /// As [`send_batch`](Self::send_batch), into a list of the caller's: for those who put a deadline around it, because what
    /// was answered before the deadline stays there.
    ///
    /// # Cost
    ///
    /// That of [`send_batch`](Self::send_batch).
    ///
    /// # Errors
    ///
    /// What [`Backend::call_batch`] answers; then the list is as it was.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped in the first round trip leaves the list as it was. One that is dropped in the second, of
    /// scripts that the server forgot, leaves one entry a command there, of which those of such scripts are
    /// [`Error::Unanswered`](crate::Error::Unanswered).
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use redfleet_core::{BackendExt, Batch, Embedded};
    /// use redis::{Value, cmd};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (node, batch) = (Embedded::new(), Batch::from_iter([cmd("PING")]));
    /// let mut entries = Vec::new();
    /// tokio::time::timeout(Duration::from_secs(1), node.send_batch_into(&batch, &mut entries)).await??;
    /// assert!(matches!(&entries[..], [Ok(Value::SimpleString(pong))] if pong == "PONG"));
    /// # Ok(())
    /// # }
    /// ```
    fn send_batch_into(
        &self,
        batch: &Batch,
        entries: &mut Vec<Result<Value>>,
    ) -> impl Future<Output = Result<()>> + Send {
        script::send_batch_into(self, batch, entries)
    }
}

impl<B: Backend + ?Sized> BackendExt for B {}

/// A handle for redis-rs's typed commands, from anything shared.
impl From<Arc<dyn Backend>> for Handle {
    fn from(backend: Arc<dyn Backend>) -> Self {
        Self::new(backend)
    }
}

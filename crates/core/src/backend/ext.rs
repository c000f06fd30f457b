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
}

impl<B: Backend + ?Sized> BackendExt for B {}

/// A handle for redis-rs's typed commands, from anything shared.
impl From<Arc<dyn Backend>> for Handle {
    fn from(backend: Arc<dyn Backend>) -> Self {
        Self::new(backend)
    }
}

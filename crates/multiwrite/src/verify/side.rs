//! One side of a comparison: whom it asks, how long that may take, and who is told to have failed.

use std::future::Future;
use std::time::Duration;

use redfleet_core::{Backend, Batch, Error, Result, convert};
use redis::{Cmd, FromRedisValue, Value};
use tokio::time::timeout;

/// Which side it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Local,
    Remote,
}

/// What one side said, instead of what it was asked.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) which: Which,
    pub(crate) error: Error,
}

/// One side of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    which: Which,
    backend: &'a dyn Backend,
    deadline: Duration,
}

impl<'a> Side<'a> {
    pub(super) const fn new(which: Which, (backend, deadline): (&'a dyn Backend, Duration)) -> Self {
        Self { which, backend, deadline }
    }

    /// What it replies to a command.
    pub(super) async fn call(self, command: &Cmd) -> Result<Value, Failed> {
        self.within(self.backend.call(command)).await
    }

    /// What it replies to a command, as a `T`.
    pub(super) async fn query<T: FromRedisValue>(self, command: &Cmd) -> Result<T, Failed> {
        let reply = self.call(command).await?;
        self.told(convert(reply))
    }

    /// What it replies to a batch, one entry a command.
    pub(super) async fn call_batch(self, batch: &Batch) -> Result<Vec<Result<Value>>, Failed> {
        self.within(self.backend.call_batch(batch)).await
    }

    /// Says whose error it is.
    pub(super) fn told<T>(self, result: Result<T>) -> Result<T, Failed> {
        result.map_err(|error| Failed { which: self.which, error })
    }

    async fn within<T>(self, asked: impl Future<Output = Result<T>>) -> Result<T, Failed> {
        if let Ok(result) = timeout(self.deadline, asked).await {
            return self.told(result);
        }
        self.backend.overdue(self.deadline);
        self.told(Err(Error::deadline(self.deadline)))
    }
}

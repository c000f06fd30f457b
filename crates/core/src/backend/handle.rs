//! Any backend, as a connection of redis-rs.

use std::ops::Deref;
use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, Value};

use super::{Backend, Batch};
use crate::error::{Effect, Error, Result};

/// A handle on any backend that redis-rs takes for a connection: its typed commands (`AsyncCommands`),
/// `cmd(..).query_async`, `pipe()` and `Script` all work on it. Cheap to clone.
///
/// # Example
///
/// ```
/// use redfleet_core::{Handle, test_util::Scripted};
/// use redis::AsyncCommands;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redis::RedisResult<()> {
/// let mut node = Handle::new(Scripted::new().on("INCRBY", ":3\r\n").shared());
/// let visits: i64 = node.incr("visits", 3).await?;
/// assert_eq!(visits, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Handle {
    backend: Arc<dyn Backend>,
}

impl Handle {
    /// A handle on `backend`.
    #[must_use]
    pub const fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend }
    }

    /// The backend behind the handle.
    #[must_use]
    pub const fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }
}

impl Deref for Handle {
    type Target = dyn Backend;

    fn deref(&self) -> &Self::Target {
        &*self.backend
    }
}

impl ConnectionLike for Handle {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move { Ok(self.backend.call(command).await?) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let batch = Batch::from(pipeline.clone());
            let replies = self.backend.call_batch(&batch).await?;
            if batch.is_atomic() { transaction(replies) } else { slice(replies, offset, count) }
        })
    }

    fn get_db(&self) -> i64 {
        // The database is the backend's own matter: it is selected on every connection that it makes.
        0
    }
}

/// The replies as redis-rs wants them: what a server refused in place, anything else as an error of the whole.
fn slice(replies: Vec<Result<Value>>, offset: usize, count: usize) -> Result<Vec<Value>, RedisError> {
    if let Some(error) = whole(&replies) {
        return Err(error.into());
    }
    replies.into_iter().skip(offset).take(count).map(value).collect()
}

/// The error of the whole, if there is one. Where some commands were carried out, or may have been, so does it say.
fn whole(replies: &[Result<Value>]) -> Option<Error> {
    let errors = || replies.iter().filter_map(|reply| reply.as_ref().err());
    let is_whole = |error: &&Error| !matches!(error, Error::Refused { .. });
    let error = errors().filter(is_whole).max_by_key(|error| error.effect() == Effect::Unknown)?;
    let done = replies.iter().filter(|reply| reply.is_ok()).count();
    if done == 0 || error.effect() == Effect::Unknown {
        return Some(error.clone());
    }
    Some(Error::Partial { done, parts: replies.len(), cause: Arc::new(error.clone()) })
}

/// The reply of EXEC: one array, or nil if a watched key changed.
fn transaction(replies: Vec<Result<Value>>) -> Result<Vec<Value>, RedisError> {
    if replies.iter().any(|reply| matches!(reply, Err(Error::Conflict))) {
        return Ok(vec![Value::Nil]);
    }
    let is_aborted = |reply: &Result<Value>| matches!(reply, Err(e) if e.code() == Some("EXECABORT"));
    if let Some(aborted) = replies.iter().position(is_aborted) {
        let mut replies = replies;
        let refused =
            replies.iter().position(|reply| reply.is_err() && !is_aborted(reply)).unwrap_or(aborted);
        return replies.swap_remove(refused).map(|value| vec![value]).map_err(RedisError::from);
    }
    let values = replies.into_iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(vec![Value::Array(values)])
}

fn value(reply: Result<Value>) -> Result<Value, RedisError> {
    match reply {
        Ok(value) => Ok(value),
        Err(Error::Refused { error }) => Ok(Value::ServerError(error)),
        Err(error) => Err(error.into()),
    }
}

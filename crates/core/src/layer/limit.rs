//! A limit on what is in flight at the same time: further calls wait for their turn.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Layer;
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic};
use crate::error::{ConfigError, Result};

/// Lets at most this many commands be in flight; further ones wait, first come first served. A batch counts
/// as many as it has commands, at most as the whole limit. Sessions and subscriptions are not counted.
///
/// # Cancel safety
///
/// A call that is dropped while it waits was not sent.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    commands: u32,
}

impl Limit {
    /// At most `commands` in flight.
    ///
    /// # Errors
    ///
    /// If it is zero.
    pub const fn new(commands: u32) -> Result<Self, ConfigError> {
        if commands == 0 {
            return Err(ConfigError::Setting { setting: "the limit in flight", expected: "at least 1" });
        }
        Ok(Self { commands })
    }
}

impl Layer for Limit {
    fn layer(&self, inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        let permits = Semaphore::new(usize::try_from(self.commands).unwrap_or(Semaphore::MAX_PERMITS));
        Arc::new(Limited { inner, permits, limit: self.commands })
    }
}

#[derive(Debug)]
struct Limited {
    inner: Arc<dyn Backend>,
    permits: Semaphore,
    limit: u32,
}

impl Limited {
    async fn turn(&self, commands: usize) -> Option<SemaphorePermit<'_>> {
        let commands = u32::try_from(commands).unwrap_or(self.limit).min(self.limit);
        // The semaphore is never closed, so there always is a turn.
        self.permits.acquire_many(commands).await.ok()
    }
}

#[async_trait]
impl Backend for Limited {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        let _turn = self.turn(1).await;
        self.inner.call(command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let _turn = self.turn(batch.len()).await;
        self.inner.call_batch(batch).await
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.inner.session(key).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.inner.subscribe(topics).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.inner.identify().await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.inner.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.inner.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.inner.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.inner.is_sharded()
    }

    async fn fence(&self) -> Result<()> {
        self.inner.fence().await
    }

    fn disconnect(&self) {
        self.inner.disconnect();
    }
}

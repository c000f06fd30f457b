//! Everywhere as a backend, and as a connection of redis-rs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::{
    Backend, Batch, Delivery, Error as CoreError, Handle, Incarnation, Messages, Result as CoreResult, Topic,
};
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};

use super::{Everywhere, write};

const NO_SESSION: &str =
    "what is done on a session stays on one server: use a session of local, and write the result everywhere";

#[async_trait]
impl Backend for Everywhere {
    async fn call(&self, command: &Cmd) -> CoreResult<Value> {
        write::command(&self.shared, self.how, command).await?.reply
    }

    async fn call_batch(&self, batch: &Batch) -> CoreResult<Vec<CoreResult<Value>>> {
        let done = write::batch(&self.shared, self.how, batch).await?;
        Ok(done.into_iter().map(|done| done.reply).collect())
    }

    async fn session(&self, _key: Option<&[u8]>) -> CoreResult<Arc<dyn Backend>> {
        Err(CoreError::unsupported("session()", NO_SESSION))
    }

    async fn subscribe(&self, topics: &[Topic]) -> CoreResult<Messages> {
        self.shared.local.backend.subscribe(topics).await
    }

    async fn identify(&self) -> CoreResult<Incarnation> {
        self.shared.local.backend.identify().await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.shared.local.backend.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.shared.local.backend.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.shared.local.backend.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.shared.local.backend.is_sharded()
    }

    fn disconnect(&self) {
        self.shared.local.backend.disconnect();
    }

    async fn fence(&self) -> CoreResult<()> {
        self.shared.local.backend.fence().await
    }
}

impl ConnectionLike for Everywhere {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let done = write::command(&self.shared, self.how, command).await.map_err(CoreError::from)?;
            Ok(done.reply?)
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let mut handle = Handle::new(Arc::new(self.clone()));
        Box::pin(async move { handle.req_packed_commands(pipeline, offset, count).await })
    }

    fn get_db(&self) -> i64 {
        0
    }
}

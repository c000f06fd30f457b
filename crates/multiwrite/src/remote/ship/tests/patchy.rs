//! A node behind a connection that does to each command of a batch what is written down; and one that says it is sharded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::{
    Backend, Batch, Delivery, Effect, Embedded, Error, Incarnation, LinkError, Messages, Result, Topic,
};
use redis::{Cmd, Value};

/// What happens to one command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It is carried out, and its reply is lost.
    LosesReply,
    /// It never arrives.
    LosesRequest,
    /// It is refused with this.
    Refused(&'static str),
}

#[derive(Debug, Default)]
pub(super) struct Patchy {
    pub(super) node: Embedded,
    pub(super) is_sharded: bool,
    /// By its index in the next batch.
    pub(super) fates: Mutex<BTreeMap<usize, Fate>>,
    /// Which connection it is.
    pub(super) link: Mutex<u64>,
}

impl Patchy {
    async fn suffer(&self, fate: Option<Fate>, command: &Cmd) -> Result<Value> {
        let lost = Error::link(LinkError::closed("the node"), Effect::Unknown);
        match fate {
            None => self.node.call(command).await,
            Some(Fate::LosesReply) => self.node.call(command).await.and(Err(lost)),
            Some(Fate::LosesRequest) => Err(lost),
            Some(Fate::Refused(code)) => Err(Error::refused_with(code, "by the test")),
        }
    }
}

#[async_trait]
impl Backend for Patchy {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        let fates = std::mem::take(&mut *self.fates.lock().unwrap());
        self.suffer(fates.get(&0).copied(), command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let fates = std::mem::take(&mut *self.fates.lock().unwrap());
        if fates.is_empty() {
            return self.node.call_batch(batch).await;
        }
        let mut replies = Vec::new();
        for (index, command) in batch.commands().enumerate() {
            replies.push(self.suffer(fates.get(&index).copied(), command).await);
        }
        Ok(replies)
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.node.session(key).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.node.subscribe(topics).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(Incarnation::new(None, *self.link.lock().unwrap()))
    }

    async fn fence(&self) -> Result<()> {
        self.node.fence().await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        Some(Incarnation::new(None, *self.link.lock().unwrap()))
    }

    fn delivery(&self) -> Delivery {
        self.node.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.node.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.is_sharded
    }

    fn disconnect(&self) {
        self.node.disconnect();
    }
}

//! A connection of one's own to the node.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::sync::Mutex;

use super::backend::{call, call_batch, message};
use super::client::{ClientId, Protocol};
use super::node::Node;
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Place, Topic, check, check_all};
use crate::error::{Error, Result};

/// One connection for one owner. It ends with the node's life, or when it is dropped.
#[derive(Debug)]
pub(super) struct Session {
    node: Arc<Node>,
    id: ClientId,
    incarnation: Incarnation,
    /// Whose turn it is: a connection's commands come one after the other, also when one of them waits.
    turn: Mutex<()>,
}

impl Session {
    pub(super) fn open(node: Arc<Node>) -> Self {
        let id = node.connect(Protocol::Resp3);
        let incarnation = node.incarnation();
        Self { node, id, incarnation, turn: Mutex::new(()) }
    }

    fn is_over(&self) -> bool {
        self.node.with(|state| state.client(self.id).is_none())
    }

    fn must_be_open(&self) -> Result<()> {
        if self.is_over() { Err(self.node.gone()) } else { Ok(()) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.node.disconnect(self.id);
    }
}

#[async_trait]
impl Backend for Session {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Session)?;
        let _turn = self.turn.lock().await;
        self.must_be_open()?;
        call(&self.node, Some(self.id), command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        check_all(batch, Place::Session)?;
        let _turn = self.turn.lock().await;
        self.must_be_open()?;
        call_batch(&self.node, Some(self.id), batch).await
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Err(Error::unsupported("a session of a session", "ask the backend that this session came from"))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        if topics.iter().any(|topic| *topic != Topic::Invalidations) {
            let instead = "subscribe to channels on the backend; a session hears of its own invalidations";
            return Err(Error::unsupported("SUBSCRIBE", instead));
        }
        let reader = self.node.with(|state| state.client(self.id).map(|client| client.mailbox.reader()));
        let Some(reader) = reader else { return Err(self.node.gone()) };
        let node = Arc::clone(&self.node);
        Ok(Messages::new(futures::stream::unfold((node, reader), |(node, reader)| async {
            let push = node.next_push(&reader).await?;
            Some((message(push), (node, reader)))
        })))
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.must_be_open()?;
        Ok(self.incarnation.clone())
    }

    fn incarnation(&self) -> Option<Incarnation> {
        (!self.is_over()).then(|| self.incarnation.clone())
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        Ok(())
    }

    fn disconnect(&self) {
        self.node.disconnect(self.id);
    }
}

//! The node as a backend.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use super::Embedded;
use super::client::{ClientId, Protocol};
use super::hub::Names;
use super::mailbox::Push;
use super::node::{Node, words};
use super::session::Session;
use super::store::Key;
use crate::backend::{
    Backend, Batch, Delivery, Incarnation, Message, Messages, Place, Topic, check, check_all, transaction,
};
use crate::error::{Error, Result};

#[async_trait]
impl Backend for Embedded {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Shared)?;
        call(&self.node, None, command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        check_all(batch, Place::Shared)?;
        if !batch.is_atomic() {
            return Ok(call_each(&self.node, None, batch).await);
        }
        // A transaction is state, so it has a connection of its own.
        let own = self.node.connect(Protocol::Resp3);
        let replies = call_atomic(&self.node, Some(own), batch);
        self.node.disconnect(own);
        replies
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Session::open(Arc::clone(&self.node))))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        if topics.contains(&Topic::Invalidations) {
            let instead = "tracking belongs to one connection: use a session";
            return Err(Error::unsupported("listening to invalidations", instead));
        }
        let names = topics.iter().filter_map(|topic| match topic {
            Topic::Channel(name) => Some((Names::Channels, Key::from(name.as_slice()))),
            Topic::Pattern(name) => Some((Names::Patterns, Key::from(name.as_slice()))),
            Topic::Invalidations => None,
        });
        let (id, reader) = self.node.with(|state| state.listen(names));
        let listener = Listener { node: Arc::clone(&self.node), id };
        Ok(Messages::new(futures::stream::unfold((listener, reader), |(listener, reader)| async {
            let push = reader.take().await?;
            Some((message(push), (listener, reader)))
        })))
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(self.node.incarnation())
    }

    fn incarnation(&self) -> Option<Incarnation> {
        Some(self.node.incarnation())
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    /// There is no connection to drop.
    fn disconnect(&self) {}
}

/// Ends the interest when it is dropped.
struct Listener {
    node: Arc<Node>,
    id: ClientId,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.node.disconnect(self.id);
    }
}

/// One command, with its refusal as an error.
pub(super) async fn call(node: &Node, id: Option<ClientId>, command: &Cmd) -> Result<Value> {
    let answer = node.execute(id, &words(command));
    Ok(node.finish(answer).await??)
}

/// One command after the other, each with its own reply.
pub(super) async fn call_each(node: &Node, id: Option<ClientId>, batch: &Batch) -> Vec<Result<Value>> {
    let mut replies = Vec::with_capacity(batch.len());
    for command in batch.commands() {
        replies.push(call(node, id, command).await);
    }
    replies
}

/// All commands as one transaction.
pub(super) fn call_atomic(node: &Node, id: Option<ClientId>, batch: &Batch) -> Result<Vec<Result<Value>>> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let word = |text: &'static str| iter::once(vec![text.as_bytes()]);
    let commands = word("MULTI").chain(batch.commands().map(words)).chain(word("EXEC"));
    Ok(transaction::entries(node.execute_all(id, commands)?, batch.len()))
}

/// What was told, in the terms of the seam.
pub(super) fn message(push: Push) -> Message {
    match push {
        Push::Published { channel, pattern, payload } => {
            Message::published(channel.to_vec(), pattern.map(|pattern| pattern.to_vec()), payload.to_vec())
        }
        Push::Invalidated(keys) => {
            Message::invalidated(keys.map(|keys| keys.iter().map(|key| key.to_vec()).collect()))
        }
        // Whoever redirected his messages to one who is gone has missed some.
        Push::Unreachable(_) | Push::Gap => Message::Gap,
    }
}

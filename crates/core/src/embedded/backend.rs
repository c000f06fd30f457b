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
    Backend, Batch, Delivery, Incarnation, Message, Messages, Place, Portion, Topic, check, check_all,
    transaction,
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
        call_batch(&self.node, None, batch).await
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

    /// A command is carried out when it is called, or never.
    async fn fence(&self) -> Result<()> {
        Ok(())
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

/// One portion after the other, each command with its own reply.
pub(super) async fn call_batch(
    node: &Node,
    id: Option<ClientId>,
    batch: &Batch,
) -> Result<Vec<Result<Value>>> {
    let mut replies = Vec::with_capacity(batch.len());
    let mut commands = batch.commands();
    for portion in batch.portions() {
        match portion {
            Portion::Command => {
                let Some(command) = commands.next() else { break };
                replies.push(call(node, id, command).await);
            }
            Portion::Block(len) => {
                let block: Vec<_> = commands.by_ref().take(len).collect();
                match call_atomic(node, id, &block) {
                    Ok(own) => replies.extend(own),
                    Err(error) if batch.is_atomic() => return Err(error),
                    // The rest of the batch is not to be denied.
                    Err(error) => replies.extend(iter::repeat_n(Err(error), len)),
                }
            }
        }
    }
    Ok(replies)
}

/// Commands as one transaction. It is state, so without a connection it gets one of its own.
fn call_atomic(node: &Node, id: Option<ClientId>, commands: &[&Cmd]) -> Result<Vec<Result<Value>>> {
    let own = id.unwrap_or_else(|| node.connect(Protocol::Resp3));
    let word = |text: &'static str| iter::once(vec![text.as_bytes()]);
    let queued = commands.iter().map(|command| words(command));
    let replies = node.execute_all(Some(own), word("MULTI").chain(queued).chain(word("EXEC")));
    if id.is_none() {
        node.disconnect(own);
    }
    Ok(transaction::entries(replies?, commands.len()))
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

//! The link between a client and a node, as a backend: one shared connection, which comes back by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use redis::{Cmd, Value};

use super::connection::{Answer, Payload};
use super::network::Network;
use super::session::Session;
use super::traffic::closed;
use crate::backend::{Place, check, check_all};
use crate::connect::listen;
use crate::error::{Effect, Error, Result};
use crate::{Backend, Batch, Delivery, Incarnation, Messages, Topic};

/// A client's link to a node.
pub(super) struct Link {
    network: Network,
    /// The link's place among all.
    place: usize,
    name: Arc<str>,
}

impl Link {
    pub(super) const fn new(network: Network, place: usize, name: Arc<str>) -> Self {
        Self { network, place, name }
    }
}

/// The answer to one command.
pub(super) fn one(answer: Answer) -> Result<Value> {
    match answer {
        Answer::Call(answer) => answer,
        Answer::Batch(_) | Answer::Listen(_) => Err(Error::Unanswered),
    }
}

/// The answers to a batch of so many commands: one that was lost on the way is lost for every command.
pub(super) fn each(answer: Result<Answer>, commands: usize) -> Result<Vec<Result<Value>>> {
    match answer {
        Ok(Answer::Batch(answers)) => answers,
        Ok(Answer::Call(_) | Answer::Listen(_)) => Ok(vec![Err(Error::Unanswered); commands]),
        Err(error) if error.effect() == Effect::Unknown => Ok(vec![Err(error); commands]),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Backend for Link {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Shared)?;
        let connection = self.network.connected(self.place).await?;
        one(self.network.ask(connection, Payload::Call(command.clone())).await?)
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        check_all(batch, Place::Shared)?;
        let connection = self.network.connected(self.place).await?;
        each(self.network.ask(connection, Payload::Batch(batch.clone())).await, batch.len())
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        let hold = self.network.connected_alone(self.place).await?;
        Ok(Arc::new(Session::new(hold, self.name.clone())))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        if topics.contains(&Topic::Invalidations) {
            let instead = "tracking belongs to one connection: use a session";
            return Err(Error::unsupported("listening to invalidations", instead));
        }
        let listener = self.network.listens(self.place, topics).ok_or_else(|| closed(Effect::None))?;
        let topics = topics.to_vec();
        let mut interest = Interest {
            network: self.network.clone(),
            place: self.place,
            topics: topics.clone(),
            hears: false,
        };
        let connection = self.network.connected(self.place).await?;
        for topic in &topics {
            match self.network.ask(connection, Payload::Listen(topic.clone())).await? {
                Answer::Listen(answer) => answer?,
                Answer::Call(_) | Answer::Batch(_) => return Err(Error::Unanswered),
            }
        }
        interest.hears = true;
        self.network.hears(self.place);
        let messages = Box::pin(listen(listener, topics));
        Ok(Messages::new(futures::stream::unfold((messages, interest), |(mut messages, interest)| async {
            let message = messages.next().await?;
            Some((message, (messages, interest)))
        })))
    }

    async fn identify(&self) -> Result<Incarnation> {
        let connection = self.network.connected(self.place).await?;
        self.network.incarnation(connection).ok_or_else(|| closed(Effect::None))
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.network.incarnation(self.network.current(self.place)?)
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        self.network.fence(self.place).await
    }

    fn disconnect(&self) {
        self.network.disconnect(self.place);
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One listener's interest, until it is dropped.
struct Interest {
    network: Network,
    place: usize,
    topics: Vec<Topic>,
    hears: bool,
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.network.forgets(self.place, &self.topics, self.hears);
    }
}

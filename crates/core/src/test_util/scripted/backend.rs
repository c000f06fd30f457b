//! The scripted node as a backend: the contract's checks, and then whatever is written down.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::sync::broadcast;

use super::{Condition, Scripted};
use crate::backend::{Place, check, check_all};
use crate::error::{Effect, Result};
use crate::{Backend, Batch, Delivery, Incarnation, Message, Messages, Topic};

#[async_trait]
impl Backend for Scripted {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Shared)?;
        self.answer(|state| {
            state.round_trips += 1;
            state.reply(command)
        })
        .await?
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        check_all(batch, Place::Shared)?;
        let answer = self.answer(|state| {
            state.round_trips += 1;
            batch.commands().map(|command| state.reply(command)).collect()
        });
        match answer.await {
            Err(error) if error.effect() == Effect::Unknown => Ok(vec![Err(error); batch.len()]),
            answer => answer,
        }
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Ok(self.shared())
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        let topics = topics.to_vec();
        let said = self.said.subscribe();
        Ok(Messages::new(futures::stream::unfold((said, topics), |(mut said, topics)| async move {
            loop {
                let message = match said.recv().await {
                    Ok(message) => message,
                    Err(broadcast::error::RecvError::Lagged(_)) => Message::Gap,
                    Err(broadcast::error::RecvError::Closed) => return None,
                };
                let is_wanted = match &message {
                    Message::Published { channel, .. } => topics.contains(&Topic::Channel(channel.clone())),
                    Message::Invalidated { .. } => topics.contains(&Topic::Invalidations),
                    Message::Gap => true,
                };
                if is_wanted {
                    return Some((message, (said, topics)));
                }
            }
        })))
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.answer(|state| state.incarnation.clone()).await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        let is_up = *self.condition.borrow() != Condition::Refused;
        let state = self.state();
        is_up.then(|| state.incarnation.clone())
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {
        self.state().overdue += 1;
    }

    fn is_sharded(&self) -> bool {
        false
    }

    /// There is no connection on which anything could be late. It counts as no round trip.
    async fn fence(&self) -> Result<()> {
        Ok(())
    }

    fn disconnect(&self) {
        self.state().disconnects += 1;
    }
}

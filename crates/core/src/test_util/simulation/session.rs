//! A connection of one's own, as a backend: when it is lost, it does not come back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use super::access::Hold;
use super::connection::{Answer, Payload};
use super::link::{each, one};
use super::traffic::closed;
use crate::backend::{Place, check, check_all};
use crate::connect::listen;
use crate::error::{Effect, Error, LinkError, Result};
use crate::{Backend, Batch, Delivery, Incarnation, Messages, Topic};

/// One connection for one owner.
pub(super) struct Session {
    hold: Hold,
    name: Arc<str>,
}

impl Session {
    pub(super) const fn new(hold: Hold, name: Arc<str>) -> Self {
        Self { hold, name }
    }

    async fn ask(&self, payload: Payload) -> Result<Answer> {
        self.hold.network.ask(self.hold.id, payload).await
    }
}

#[async_trait]
impl Backend for Session {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Session)?;
        one(self.ask(Payload::Call(command.clone())).await?)
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        check_all(batch, Place::Session)?;
        each(self.ask(Payload::Batch(batch.clone())).await, batch.len())
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Err(Error::unsupported("a session of a session", "ask the backend that this session came from"))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        if topics.iter().any(|topic| *topic != Topic::Invalidations) {
            let instead = "subscribe to channels on the backend; a session hears of its own invalidations";
            return Err(Error::unsupported("SUBSCRIBE", instead));
        }
        let listener = self.hold.network.listens_alone(self.hold.id).ok_or_else(|| closed(Effect::None))?;
        Ok(Messages::new(listen(listener, topics.to_vec())))
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.incarnation().ok_or_else(|| closed(Effect::None))
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.hold.network.incarnation(self.hold.id)
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        if self.hold.network.with(|state| state.is_lost(self.hold.id)) {
            let instead = "ask the backend that this session came from";
            return Err(Error::unsupported("a fence on a lost session", instead));
        }
        Ok(())
    }

    fn disconnect(&self) {
        self.hold.network.with(|state| state.close(self.hold.id, LinkError::closed("the node")));
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("name", &self.name).finish_non_exhaustive()
    }
}

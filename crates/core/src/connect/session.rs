//! A connection of one's own: what would change or occupy the shared one runs here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::sync::broadcast;

use super::dial::Dial;
use super::fence::Lost;
use super::link::{Link, OnPush};
use super::subscriptions::{Said, listen};
use crate::backend::{
    Backend, Batch, Delivery, Incarnation, Message, Messages, Place, Topic, check, check_all,
};
use crate::error::{Error, LinkError, Result};

/// One connection for one owner. It does not come back by itself, because its state would not.
#[derive(Debug)]
struct Session {
    link: Link,
    /// What is said is sent by the connection's driver alone, so that listening ends with it.
    said: broadcast::Receiver<Message>,
}

/// Makes a connection of one's own.
pub(super) async fn open(
    dial: &dyn Dial,
    number: u64,
    lost: &Arc<Lost>,
) -> Result<Arc<dyn Backend>, LinkError> {
    let pushes = Said::default();
    let said = pushes.listener();
    let on_push: OnPush = Arc::new(move |push| pushes.take(push));
    let link = Link::establish(dial, number, on_push, || {}, lost).await?;
    Ok(Arc::new(Session { link, said }))
}

#[async_trait]
impl Backend for Session {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Session)?;
        self.link.call(command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        check_all(batch, Place::Session)?;
        Ok(self.link.call_batch(batch).await)
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Err(Error::unsupported("a session of a session", "ask the backend that this session came from"))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        if topics.iter().any(|topic| *topic != Topic::Invalidations) {
            let instead = "subscribe to channels on the backend; a session hears of its own invalidations";
            return Err(Error::unsupported("SUBSCRIBE", instead));
        }
        if !self.link.speaks_resp3() {
            return Err(Error::unsupported("tracking", "the server must speak RESP3"));
        }
        Ok(Messages::new(listen(self.said.resubscribe(), topics.to_vec())))
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(self.link.incarnation().clone())
    }

    fn incarnation(&self) -> Option<Incarnation> {
        (!self.link.is_closed()).then(|| self.link.incarnation().clone())
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    /// It has one connection in its life: what is lost on that, only the backend that it came from can see to.
    async fn fence(&self) -> Result<()> {
        if self.link.is_lost() {
            let instead = "ask the backend that this session came from";
            return Err(Error::unsupported("a fence on a lost session", instead));
        }
        Ok(())
    }

    fn disconnect(&self) {
        self.link.cut();
    }
}

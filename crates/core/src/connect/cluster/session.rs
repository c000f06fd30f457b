//! A connection of one's own to one server of a cluster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use super::member::Member;
use super::redirect::Redirect;
use super::state::State;
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic};
use crate::error::{Error, Result};

/// A session of one primary. Nothing in it is followed, because its state is on that server alone; but what
/// the server says of the map is heeded, so that the next session goes to the right one.
#[derive(Debug)]
pub(crate) struct Session {
    state: Arc<State>,
    member: Arc<Member>,
    session: Arc<dyn Backend>,
}

impl Session {
    pub(crate) async fn open(state: &Arc<State>, member: Arc<Member>, key: Option<&[u8]>) -> Result<Self> {
        let session = member.backend.session(key).await.inspect_err(|error| state.heed(error))?;
        member.notes_a_stray();
        Ok(Self { state: Arc::clone(state), member, session })
    }

    fn heed(&self, error: &Error) {
        match Redirect::read(error) {
            Some(Redirect::Moved(slot, address)) => {
                self.state.moved(slot, &address.seen_from(&self.member.address));
            }
            _ => self.state.heed(error),
        }
    }
}

#[async_trait]
impl Backend for Session {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        self.session.call(command).await.inspect_err(|error| self.heed(error))
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let answers = self.session.call_batch(batch).await.inspect_err(|error| self.heed(error))?;
        if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) {
            self.heed(error);
        }
        Ok(answers)
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.session.session(key).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.session.subscribe(topics).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.session.identify().await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.session.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.session.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.session.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.session.is_sharded()
    }

    async fn fence(&self) -> Result<()> {
        self.session.fence().await
    }

    fn disconnect(&self) {
        self.session.disconnect();
    }
}

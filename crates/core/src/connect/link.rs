//! One connection: its driver task, and the replies that come through it.

use std::fmt;
use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, Pipeline, PushInfo, RedisError, Value};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::AbortHandle;

use super::dial::Dial;
use super::fence::{Lost, Peer};
use super::handshake::{Who, log_in, told_by_stream};
use super::login::Protocol;
use super::trail::Trail;
use crate::backend::transaction;
use crate::backend::{Batch, Incarnation};
use crate::error::{Effect, Error, LinkError, Result, answer, convert};

/// How many commands are in flight on one connection before callers wait for their turn.
const MAX_IN_FLIGHT: u32 = 8192;
/// For how many commands a longer batch counts: it is not to wait until everybody else is done.
const MAX_WEIGHT: u32 = MAX_IN_FLIGHT / 8;

/// Takes what the server says unasked, in the order of the wire. It must not block.
pub(super) type OnPush = Arc<dyn Fn(PushInfo) + Send + Sync>;

/// A connection that is logged in. Dropping it ends what is in flight on it.
pub(super) struct Link {
    connection: MultiplexedConnection,
    to: Arc<str>,
    incarnation: Incarnation,
    speaks_resp3: bool,
    must_be_primary: bool,
    driver: AbortHandle,
    /// What is left of the commands that may be in flight. redis-rs could count them, but it counts each command of a
    /// batch by itself, which takes longer than all the rest of what it does to send one.
    room: Semaphore,
    trail: Arc<Trail>,
}

impl Link {
    /// Connects, logs in, and asks the server who it is. `on_end` runs when the connection has ended; if something is
    /// unanswered then, it is among the `lost` ones.
    pub(super) async fn establish(
        dial: &dyn Dial,
        number: u64,
        on_push: OnPush,
        on_end: impl FnOnce() + Send + 'static,
        lost: &Arc<Lost>,
    ) -> Result<Self, LinkError> {
        let (connection, driver, who) = log_in(dial, &on_push).await?;
        let trail = Trail::new(Arc::clone(lost));
        let ended = Ended { trail: Arc::clone(&trail), on_end: Some(on_end) };
        let driver = tokio::spawn(async move {
            driver.await;
            drop(ended);
        });
        let mut link = Self {
            connection,
            to: who.to.clone(),
            incarnation: Incarnation::new(None, number),
            speaks_resp3: who.login.protocol != Protocol::Resp2,
            must_be_primary: who.must_be_primary,
            driver: driver.abort_handle(),
            room: Semaphore::new(MAX_IN_FLIGHT as usize),
            trail,
        };
        let peer = link.introduce(&who).await?;
        link.incarnation = Incarnation::new(peer.run_id.clone(), number);
        link.trail.introduce(peer);
        Ok(link)
    }

    /// Says our name, and asks for the server's run id, for the number that it gives to this connection and, where it
    /// matters, for its role: one round trip.
    async fn introduce(&self, who: &Who) -> Result<Peer, LinkError> {
        let mut batch = Batch::new();
        let info = batch.push(redis::cmd("INFO").arg("server").take());
        let id = batch.push(redis::cmd("CLIENT").arg("ID").take());
        let role = who.must_be_primary.then(|| batch.push(redis::cmd("ROLE")));
        let name = who
            .login
            .client_name
            .as_ref()
            .map(|name| batch.push(redis::cmd("CLIENT").arg("SETNAME").arg(&**name).take()));
        let replies = self.call_batch(&batch).await;
        let reply = |index: usize| match replies.get(index) {
            Some(Err(Error::Link { reason, .. })) => Err((**reason).clone()),
            reply => Ok(reply),
        };
        if let Some(Some(Err(Error::Refused { error }))) = name.map(reply).transpose()? {
            return Err(LinkError::Login { to: self.to.to_string(), error: error.clone() });
        }
        if let Some(role) = role
            && !reply(role)?.is_some_and(is_primary)
        {
            let (service, reasons) = (self.to.to_string(), "it is a replica now".to_owned());
            return Err(LinkError::NoPrimary { service, reasons });
        }
        // Where INFO or CLIENT ID is not permitted, what it says is unknown, and everything else works but a fence.
        let known = |index: usize| Ok(reply(index)?.and_then(|reply| reply.as_ref().ok()));
        let client_id = known(id)?.and_then(|id| convert(id.clone()).ok());
        Ok(Peer { run_id: known(info)?.and_then(run_id), client_id })
    }

    pub(super) async fn call(&self, command: &Cmd) -> Result<Value> {
        let _turn = self.turn(1).await?;
        match self.connection.clone().send_packed_command(command).await {
            Ok(reply) => {
                self.trail.answered();
                answer(reply)
            }
            Err(error) => Err(self.broken(&error)),
        }
    }

    pub(super) async fn call_batch(&self, batch: &Batch) -> Vec<Result<Value>> {
        if batch.is_asking() || !batch.blocks().is_empty() {
            return self.call_spelled_out(batch).await;
        }
        // One command alone needs no list of replies on its way.
        let mut commands = batch.commands();
        if let (Some(command), None, false) = (commands.next(), commands.next(), batch.is_atomic()) {
            return vec![self.call(command).await];
        }
        // All replies are asked for, those of MULTI, of the queueing and of EXEC as well.
        let expected = batch.len() + if batch.is_atomic() { 2 } else { 0 };
        match self.send(batch.pipeline(), expected).await {
            Ok(replies) if batch.is_atomic() => transaction::entries(replies, batch.len()),
            Ok(replies) => replies.into_iter().map(answer).collect(),
            Err(error) => vec![Err(error); batch.len()],
        }
    }

    /// What redis-rs cannot send by itself: blocks, and ASKING.
    async fn call_spelled_out(&self, batch: &Batch) -> Vec<Result<Value>> {
        let pipeline = transaction::spelled_out(batch);
        match self.send(&pipeline, pipeline.len()).await {
            Ok(replies) => transaction::fold(batch, replies),
            Err(error) => vec![Err(error); batch.len()],
        }
    }

    async fn send(&self, pipeline: &Pipeline, replies: usize) -> Result<Vec<Value>> {
        let _turn = self.turn(pipeline.len()).await?;
        let sent = self.connection.clone().send_packed_commands(pipeline, 0, replies).await;
        sent.inspect(|_| self.trail.answered()).map_err(|error| self.broken(&error))
    }

    pub(super) async fn subscribe(&self, channels: &[&[u8]], patterns: &[&[u8]]) -> Result<()> {
        let mut connection = self.connection.clone();
        if !channels.is_empty() {
            connection.subscribe(channels).await.map_err(|error| self.broken_or_refused(error))?;
        }
        if !patterns.is_empty() {
            connection.psubscribe(patterns).await.map_err(|error| self.broken_or_refused(error))?;
        }
        Ok(())
    }

    pub(super) async fn unsubscribe(&self, channels: &[&[u8]], patterns: &[&[u8]]) {
        let mut connection = self.connection.clone();
        // A link that broke meanwhile has no subscription left.
        if !channels.is_empty() {
            connection.unsubscribe(channels).await.ok();
        }
        if !patterns.is_empty() {
            connection.punsubscribe(patterns).await.ok();
        }
    }

    pub(super) const fn incarnation(&self) -> &Incarnation {
        &self.incarnation
    }

    pub(super) const fn speaks_resp3(&self) -> bool {
        self.speaks_resp3
    }

    /// Whether the connection was made to a primary, so that one that becomes a replica is the wrong server.
    pub(super) const fn must_be_primary(&self) -> bool {
        self.must_be_primary
    }

    pub(super) fn is_closed(&self) -> bool {
        self.driver.is_finished()
    }

    /// Whether it was lost with something unanswered, which it may be some time before it is closed.
    pub(super) fn is_lost(&self) -> bool {
        self.trail.is_noted()
    }

    /// Waits until so many commands may be sent. From then on they are unanswered.
    async fn turn(&self, commands: usize) -> Result<Option<SemaphorePermit<'_>>> {
        let weight = u32::try_from(commands).map_or(MAX_WEIGHT, |commands| commands.clamp(1, MAX_WEIGHT));
        // Nobody closes the semaphore.
        let turn = self.room.acquire_many(weight).await.ok();
        // A connection that is known to have ended is not even tried, so that the effect is certain.
        if self.is_closed() || !self.trail.begin() {
            return Err(Error::link(LinkError::Closed { to: self.to.to_string() }, Effect::None));
        }
        Ok(turn)
    }

    /// Ends the connection. What is in flight ends with effect unknown.
    pub(super) fn cut(&self) {
        self.trail.end();
        self.driver.abort();
    }

    fn broken(&self, error: &RedisError) -> Error {
        self.trail.note();
        let to = self.to.to_string();
        let reason = match told_by_stream(error) {
            Some(reason) => reason,
            None if error.kind() == ErrorKind::Parse => LinkError::Protocol { to },
            None => LinkError::Closed { to },
        };
        Error::link(reason, Effect::Unknown)
    }

    fn broken_or_refused(&self, error: RedisError) -> Error {
        match redis::ServerError::try_from(error) {
            Ok(refusal) => Error::refused(refusal),
            Err(error) => self.broken(&error),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cut();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("to", &self.to)
            .field("incarnation", &self.incarnation)
            .finish_non_exhaustive()
    }
}

/// Runs when the driver has ended, also if it was aborted.
struct Ended<F: FnOnce()> {
    trail: Arc<Trail>,
    on_end: Option<F>,
}

impl<F: FnOnce()> Drop for Ended<F> {
    fn drop(&mut self) {
        self.trail.end();
        if let Some(on_end) = self.on_end.take() {
            on_end();
        }
    }
}

/// The run id in the text that INFO answers.
fn run_id(info: &Value) -> Option<Arc<str>> {
    let text: String = redis::from_redis_value_ref(info).ok()?;
    let id = text.lines().find_map(|line| line.strip_prefix("run_id:"))?;
    Some(id.trim().into())
}

/// Whether the reply of ROLE is a primary's.
fn is_primary(role: &Result<Value>) -> bool {
    match role {
        Ok(Value::Array(words)) => {
            words.first().and_then(|word| redis::from_redis_value_ref::<String>(word).ok()).as_deref()
                == Some("master")
        }
        Ok(_) | Err(_) => false,
    }
}

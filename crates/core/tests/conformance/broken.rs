//! A backend with one flaw, around one that has none.
#![expect(clippy::wildcard_enum_match_arm, reason = "a flaw changes one thing and leaves all others alone")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use redfleet_core::{
    Backend, Batch, Delivery, Effect, Error, Incarnation, LinkError, Message, Messages, Result, Topic,
};
use redis::{Arg, Cmd, Value, cmd};
use tokio::time::{Instant, timeout};

/// What is wrong. Each is a mistake that somebody may make who writes a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    CrossesRepliesOfCallersAtOnce,
    Panics,
    SendsTwiceUnderLoad,
    SendsAgainAfterALoss,
    ReversesLargeBatches,
    LeavesOutRefusedEntries,
    TakesAnEmptyBatchForAnError,
    GoesToTheServerForAnEmptyBatch,
    TellsALostBatchAsOneError,
    TellsAPartialTransactionAsOneError,
    SendsTransactionsWithoutMulti,
    SplitsTransactions,
    SendsBlocksLast,
    SendsBlocksWithoutMulti,
    SplitsBlocks,
    HasADeadlineOfItsOwn,
    GivesADroppedCallsReplyToTheNext,
    IsStuckByACallDroppedInFlight,
    TellsARefusalAsUnknown,
    TellsALostReplyAsNone,
    TellsWhatWasNeverSentAsUnknown,
    TellsAFailedSessionAsUnknown,
    TakesMulti,
    TakesBlocking,
    TakesSubscribe,
    TakesSubscribeOnSessions,
    SendsTheFirstPartOfARefusedBatch,
    ListensToEverybodysInvalidations,
    SharesSessions,
    TakesAConflictForDone,
    GivesUpBlocking,
    IsDeafOnSessions,
    MakesLostSessionsAnew,
    AnswersExpiredKeys,
    NeverTellsWhoAnswers,
    TellsNoRunId,
    CountsNoConnections,
    IgnoresDisconnect,
    FailsAfterDisconnect,
    FencesNothing,
    CannotFence,
    LosesBytesOfMessages,
    TellsNoPattern,
    HearsOnlyForTheLastListener,
    HidesGaps,
}

use Flaw as F;

impl Flaw {
    /// Puts the flaw around a backend.
    pub(crate) fn around(self, inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        Arc::new(Broken { inner, flaw: self, is_session: false, origin: None, notes: Arc::default() })
    }
}

#[derive(Debug)]
struct Broken {
    inner: Arc<dyn Backend>,
    flaw: Flaw,
    is_session: bool,
    /// Of a session: where it came from.
    origin: Option<Arc<dyn Backend>>,
    notes: Arc<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    in_flight: AtomicUsize,
    was_dropped: AtomicBool,
    is_failing: AtomicBool,
    listeners: AtomicUsize,
    mortal: Mutex<BTreeMap<Vec<u8>, Value>>,
    sessions: Mutex<BTreeMap<Vec<u8>, Arc<dyn Backend>>>,
}

/// A call in flight, until it ends or is dropped.
struct InFlight<'a> {
    notes: &'a Notes,
    flaw: Flaw,
    since: Instant,
    is_done: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.notes.in_flight.fetch_sub(1, Ordering::SeqCst);
        let is_old = self.since.elapsed() > Duration::from_millis(20);
        let is_noted = match self.flaw {
            F::GivesADroppedCallsReplyToTheNext => !is_old,
            F::IsStuckByACallDroppedInFlight => is_old,
            _ => false,
        };
        if is_noted && !self.is_done {
            self.notes.was_dropped.store(true, Ordering::SeqCst);
        }
    }
}

fn arg(command: &Cmd, index: usize) -> Vec<u8> {
    match command.args_iter().nth(index) {
        Some(Arg::Simple(word)) => word.to_vec(),
        _ => Vec::new(),
    }
}

fn lost(effect: Effect) -> Error {
    Error::link(LinkError::closed("the server"), effect)
}

impl Broken {
    /// What the flaw answers before the command is sent, if it does.
    async fn before(&self, name: &str, command: &Cmd) -> Option<Result<Value>> {
        let others = self.notes.in_flight.load(Ordering::SeqCst) - 1;
        match self.flaw {
            F::CrossesRepliesOfCallersAtOnce if name == "ECHO" && others > 0 => Some(Ok(Value::Int(-1))),
            F::Panics if name == "ECHO" && arg(command, 1) == b"298" => panic!("no 298, please"),
            F::SendsTwiceUnderLoad if name == "INCR" && others > 0 => {
                self.inner.call(command).await.ok();
                None
            }
            F::GivesADroppedCallsReplyToTheNext => {
                self.notes.was_dropped.swap(false, Ordering::SeqCst).then_some(Ok(Value::Int(-1)))
            }
            F::IsStuckByACallDroppedInFlight => {
                self.notes.was_dropped.load(Ordering::SeqCst).then(|| Err(lost(Effect::None)))
            }
            F::TakesMulti if name == "MULTI" && !self.is_session => Some(Ok(Value::Okay)),
            F::TakesBlocking if name == "BLPOP" && !self.is_session => Some(Ok(Value::Nil)),
            F::TakesSubscribe if name == "SUBSCRIBE" && !self.is_session => Some(Ok(Value::Okay)),
            F::TakesSubscribeOnSessions if name == "SUBSCRIBE" && self.is_session => Some(Ok(Value::Okay)),
            F::FailsAfterDisconnect => {
                self.notes.is_failing.swap(false, Ordering::SeqCst).then(|| Err(lost(Effect::None)))
            }
            _ => None,
        }
    }

    /// What the flaw makes of the answer.
    async fn after(&self, name: &str, command: &Cmd, answer: Result<Value>) -> Result<Value> {
        match (self.flaw, answer) {
            (F::SendsAgainAfterALoss, Err(error)) if error.effect() == Effect::Unknown => {
                self.inner.call(command).await
            }
            (F::TellsARefusalAsUnknown, Err(Error::Refused { .. })) => {
                Err(Error::declined("no", Effect::Unknown))
            }
            (F::TellsALostReplyAsNone, Err(Error::Link { .. })) => Err(lost(Effect::None)),
            (F::TellsWhatWasNeverSentAsUnknown, Err(Error::Link { .. })) if !self.is_session => {
                Err(lost(Effect::Unknown))
            }
            (F::AnswersExpiredKeys, Ok(answer)) => Ok(self.remember(name, command, answer)),
            (F::MakesLostSessionsAnew, Err(Error::Link { .. })) if self.is_session => {
                self.origin.as_ref().unwrap().session(None).await?.call(command).await
            }
            (_, answer) => answer,
        }
    }

    fn remember(&self, name: &str, command: &Cmd, answer: Value) -> Value {
        let mut mortal = self.notes.mortal.lock().unwrap();
        if name == "SET" && arg(command, 3) == b"PX" {
            mortal.insert(arg(command, 1), Value::BulkString(arg(command, 2)));
        }
        let remembered = mortal.get(&arg(command, 1)).filter(|_| name == "GET" && answer == Value::Nil);
        remembered.cloned().unwrap_or(answer)
    }

    async fn transaction(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let is_all_incr = batch.commands().all(|command| arg(command, 0) == b"INCR");
        match self.flaw {
            F::SendsTransactionsWithoutMulti => {
                self.inner.call_batch(&batch.commands().cloned().collect()).await
            }
            F::SplitsTransactions if is_all_incr => {
                let mut replies = Vec::new();
                for command in batch.commands() {
                    replies.push(self.inner.call(command).await);
                }
                Ok(replies)
            }
            F::TellsAPartialTransactionAsOneError => {
                let replies = self.inner.call_batch(batch).await?;
                let error = replies.iter().find_map(|reply| reply.as_ref().err()).cloned();
                let is_partial = replies.iter().any(Result::is_ok);
                Ok(match error {
                    Some(error) if is_partial => vec![Err(error); replies.len()],
                    _ => replies,
                })
            }
            _ => self.inner.call_batch(batch).await,
        }
    }

    async fn blocks(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let plain = || batch.commands().cloned().collect::<Batch>();
        match self.flaw {
            _ if batch.blocks().is_empty() => self.inner.call_batch(batch).await,
            F::SendsBlocksLast => {
                let is_inside = |at: &usize| batch.blocks().iter().any(|block| block.contains(at));
                let (inside, outside): (Vec<_>, Vec<_>) = (0..batch.len()).partition(is_inside);
                let order = [outside, inside.clone()].concat();
                let mut shuffled: Batch =
                    order.iter().map(|at| batch.commands().nth(*at).unwrap().clone()).collect();
                shuffled.make_atomic(batch.len() - inside.len()..batch.len());
                let replies = self.inner.call_batch(&shuffled).await?;
                let mut replies: Vec<_> = order.into_iter().zip(replies).collect();
                replies.sort_by_key(|(at, _)| *at);
                Ok(replies.into_iter().map(|(_, reply)| reply).collect())
            }
            F::SendsBlocksWithoutMulti => self.inner.call_batch(&plain()).await,
            F::SplitsBlocks if batch.commands().all(|command| arg(command, 0) == b"INCR") => {
                let mut replies = Vec::new();
                for command in batch.commands() {
                    replies.push(self.inner.call(command).await);
                }
                Ok(replies)
            }
            _ => self.inner.call_batch(batch).await,
        }
    }

    fn message(&self, message: Message) -> Option<Message> {
        Some(match (self.flaw, message) {
            (F::LosesBytesOfMessages, Message::Published { channel, pattern, payload, .. }) => {
                Message::published(channel, pattern, String::from_utf8_lossy(&payload).as_bytes())
            }
            (F::TellsNoPattern, Message::Published { channel, payload, .. }) => {
                Message::published(channel, None::<&str>, payload)
            }
            (F::HidesGaps, Message::Gap) => return None,
            (_, message) => message,
        })
    }

    fn incarnate(&self, told: Incarnation) -> Incarnation {
        match self.flaw {
            F::TellsNoRunId => Incarnation::new(None, told.link()),
            F::CountsNoConnections => Incarnation::new(told.run_id().map(Into::into), 1),
            _ => told,
        }
    }
}

#[async_trait]
impl Backend for Broken {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        let name = String::from_utf8_lossy(&arg(command, 0)).to_uppercase();
        self.notes.in_flight.fetch_add(1, Ordering::SeqCst);
        let mut in_flight =
            InFlight { notes: &self.notes, flaw: self.flaw, since: Instant::now(), is_done: false };
        let answer = match self.before(&name, command).await {
            Some(answer) => answer,
            None => {
                let half = Duration::from_millis(500);
                let answer = match (self.flaw, timeout(half, self.inner.call(command))) {
                    (F::HasADeadlineOfItsOwn, call) if !self.is_session => {
                        call.await.unwrap_or(Err(Error::deadline(half)))
                    }
                    (F::GivesUpBlocking, call) if self.is_session => call.await.unwrap_or(Ok(Value::Nil)),
                    _ => self.inner.call(command).await,
                };
                self.after(&name, command, answer).await
            }
        };
        in_flight.is_done = true;
        answer
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_atomic() && !batch.is_empty() && !self.is_session {
            return self.transaction(batch).await;
        }
        match self.flaw {
            F::TakesAnEmptyBatchForAnError if batch.is_empty() => {
                Err(Error::unsupported("nothing", "fill it"))
            }
            F::GoesToTheServerForAnEmptyBatch if batch.is_empty() => {
                self.inner.call(&cmd("PING")).await?;
                Ok(Vec::new())
            }
            F::SendsTheFirstPartOfARefusedBatch if batch.commands().any(|c| arg(c, 0) == b"MONITOR") => {
                self.inner.call(batch.commands().next().unwrap()).await?;
                Err(Error::unsupported("MONITOR", "leave it"))
            }
            _ => {
                let mut replies = self.blocks(batch).await?;
                match self.flaw {
                    F::ReversesLargeBatches if batch.len() > 100 => replies.reverse(),
                    F::LeavesOutRefusedEntries => {
                        replies.retain(|reply| !matches!(reply, Err(Error::Refused { .. })));
                    }
                    F::TellsALostBatchAsOneError => {
                        if let Some(Err(error @ Error::Link { .. })) = replies.first() {
                            return Err(error.clone());
                        }
                    }
                    F::TakesAConflictForDone => replies.iter_mut().for_each(|reply| {
                        if matches!(reply, Err(Error::Conflict)) {
                            *reply = Ok(Value::Nil);
                        }
                    }),
                    _ => {}
                }
                Ok(replies)
            }
        }
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        let key = key.unwrap_or_default().to_vec();
        let shared = self.notes.sessions.lock().unwrap().get(&key).cloned();
        if let Some(session) = shared.filter(|_| self.flaw == F::SharesSessions) {
            return Ok(session);
        }
        let inner = match self.inner.session(Some(&key)).await {
            Err(_) if self.flaw == F::TellsAFailedSessionAsUnknown => return Err(lost(Effect::Unknown)),
            session => session?,
        };
        let session: Arc<dyn Backend> = Arc::new(Self {
            inner,
            flaw: self.flaw,
            is_session: true,
            origin: Some(self.inner.clone()),
            notes: Arc::default(),
        });
        self.notes.sessions.lock().unwrap().insert(key, session.clone());
        Ok(session)
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        let is_deaf = match self.flaw {
            F::ListensToEverybodysInvalidations => topics.contains(&Topic::Invalidations) && !self.is_session,
            F::IsDeafOnSessions => self.is_session,
            _ => false,
        };
        if is_deaf {
            return Ok(Messages::new(futures::stream::pending()));
        }
        let messages = self.inner.subscribe(topics).await?;
        let (notes, flaw) = (self.notes.clone(), self.flaw);
        let number = notes.listeners.fetch_add(1, Ordering::SeqCst) + 1;
        let like = Self { inner: self.inner.clone(), flaw, is_session: false, origin: None, notes };
        Ok(Messages::new(messages.filter_map(move |message| {
            let is_last = like.notes.listeners.load(Ordering::SeqCst) == number;
            let is_heard = is_last || like.flaw != F::HearsOnlyForTheLastListener;
            let message = like.message(message).filter(|_| is_heard);
            async move { message }
        })))
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.inner.identify().await.map(|told| self.incarnate(told))
    }

    fn incarnation(&self) -> Option<Incarnation> {
        let told = self.inner.incarnation().filter(|_| self.flaw != F::NeverTellsWhoAnswers);
        told.map(|told| self.incarnate(told))
    }

    fn delivery(&self) -> Delivery {
        self.inner.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.inner.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.inner.is_sharded()
    }

    async fn fence(&self) -> Result<()> {
        match self.flaw {
            F::FencesNothing => return Ok(()),
            F::CannotFence => return Err(lost(Effect::None)),
            _ => {}
        }
        self.inner.fence().await
    }

    fn disconnect(&self) {
        self.notes.was_dropped.store(false, Ordering::SeqCst);
        self.notes.is_failing.store(true, Ordering::SeqCst);
        if self.flaw != F::IgnoresDisconnect {
            self.inner.disconnect();
        }
    }
}

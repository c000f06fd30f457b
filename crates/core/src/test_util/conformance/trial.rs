//! What the clauses are tried with: questions to a backend that never hang and never panic.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use redis::{Cmd, FromRedisValue, Value, cmd};
use tokio::time::{Instant, sleep, timeout};

use super::clause::{Finding, Found};
use super::disrupt::Disrupt;
use super::subject::Subject;
use crate::{Backend, Batch, Message, Messages, Result, Topic};

/// How soon something is tried again that may take a while.
pub(super) const PAUSE: Duration = Duration::from_millis(10);
/// How often a disruption may hit something else than what is tried.
pub(super) const TRIES: usize = 5;
/// How often in a row a backend answers that is well again: one of several servers, each in its turn.
const WELL: usize = 10;

/// One clause's way to its backend, with keys of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial<'a> {
    pub(super) subject: &'a Subject,
    name: &'static str,
}

impl<'a> Trial<'a> {
    pub(super) const fn new(subject: &'a Subject, name: &'static str) -> Self {
        Self { subject, name }
    }

    pub(super) fn node(&self) -> &'a dyn Backend {
        self.subject.backend()
    }

    /// A name under the prefix, in the one slot of the clause.
    pub(super) fn name(&self, name: &str) -> String {
        format!("{}:{{{}}}:{name}", self.subject.prefix(), self.name)
    }

    fn names(&self) -> [String; 2] {
        [self.name("a"), self.name("b")]
    }

    /// Two keys that do not exist.
    pub(super) async fn keys(&self) -> Found<[String; 2]> {
        let keys = self.names();
        self.ask::<i64>(self.node(), cmd("DEL").arg(&keys)).await?;
        Ok(keys)
    }

    /// A key that does not exist.
    pub(super) async fn key(&self) -> Found<String> {
        self.keys().await.map(|[key, _]| key)
    }

    /// What the future gives, if it does within the limit.
    pub(super) async fn within<T>(&self, what: &str, future: impl Future<Output = T>) -> Found<T> {
        let limit = self.subject.how_long_at_most();
        timeout(limit, future)
            .await
            .map_err(|_| Finding { expected: format!("{what} within {limit:?}"), seen: "nothing".into() })
    }

    /// What `node` answers, be it an error.
    pub(super) async fn call(&self, node: &dyn Backend, command: &Cmd) -> Found<Result<Value>> {
        self.within(&format!("an answer to {}", words(command)), node.call(command)).await
    }

    /// What `node` answers, which must be a `T`.
    pub(super) async fn ask<T: FromRedisValue>(&self, node: &dyn Backend, command: &Cmd) -> Found<T> {
        let answer = self.call(node, command).await?;
        let seen = tell(&answer);
        read(answer).ok_or_else(|| Finding { expected: format!("a reply to {}", words(command)), seen })
    }

    /// What `node` answers to a batch, whatever each entry is.
    pub(super) async fn batch(&self, node: &dyn Backend, batch: &Batch) -> Found<Vec<Result<Value>>> {
        let answer = self.within(&format!("an answer to a {batch:?}"), node.call_batch(batch)).await?;
        answer.map_err(|error| Finding {
            expected: format!("an entry for each command of a {batch:?}"),
            seen: format!("one error for the whole: {error}"),
        })
    }

    pub(super) async fn session(&self, key: &str) -> Found<Arc<dyn Backend>> {
        let session = self.within("a session", self.node().session(Some(key.as_bytes()))).await?;
        session.map_err(|error| Finding { expected: "a session".into(), seen: error.to_string() })
    }

    pub(super) async fn subscribe(&self, node: &dyn Backend, topics: &[Topic]) -> Found<Messages> {
        let messages = self.within("a subscription", node.subscribe(topics)).await?;
        messages.map_err(|error| Finding { expected: "a subscription".into(), seen: error.to_string() })
    }

    pub(super) async fn next(&self, messages: &mut Messages) -> Found<Message> {
        let message = self.within("a message", messages.next()).await?;
        message
            .ok_or_else(|| Finding { expected: "a message".into(), seen: "the end of all messages".into() })
    }

    /// Sees that the future is not ready for as long as the subject's patience, while `meanwhile` is done.
    pub(super) async fn waits<T>(
        &self,
        what: &str,
        future: impl Future<Output = T> + Unpin,
        meanwhile: impl Future<Output = Found>,
    ) -> Found {
        let patience = self.subject.how_long_nothing();
        let meanwhile = pin!(async {
            meanwhile.await?;
            sleep(patience).await;
            Ok(())
        });
        match select(future, meanwhile).await {
            Either::Left(_) => Err(Finding {
                expected: format!("{what} to wait, for {patience:?} at least"),
                seen: "it ended".into(),
            }),
            Either::Right((found, _)) => found,
        }
    }

    /// The means to break the backend.
    pub(super) fn disruption(&self) -> Found<&'a dyn Disrupt> {
        self.subject.disruption().ok_or_else(|| Finding {
            expected: "a way to break the backend (Subject::broken_by)".into(),
            seen: "none was given".into(),
        })
    }

    /// Ends every disruption, and waits until the backend answers again.
    pub(super) async fn recover(&self) -> Found {
        if let Some(disruption) = self.subject.disruption() {
            disruption.heal().await;
        }
        let started = Instant::now();
        loop {
            match self.is_well().await {
                Ok(()) => return Ok(()),
                Err(finding) if started.elapsed() > self.subject.how_long_at_most() => {
                    let expected = "the backend to answer again when all is well again".into();
                    return Err(Finding { expected, ..finding });
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Others may be on the same way to the server, as sentinels and replicas are, and when it heals they all speak at
    /// once. The more often they were hit instead, the longer they are waited for.
    pub(super) async fn let_others_pass(&self, missed: usize) {
        let times = u32::try_from(missed).unwrap_or(u32::MAX);
        sleep(PAUSE.saturating_mul(10).saturating_mul(times)).await;
    }

    async fn is_well(&self) -> Found {
        let [key, _] = self.names();
        for _ in 0..WELL {
            self.ask::<String>(self.node(), &cmd("PING")).await?;
        }
        self.ask::<i64>(self.node(), cmd("EXISTS").arg(key)).await.map(drop)
    }

    /// Leaves nothing behind, neither keys nor a broken connection, so that no clause spoils the next.
    pub(super) async fn clean_up(&self, was_violated: bool, was_disrupted: bool) -> Found {
        if was_violated {
            self.node().disconnect();
        }
        if was_disrupted {
            self.recover().await?;
        }
        // Where that is refused, the keys stay: they are nobody else's.
        self.call(self.node(), cmd("DEL").arg(&self.names())).await.map(drop)
    }
}

/// The answer as a `T`, if it is one.
pub(super) fn read<T: FromRedisValue>(answer: Result<Value>) -> Option<T> {
    redis::from_redis_value(answer.ok()?).ok()
}

/// Sees that something is as expected.
#[expect(clippy::needless_pass_by_value, reason = "most of what is expected is a literal")]
pub(super) fn same<T: PartialEq + Debug>(what: &str, expected: T, seen: T) -> Found {
    if expected == seen {
        return Ok(());
    }
    Err(Finding { expected: format!("{what} to be {expected:?}"), seen: format!("{seen:?}") })
}

/// Sees that something is so.
pub(super) fn holds(is_so: bool, expected: impl Into<String>, seen: impl FnOnce() -> String) -> Found {
    if is_so { Ok(()) } else { Err(Finding { expected: expected.into(), seen: seen() }) }
}

/// An answer for people.
pub(super) fn tell<T: Debug>(answer: &Result<T>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("an error with effect {:?}: {error}", error.effect()),
    }
}

/// A command for people.
pub(super) fn words(command: &Cmd) -> String {
    String::from_utf8_lossy(&command.args_iter().fold(Vec::new(), |mut words, word| {
        if let redis::Arg::Simple(word) = word {
            words.extend_from_slice(if words.is_empty() { b"" } else { b" " });
            words.extend_from_slice(word);
        }
        words
    }))
    .into_owned()
}

/// The command that these words make.
pub(super) fn command(text: &str) -> Cmd {
    let mut command = Cmd::new();
    for word in text.split(' ') {
        command.arg(word);
    }
    command
}

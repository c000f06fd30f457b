//! A backend behind a breaker: what it lets through, and what it counts.

mod probing;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use super::Breaker;
use super::health::{Change, Health};
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic};
use crate::error::{Error, LinkError, Result};
use crate::lock::lock;
use crate::mutant;

/// A backend behind a breaker.
#[derive(Debug)]
pub(crate) struct Guarded {
    inner: Arc<dyn Backend>,
    settings: Breaker,
    /// No strike and not open: the everyday case, seen without a lock.
    is_calm: AtomicBool,
    health: Mutex<Health>,
    is_probing: AtomicBool,
    is_shut_down: AtomicBool,
    /// How many failures of connections were counted.
    failures: AtomicU64,
    myself: Weak<Self>,
}

impl Guarded {
    pub(super) fn new(inner: Arc<dyn Backend>, settings: Breaker) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self {
            inner,
            settings,
            is_calm: AtomicBool::new(true),
            health: Mutex::new(Health::new(settings.strikes)),
            is_probing: AtomicBool::new(false),
            is_shut_down: AtomicBool::new(false),
            failures: AtomicU64::new(0),
            myself: myself.clone(),
        })
    }

    /// The failure that opened the breaker, while it is open.
    pub(crate) fn down(&self) -> Option<Arc<Error>> {
        let is_open = !self.is_calm.load(Ordering::Acquire) && !self.is_shut_down.load(Ordering::Acquire);
        if is_open { self.health().cause() } else { None }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        lock(&self.health)
    }

    /// Lets nothing more through, for good.
    pub(crate) fn close(&self) {
        self.is_shut_down.store(true, Ordering::Release);
        self.is_calm.store(false, Ordering::Release);
        self.inner.disconnect();
    }

    /// Whether a call may pass.
    fn check_closed(&self) -> Result<()> {
        if self.is_calm.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.is_shut_down.load(Ordering::Acquire) {
            return Err(Error::Shutdown);
        }
        match self.down() {
            None => Ok(()),
            Some(cause) => {
                self.probe_in_background();
                Err(Error::Down { cause })
            }
        }
    }

    /// Which failure is the newest: what began before it and fails after it is the same failure.
    fn epoch(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// Counts what the node answered to what began at `epoch`.
    fn learn<T>(&self, epoch: u64, answer: &Result<T>) {
        match answer {
            Ok(_) => self.alive(),
            Err(error) => self.learn_from(epoch, error),
        }
    }

    fn learn_from(&self, epoch: u64, error: &Error) {
        match error {
            // It was given up on this side, perhaps by this very breaker.
            Error::Link { reason, .. } if matches!(**reason, LinkError::GivenUp { .. }) => {}
            Error::Link { reason, .. } => self.fail(epoch, error, reason.is_refusal()),
            Error::Refused { .. }
            | Error::Conflict
            | Error::Conversion { .. }
            | Error::Unanswered
            | Error::NotAtomic { .. }
            | Error::Partial { .. } => self.alive(),
            // Said on this side of the connection, so it tells nothing about the node. A deadline is told
            // by its owner.
            Error::Unsupported { .. }
            | Error::Down { .. }
            | Error::Duplicate { .. }
            | Error::Overloaded { .. }
            | Error::Policy { .. }
            | Error::Shutdown
            | Error::Panicked { .. }
            | Error::Declined { .. }
            | Error::Foreign { .. }
            | Error::Deadline { .. } => {}
        }
    }

    /// A connection that breaks fails everything on it: that is one failure, and the connection that is made
    /// next is not to blame.
    fn fail(&self, epoch: u64, error: &Error, is_refusal: bool) {
        let next = epoch.wrapping_add(1);
        let is_news =
            self.failures.compare_exchange(epoch, next, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if is_news && self.counts_failures() {
            self.change(|health| health.on_failure(error.clone(), is_refusal));
        }
    }

    /// Whether failures are counted here. Each server of a cluster has a breaker of its own; but before the first map
    /// there is no server to blame but all.
    fn counts_failures(&self) -> bool {
        !self.inner.is_sharded() || self.inner.incarnation().is_none()
    }

    /// Whoever waited for a connection that was given up because the breaker opened is told why it did.
    fn told<T>(&self, answer: Result<T>) -> Result<T> {
        match &answer {
            Err(Error::Link { reason, .. }) if matches!(**reason, LinkError::GivenUp { .. }) => {
                self.check_closed().and(answer)
            }
            _ => answer,
        }
    }

    /// To connect is no sign of life, only that the address takes connections: it forgets no failure.
    fn learn_of_connecting<T>(&self, epoch: u64, answer: &Result<T>) {
        if let Err(error @ Error::Link { .. }) = answer {
            self.learn_from(epoch, error);
        }
    }

    fn alive(&self) {
        if !self.is_calm.load(Ordering::Acquire) {
            self.change(Health::on_reply);
        }
    }

    fn change(&self, what: impl FnOnce(&mut Health) -> Change) {
        let mut health = self.health();
        let change = what(&mut health);
        let is_calm = health.is_calm() && !self.is_shut_down.load(Ordering::Acquire);
        self.is_calm.store(is_calm, Ordering::Release);
        drop(health);
        match change {
            Change::None => {}
            Change::Opened => {
                tracing::debug!(backend = ?self.inner, "breaker opened");
                self.inner.disconnect();
                self.probe_in_background();
            }
            Change::Closed => tracing::debug!(backend = ?self.inner, "breaker closed"),
        }
    }
}

#[async_trait]
impl Backend for Guarded {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        self.check_closed()?;
        let epoch = self.epoch();
        let mut answer = self.inner.call(command).await;
        if mutant::is_on("lost_reply_is_sent_again") && matches!(answer, Err(Error::Link { .. })) {
            answer = self.inner.call(command).await;
        }
        self.learn(epoch, &answer);
        self.told(answer)
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.check_closed()?;
        let epoch = self.epoch();
        let answer = self.inner.call_batch(batch).await;
        // A connection that breaks in the middle of a batch is in its entries.
        let is_broken = |reply: &&Result<Value>| matches!(reply, Err(Error::Link { .. }));
        match answer.iter().flatten().find(is_broken) {
            Some(broken) => self.learn(epoch, broken),
            None => self.learn(epoch, &answer),
        }
        self.told(answer)
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.check_closed()?;
        let epoch = self.epoch();
        let answer = self.inner.session(key).await;
        self.learn_of_connecting(epoch, &answer);
        self.told(answer)
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.check_closed()?;
        let epoch = self.epoch();
        let answer = self.inner.subscribe(topics).await;
        self.learn_of_connecting(epoch, &answer);
        self.told(answer)
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.check_closed()?;
        let epoch = self.epoch();
        let answer = self.inner.identify().await;
        self.learn_of_connecting(epoch, &answer);
        self.told(answer)
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.inner.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.inner.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.inner.overdue(after);
        if self.counts_failures() {
            self.change(|health| health.on_failure(Error::deadline(after), false));
        }
    }

    fn is_sharded(&self) -> bool {
        self.inner.is_sharded()
    }

    async fn fence(&self) -> Result<()> {
        self.check_closed()?;
        let epoch = self.epoch();
        let answer = self.inner.fence().await;
        self.learn_of_connecting(epoch, &answer);
        self.told(answer)
    }

    fn disconnect(&self) {
        self.inner.disconnect();
    }
}

//! What an operation has done on its node so far, so that its last error does not deny it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic};
use crate::error::{Effect, Error, Result};
use crate::layer::Guarded;
use crate::mutant;

/// A node's backend as one operation sees it: it counts what was carried out, or may have been.
#[derive(Debug)]
pub(super) struct Noted {
    inner: Arc<Guarded>,
    done: AtomicUsize,
}

impl Noted {
    pub(super) const fn new(inner: Arc<Guarded>) -> Self {
        Self { inner, done: AtomicUsize::new(0) }
    }

    /// The operation's own error, unless it says that nothing happened although something did before: an operation
    /// of several commands, the last of which was refused. What the operation itself declines, it answers for.
    pub(super) fn judge(&self, error: Error) -> Error {
        if let Error::Link { reason, .. } = &error
            && mutant::is_on("lost_reply_has_no_effect")
        {
            return Error::link((**reason).clone(), Effect::None);
        }
        let done = self.done.load(Ordering::Relaxed);
        if done == 0 || error.effect() == Effect::Unknown || matches!(error, Error::Declined { .. }) {
            return error;
        }
        Error::Partial { done, parts: done + 1, cause: Arc::new(error) }
    }

    fn note<T>(&self, answer: &Result<T>) {
        if answer.as_ref().err().is_none_or(|error| error.effect() == Effect::Unknown) {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl Backend for Noted {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        let answer = self.inner.call(command).await;
        self.note(&answer);
        answer
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let answers = self.inner.call_batch(batch).await;
        for answer in answers.iter().flatten() {
            self.note(answer);
        }
        answers
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        // What is done on it is not seen from here.
        let session = self.inner.session(key).await;
        self.note(&session);
        session
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.inner.subscribe(topics).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.inner.identify().await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.inner.incarnation()
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
        self.inner.fence().await
    }

    fn disconnect(&self) {
        self.inner.disconnect();
    }
}

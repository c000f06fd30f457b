//! A span for every call: which node, which command, how it ended, how long it took.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use super::Layer;
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic, name, word};
use crate::error::{Error, Result};

/// Opens a `tracing` span named `redis` at level DEBUG around every call, with the fields `node`, `command`,
/// `outcome` and `micros`. It never holds a key, a value or a secret. Where nobody listens at that level, it
/// costs one look.
#[derive(Clone, Debug)]
pub struct Trace {
    node: Arc<str>,
}

impl Trace {
    /// Spans that name the node so.
    #[must_use]
    pub fn new(node: impl Into<Arc<str>>) -> Self {
        Self { node: node.into() }
    }
}

impl Layer for Trace {
    fn layer(&self, inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        Arc::new(Traced { inner, node: self.node.clone() })
    }
}

#[derive(Debug)]
struct Traced {
    inner: Arc<dyn Backend>,
    node: Arc<str>,
}

impl Traced {
    /// Runs `call` within a span for `command`, and notes how it ended.
    async fn within<T>(
        &self,
        command: impl FnOnce() -> String + Send,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return call.await;
        }
        let span =
            debug_span!("redis", node = &*self.node, command = command(), outcome = Empty, micros = Empty);
        let started = Instant::now();
        let answer = call.instrument(span.clone()).await;
        note(&span, answer.as_ref().err(), started);
        answer
    }
}

fn note(span: &Span, error: Option<&Error>, started: Instant) {
    span.record("outcome", error.map_or("ok", outcome));
    span.record("micros", u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
}

/// One word for how a call ended. An error's own text may quote a key, so it is not shown.
const fn outcome(error: &Error) -> &'static str {
    match error {
        Error::Deadline { .. } => "deadline",
        Error::Link { .. } => "link",
        Error::Refused { .. } => "refused",
        Error::Unsupported { .. } => "unsupported",
        Error::Partial { .. } => "partial",
        Error::Conflict => "conflict",
        Error::Conversion { .. } => "conversion",
        Error::Unanswered => "unanswered",
        Error::NotAtomic { .. } => "not atomic",
        Error::Declined { .. } => "declined",
        Error::Foreign { .. } => "foreign",
        Error::Down { .. } => "down",
        Error::Duplicate { .. } => "duplicate",
        Error::Overloaded { .. } => "overloaded",
        Error::Policy { .. } => "policy",
        Error::Shutdown => "shutdown",
        Error::Panicked { .. } => "panicked",
    }
}

#[async_trait]
impl Backend for Traced {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        self.within(|| word(name(command)), self.inner.call(command)).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        self.within(|| format!("batch of {}", batch.len()), self.inner.call_batch(batch)).await
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        let session = self.within(|| "(session)".into(), self.inner.session(key)).await?;
        Ok(Arc::new(Self { inner: session, node: self.node.clone() }))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.within(|| "(subscribe)".into(), self.inner.subscribe(topics)).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.within(|| "(identify)".into(), self.inner.identify()).await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.inner.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.inner.delivery()
    }

    fn overdue(&self, after: Duration) {
        tracing::debug!(node = &*self.node, ?after, "deadline passed");
        self.inner.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.inner.is_sharded()
    }

    async fn fence(&self) -> Result<()> {
        self.within(|| "(fence)".into(), self.inner.fence()).await
    }

    fn disconnect(&self) {
        self.inner.disconnect();
    }
}

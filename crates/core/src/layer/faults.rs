//! Faults from a seed: the same seed and the same calls, the same faults.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::time::sleep;

use super::Layer;
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic};
use crate::error::{Effect, Error, LinkError, Result};
use crate::lock::lock;

/// Makes calls late, loses their requests or loses their replies, as the seed has it. Either loss looks the
/// same to the caller, as it does on a network: the connection broke, the effect is unknown.
///
/// # Example
///
/// ```
/// use redfleet_core::{Backend, Effect, Faults, Layer, test_util::Scripted};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let server = Scripted::new().on("INCR", ":1\r\n");
/// let node = Faults::seeded(7).lose_replies(1.0).layer(server.shared());
/// let error = node.call(cmd("INCR").arg("k")).await.unwrap_err();
/// assert_eq!(error.effect(), Effect::Unknown);
/// assert_eq!(server.sent(), ["INCR k"]); // it happened all the same
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    seed: u64,
    delay: Range<Duration>,
    lose_requests: f64,
    lose_replies: f64,
}

impl Faults {
    /// No fault yet, drawn from this seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, delay: Duration::ZERO..Duration::ZERO, lose_requests: 0.0, lose_replies: 0.0 }
    }

    /// Holds every call up for a time in this range, before it is sent.
    #[must_use]
    pub const fn delay(mut self, range: Range<Duration>) -> Self {
        self.delay = range;
        self
    }

    /// Loses this share of the requests, 0 to 1: they never reach the node.
    #[must_use]
    pub const fn lose_requests(mut self, share: f64) -> Self {
        self.lose_requests = share;
        self
    }

    /// Loses this share of the replies, 0 to 1: the node has done its work.
    #[must_use]
    pub const fn lose_replies(mut self, share: f64) -> Self {
        self.lose_replies = share;
        self
    }
}

impl Layer for Faults {
    fn layer(&self, inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        let random = Mutex::new(fastrand::Rng::with_seed(self.seed));
        Arc::new(Faulty { inner, settings: self.clone(), random })
    }
}

#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn Backend>,
    settings: Faults,
    random: Mutex<fastrand::Rng>,
}

/// What happens to one call.
struct Fate {
    delay: Duration,
    loses_request: bool,
    loses_reply: bool,
}

impl Faulty {
    /// Drawn whole for every call, so that one setting does not shift the others' draws.
    fn fate(&self) -> Fate {
        let mut random = lock(&self.random);
        let settings = &self.settings;
        let span = settings.delay.end.saturating_sub(settings.delay.start);
        Fate {
            delay: settings.delay.start + span.mul_f64(random.f64()),
            loses_request: random.f64() < settings.lose_requests,
            loses_reply: random.f64() < settings.lose_replies,
        }
    }

    async fn suffer<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let fate = self.fate();
        if !fate.delay.is_zero() {
            sleep(fate.delay).await;
        }
        if fate.loses_request {
            return Err(lost());
        }
        let answer = call.await;
        if fate.loses_reply { Err(lost()) } else { answer }
    }
}

fn lost() -> Error {
    Error::link(LinkError::Closed { to: "the node (a fault from a seed)".into() }, Effect::Unknown)
}

#[async_trait]
impl Backend for Faulty {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        self.suffer(self.inner.call(command)).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        match self.suffer(self.inner.call_batch(batch)).await {
            Err(error) if error.effect() == Effect::Unknown => Ok(vec![Err(error); batch.len()]),
            answer => answer,
        }
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        let session = self.suffer(self.inner.session(key)).await?;
        let seed = lock(&self.random).u64(..);
        Ok(Faults { seed, ..self.settings.clone() }.layer(session))
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
        self.suffer(self.inner.fence()).await
    }

    fn disconnect(&self) {
        self.inner.disconnect();
    }
}

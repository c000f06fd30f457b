//! What the benches share: a backend that has its answer ready, so that what is measured around it is all ours.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use criterion::Criterion;
use redfleet_core::{Backend, Batch, Delivery, Error, Incarnation, Messages, Result, Topic};
use redis::{Cmd, Value};

/// Criterion, as long as figures of nanoseconds need and no longer.
pub(crate) fn criterion() -> Criterion {
    let (warm_up, measurement) = (Duration::from_millis(500), Duration::from_secs(2));
    Criterion::default()
        .without_plots()
        .warm_up_time(warm_up)
        .measurement_time(measurement)
        .configure_from_args()
}

/// Answers everything with OK, at once.
#[derive(Debug)]
pub(crate) struct Ready {
    incarnation: Incarnation,
}

impl Ready {
    /// The server with this run id.
    pub(crate) fn shared(run_id: &str) -> Arc<dyn Backend> {
        Arc::new(Self { incarnation: Incarnation::new(Some(run_id.into()), 1) })
    }
}

#[async_trait]
impl Backend for Ready {
    async fn call(&self, _command: &Cmd) -> Result<Value> {
        Ok(Value::Okay)
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        Ok(vec![Ok(Value::Okay); batch.len()])
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Err(Error::Shutdown)
    }

    async fn subscribe(&self, _topics: &[Topic]) -> Result<Messages> {
        Err(Error::Shutdown)
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(self.incarnation.clone())
    }

    fn incarnation(&self) -> Option<Incarnation> {
        Some(self.incarnation.clone())
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        Ok(())
    }

    fn disconnect(&self) {}
}

//! A backend that keeps nothing but counts, however much passes through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::{Backend, Batch, Delivery, Incarnation, Messages, Result, Topic};
use redis::{Cmd, Value};

/// Answers each command with the number that it has on this node, from 0.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub(super) batches: AtomicUsize,
    pub(super) commands: AtomicUsize,
    /// The most commands in one batch.
    pub(super) longest: AtomicUsize,
}

#[async_trait]
impl Backend for Counting {
    async fn call(&self, _: &Cmd) -> Result<Value> {
        self.commands.fetch_add(1, Ordering::Relaxed);
        Ok(Value::Okay)
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.longest.fetch_max(batch.len(), Ordering::Relaxed);
        let first = self.commands.fetch_add(batch.len(), Ordering::Relaxed);
        let number = |place: usize| i64::try_from(first + place).unwrap_or(i64::MAX);
        Ok((0..batch.len()).map(|place| Ok(Value::Int(number(place)))).collect())
    }

    async fn session(&self, _: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Self::default()))
    }

    async fn subscribe(&self, _: &[Topic]) -> Result<Messages> {
        Ok(Messages::new(futures::stream::empty()))
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(Incarnation::new(None, 1))
    }

    fn incarnation(&self) -> Option<Incarnation> {
        Some(Incarnation::new(None, 1))
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        Ok(())
    }

    fn disconnect(&self) {}
}

//! A backend around another one, of which a test says only what is different.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Topic};
use crate::error::Result;

/// What stands between a caller and a backend. Each method is that of [`Backend`], and is told what is behind: what a test does not
/// say goes there as it is.
///
/// A [layer](crate::Layer) has to say all of it: there what is forgotten is a mistake, in a test it is a page of nothing.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::{Between, Scripted, around};
/// use redfleet_core::{Backend, Batch, Error, Result};
/// use redis::{Value, cmd};
/// use std::sync::Arc;
///
/// #[derive(Debug)]
/// struct NoBatches;
///
/// #[async_trait::async_trait]
/// impl Between for NoBatches {
///     async fn call_batch(&self, _: &dyn Backend, _: &Batch) -> Result<Vec<Result<Value>>> {
///         Err(Error::unsupported("a batch", "send them one by one"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let node = around(Scripted::new().on("GET", ":1\r\n").shared(), &Arc::new(NoBatches));
/// assert_eq!(node.call(cmd("GET").arg("k")).await?, Value::Int(1));
/// assert!(node.call_batch(&Batch::new()).await.is_err());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Between: Debug + Send + Sync + 'static {
    /// See [`Backend::call`].
    async fn call(&self, behind: &dyn Backend, command: &Cmd) -> Result<Value> {
        behind.call(command).await
    }

    /// See [`Backend::call_batch`].
    async fn call_batch(&self, behind: &dyn Backend, batch: &Batch) -> Result<Vec<Result<Value>>> {
        behind.call_batch(batch).await
    }

    /// See [`Backend::session`].
    async fn session(&self, behind: &dyn Backend, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        behind.session(key).await
    }

    /// See [`Backend::subscribe`].
    async fn subscribe(&self, behind: &dyn Backend, topics: &[Topic]) -> Result<Messages> {
        behind.subscribe(topics).await
    }

    /// See [`Backend::identify`].
    async fn identify(&self, behind: &dyn Backend) -> Result<Incarnation> {
        behind.identify().await
    }

    /// See [`Backend::incarnation`].
    fn incarnation(&self, behind: &dyn Backend) -> Option<Incarnation> {
        behind.incarnation()
    }

    /// See [`Backend::delivery`].
    fn delivery(&self, behind: &dyn Backend) -> Delivery {
        behind.delivery()
    }

    /// See [`Backend::overdue`].
    fn overdue(&self, behind: &dyn Backend, after: Duration) {
        behind.overdue(after);
    }

    /// See [`Backend::is_sharded`].
    fn is_sharded(&self, behind: &dyn Backend) -> bool {
        behind.is_sharded()
    }

    /// See [`Backend::fence`].
    async fn fence(&self, behind: &dyn Backend) -> Result<()> {
        behind.fence().await
    }

    /// See [`Backend::disconnect`].
    fn disconnect(&self, behind: &dyn Backend) {
        behind.disconnect();
    }
}

/// `behind`, with this in between: see [`Between`].
pub fn around<T: Between>(behind: Arc<dyn Backend>, between: &Arc<T>) -> Arc<dyn Backend> {
    Arc::new(Around { behind, between: Arc::clone(between) })
}

#[derive(Debug)]
struct Around<T> {
    behind: Arc<dyn Backend>,
    between: Arc<T>,
}

#[async_trait]
impl<T: Between> Backend for Around<T> {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        self.between.call(&*self.behind, command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        self.between.call_batch(&*self.behind, batch).await
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.between.session(&*self.behind, key).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.between.subscribe(&*self.behind, topics).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.between.identify(&*self.behind).await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.between.incarnation(&*self.behind)
    }

    fn delivery(&self) -> Delivery {
        self.between.delivery(&*self.behind)
    }

    fn overdue(&self, after: Duration) {
        self.between.overdue(&*self.behind, after);
    }

    fn is_sharded(&self) -> bool {
        self.between.is_sharded(&*self.behind)
    }

    async fn fence(&self) -> Result<()> {
        self.between.fence(&*self.behind).await
    }

    fn disconnect(&self) {
        self.between.disconnect(&*self.behind);
    }
}

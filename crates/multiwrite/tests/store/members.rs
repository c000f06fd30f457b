//! Servers with peculiarities: members of a cluster, and one whose connections nobody may end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::{
    Address, Backend, Batch, Cluster, Delivery, Embedded, Error, Faults, Incarnation, Layer, MakeNode,
    Messages, Result, Slot, Topic, keys_of,
};
use redis::{Cmd, Value};

use super::world::World;

/// A server with peculiarities.
#[derive(Debug)]
pub(crate) struct Odd {
    inner: Arc<dyn Backend>,
    /// The slots that it serves, and those of all members of its cluster.
    slots: Option<(u16, Value)>,
    is_fence_refused: bool,
    /// Requests are lost, and nobody is told so.
    pub(crate) is_losing: AtomicBool,
}

impl Odd {
    /// A server whose connections nobody may end.
    pub(crate) fn unfenced(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, slots: None, is_fence_refused: true, is_losing: AtomicBool::new(false) })
    }

    /// The same, of which fences may be had.
    pub(crate) fn fenced(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, slots: None, is_fence_refused: false, is_losing: AtomicBool::new(false) })
    }

    fn lost(&self) -> Result<()> {
        if self.is_losing.load(Ordering::Relaxed) {
            return Err(Error::deadline(Duration::from_secs(1)));
        }
        Ok(())
    }

    /// As a member of a cluster refuses keys that it does not serve.
    fn check(&self, command: &Cmd) -> Result<()> {
        let Some((number, _)) = &self.slots else { return Ok(()) };
        let keys: Vec<&[u8]> = keys_of(command).collect();
        if keys.iter().any(|key| owner(key) != *number) {
            return Err(Error::refused_with("MOVED", "1 n:9"));
        }
        let mut slots = keys.iter().map(|key| Slot::of_key(key));
        let first = slots.next();
        if slots.any(|slot| Some(slot) != first) {
            return Err(Error::refused_with("CROSSSLOT", "Keys in request don't hash to the same slot"));
        }
        Ok(())
    }
}

#[async_trait]
impl Backend for Odd {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        if let Some((_, slots)) = &self.slots
            && redfleet_core::command_name(command) == "CLUSTER"
        {
            return Ok(slots.clone());
        }
        self.lost()?;
        self.check(command)?;
        self.inner.call(command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if let Err(error) = self.lost() {
            return Ok(vec![Err(error); batch.len()]);
        }
        batch.commands().try_for_each(|command| self.check(command))?;
        self.inner.call_batch(batch).await
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.inner.session(key).await
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

    fn disconnect(&self) {
        self.inner.disconnect();
    }

    async fn fence(&self) -> Result<()> {
        if self.is_fence_refused {
            return Err(Error::refused_with("NOPERM", "no CLIENT KILL"));
        }
        self.inner.fence().await
    }
}

/// The member that serves a key.
fn owner(key: &[u8]) -> u16 {
    Slot::of_key(key).index() / 6000
}

/// A cluster of three in memory.
pub(crate) struct Trio {
    pub(crate) nodes: Vec<Embedded>,
    slots: Value,
}

impl Trio {
    pub(crate) fn new(world: &World, seed: u64) -> Self {
        let node = |number| Embedded::builder().clock(world.clock.clone()).seed(seed + number).build();
        let range = |number: u16| {
            let address = vec![Value::BulkString(b"n".to_vec()), Value::Int(i64::from(number) + 1)];
            let (first, last) = (number * 6000, (number * 6000 + 5999).min(16_383));
            Value::Array(vec![Value::Int(first.into()), Value::Int(last.into()), Value::Array(address)])
        };
        Self { nodes: (0..3).map(node).collect(), slots: Value::Array((0..3).map(range).collect()) }
    }

    /// The cluster as a client sees it to which that share of all requests and replies is lost.
    pub(crate) fn client(&self, seed: u64, losing: f64) -> Arc<dyn Backend> {
        let servers: Vec<Arc<dyn Backend>> = self.nodes.iter().map(Embedded::shared).collect();
        let slots = self.slots.clone();
        let make: MakeNode = Arc::new(move |address| {
            let number = address.port() - 1;
            let faults = Faults::seeded(seed + u64::from(number)).lose_requests(losing).lose_replies(losing);
            // Whoever is none of them has nothing.
            let server =
                servers.get(usize::from(number)).cloned().unwrap_or_else(|| Embedded::new().shared());
            Arc::new(Odd {
                inner: faults.layer(server),
                slots: Some((number, slots.clone())),
                is_fence_refused: false,
                is_losing: AtomicBool::new(false),
            })
        });
        Arc::new(Cluster::new(vec![Address::new("n", 1)], make))
    }
}

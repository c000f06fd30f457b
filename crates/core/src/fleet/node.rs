//! One member of a fleet, as an operation gets it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};

use super::noted::Noted;
use super::roster::Roster;
use crate::backend::{Backend, Handle};
use crate::error::{Error, Result};
use crate::layer::Guarded;

/// One node of a fleet: a backend with a name, a place and a breaker.
///
/// It is what an operation gets for each node. Inside an operation, the operation's deadline holds; a call outside of
/// one has none, and is not counted. It dereferences to its [`Backend`], so that
/// [`BackendExt`](crate::BackendExt) works on it, and it is a connection to redis-rs, so that the typed
/// commands do. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
    handle: Handle,
}

struct Shared {
    index: usize,
    name: Arc<str>,
    backend: Arc<Guarded>,
    roster: Arc<Roster>,
    in_flight: AtomicUsize,
    limit: usize,
}

impl Node {
    pub(super) fn new(
        index: usize,
        name: Arc<str>,
        backend: Arc<Guarded>,
        roster: Arc<Roster>,
        limit: usize,
    ) -> Self {
        let handle = Handle::new(backend.clone());
        let in_flight = AtomicUsize::new(0);
        Self { shared: Arc::new(Shared { index, name, backend, roster, in_flight, limit }), handle }
    }

    /// The node's place in the fleet, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.shared.index
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Why nothing is sent to the node now, if its breaker is open.
    #[must_use]
    pub fn down(&self) -> Option<Arc<Error>> {
        self.shared.backend.down()
    }

    /// How many operations of the fleet are in flight on the node.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::Relaxed)
    }

    /// The node as a connection of redis-rs.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Lets nothing more be sent to the node, and drops its connection.
    pub(super) fn close(&self) {
        self.shared.backend.close();
    }

    /// The same node for one operation, and what is noted of the operation.
    pub(super) fn for_operation(&self) -> (Self, Arc<Noted>) {
        let noted = Arc::new(Noted::new(self.shared.backend.clone()));
        (Self { shared: self.shared.clone(), handle: Handle::new(noted.clone()) }, noted)
    }

    /// Counts one more operation in flight, unless there are too many.
    pub(super) fn enter(&self) -> Result<Passage> {
        let limit = self.shared.limit;
        let passage = Passage { shared: self.shared.clone() };
        if self.shared.in_flight.fetch_add(1, Ordering::Relaxed) >= limit {
            return Err(Error::Overloaded { limit });
        }
        Ok(passage)
    }

    /// Whether the node is connected, and was seen to be a server of its own since.
    pub(super) fn is_admitted(&self) -> bool {
        let now = self.shared.backend.incarnation();
        now.is_some_and(|incarnation| self.shared.roster.knows(self.shared.index, &incarnation))
    }

    /// Connects the node, and sees that it is a server of its own.
    pub(super) fn admit(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let shared = self.shared.clone();
        async move {
            let incarnation = shared.backend.identify().await?;
            shared.roster.admit(shared.index, &incarnation)
        }
    }
}

impl Deref for Node {
    type Target = dyn Backend;

    fn deref(&self) -> &Self::Target {
        &*self.handle
    }
}

impl ConnectionLike for Node {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.handle.req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.handle.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.handle.get_db()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name()).field("down", &self.down()).finish_non_exhaustive()
    }
}

/// One operation in flight on a node, until it is dropped.
pub(super) struct Passage {
    shared: Arc<Shared>,
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

//! A Redis Cluster as one backend: a slot map of our own over single servers.

mod address;
mod aggregate;
mod errand;
mod fetch;
mod layout;
mod left;
mod listen;
mod map;
mod member;
mod redirect;
mod rounds;
mod route;
mod scan;
mod seeker;
mod session;
mod slots;
mod split;
mod state;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};

use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Place, Topic, check, check_all};
use crate::error::{Error, Result};

pub use address::Address;
pub use route::Route;
pub use slots::Slot;

use errand::{Errand, errands, one_slot};
use rounds::Rounds;
use seeker::Seeker;
use session::Session;
use state::State;

/// Makes the backend for one server of a cluster. It must not connect by itself: some are never asked.
pub type MakeNode = Arc<dyn Fn(&Address) -> Arc<dyn Backend> + Send + Sync>;

/// A Redis Cluster, as one [`Backend`].
///
/// # Guarantee
///
/// No command is sent again after its effect became unknown. What is followed are refusals alone, by which a
/// server says that it did nothing: MOVED, ASK, TRYAGAIN, and READONLY from a primary that was demoted; at
/// most five redirections and 630 ms of waits, then the last refusal is the answer. A lost connection is
/// told as it is, and has the slot map fetched anew in the background, so that the next call finds the new
/// primary.
///
/// # What goes where
///
/// | command | goes to |
/// |---|---|
/// | with keys in one slot | its primary |
/// | DEL, UNLINK, EXISTS, TOUCH, MGET, MSET over several slots | a part to each slot's primary, replies made one |
/// | others with keys in several slots | nowhere: [`Error::Unsupported`] |
/// | DBSIZE, KEYS, FLUSHALL, FLUSHDB, SCRIPT LOAD, CONFIG SET, FUNCTION LOAD, .. | all primaries, replies made one |
/// | PING, TIME, INFO, PUBLISH, RANDOMKEY, .. | any primary, each in its turn |
/// | SCAN | one primary after the other: the cursor has the primary's number in its high 16 bits |
/// | SHUTDOWN, FAILOVER, .. | nowhere: take one server from [`primaries`](Self::primaries) |
///
/// A SCAN may miss the keys of slots that move meanwhile, or see them twice. So may one that a failover overtakes: what a
/// cursor means, only the server knows that gave it.
///
/// A write that only some of several servers carried out is [`Error::Partial`], with effect unknown.
///
/// A batch is taken apart by server and put together again, one entry a command; entries that are refused by
/// a redirection are sent again alone, after the others. So commands for one key keep their order, except
/// that one over several keys of a slot that is just being moved may come after its followers. An atomic
/// batch, or a block of one that is not, goes whole to one server, with all its keys in one slot.
///
/// # Cost
///
/// One round trip a command; one more before the first, for the map, and one for each redirection. Commands
/// for all primaries fetch the map first, if it is older than 100 ms, so that no new primary is passed over.
///
/// # What it does not do
///
/// Replicas are not read from, and what goes to all primaries does not go to them. On a session nothing is
/// followed: MOVED and ASK are its caller's to see. Channels of one shard (SSUBSCRIBE) are not listened to.
pub struct Cluster {
    state: Arc<State>,
}

impl Cluster {
    /// A cluster that is found through any of `seeds`. Nothing is connected, nothing is sent.
    #[must_use]
    pub fn new(seeds: Vec<Address>, make: MakeNode) -> Self {
        Self { state: Arc::new(State::new(seeds, make)) }
    }

    /// The primaries by address, for what is about one server: its INFO, say.
    ///
    /// # Cost
    ///
    /// One round trip if the map is older than 100 ms.
    ///
    /// # Errors
    ///
    /// [`LinkError::NoClusterNode`](crate::LinkError::NoClusterNode) if no node tells the map.
    pub async fn primaries(&self) -> Result<Vec<(String, Arc<dyn Backend>)>> {
        let members = self.state.primaries().await?;
        Ok(members.iter().map(|member| (member.address.to_string(), Arc::clone(&member.backend))).collect())
    }

    async fn call_whole(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let slot = one_slot(batch.commands())?;
        Seeker::new(&self.state, slot).await?.call_whole(&self.state, batch).await
    }
}

#[async_trait]
impl Backend for Cluster {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        let slot = match Route::of(command)? {
            Route::Slot(slot) => Some(slot),
            Route::Any => None,
            route @ (Route::Primaries | Route::Primary(_) | Route::Split) => {
                check(command, Place::Shared)?;
                let mut rounds = Rounds::default();
                rounds.add(&self.state, Errand::Command(command, route)).await?;
                let mut answers = rounds.run(&self.state, None).await;
                return answers.pop().unwrap_or(Err(Error::Unanswered));
            }
        };
        Seeker::new(&self.state, slot).await?.call(&self.state, command).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        // All of it before any of it is sent: a server would refuse only its own part.
        check_all(batch, Place::Shared)?;
        if batch.is_atomic() {
            return self.call_whole(batch).await;
        }
        let errands = errands(batch)?;
        let mut rounds = Rounds::default();
        for errand in errands {
            rounds.add(&self.state, errand).await?;
        }
        Ok(rounds.run(&self.state, Some(batch)).await)
    }

    /// A session of the primary that holds `key`; of any, without a key.
    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        let to = Seeker::new(&self.state, key.map(Slot::of_key)).await?.to;
        Ok(Arc::new(Session::open(&self.state, to, key).await?))
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        if topics.contains(&Topic::Invalidations) {
            return Err(Error::unsupported(
                "listening for invalidations",
                "each server has its own: use a session",
            ));
        }
        listen::listen(&self.state, topics).await
    }

    /// Fetches the map: somebody answers. The whole is no single server, so it has no run id; its link counts
    /// the changes of the map.
    async fn identify(&self) -> Result<Incarnation> {
        self.state.fresh().await?;
        Ok(Incarnation::new(None, self.state.version().unwrap_or_default()))
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.state.version().map(|version| Incarnation::new(None, version))
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    /// Told to the servers that owe somebody a reply, or whose reply was just given up: the others are not
    /// to be blamed. The map is fetched anew with the next call.
    fn overdue(&self, after: Duration) {
        self.state.doubt();
        for member in self.state.members() {
            if member.owes_a_reply() {
                member.backend.overdue(after);
            }
        }
    }

    fn is_sharded(&self) -> bool {
        true
    }

    /// Asks those servers that lost something, also those that left the map meanwhile. Of the latter, one that refuses
    /// connections is taken for gone: it would have to come back as another process.
    async fn fence(&self) -> Result<()> {
        self.state.fence().await
    }

    fn disconnect(&self) {
        self.state.doubt();
        for member in self.state.members() {
            member.backend.disconnect();
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

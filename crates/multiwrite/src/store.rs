//! The store: one local that counts, and remotes that follow it.

mod builder;
mod compare;
mod control;
mod keeper;
mod life;
pub(crate) mod local;
mod porter;
pub(crate) mod recovered;
mod remotes;
pub(crate) mod scope;
pub(crate) mod sequencer;
mod undelivered;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redfleet_core::{Backend, Handle, lock};
use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue, Pipeline, RedisFuture, Value};
use tokio::task::JoinHandle;

use crate::carried::UnderWay;
use crate::everywhere::Everywhere;
use crate::options::Order;
use crate::remote::{Remote, copier, sender};
use local::Local;

pub use builder::Builder;
pub use undelivered::Undelivered;

/// One authoritative store, written everywhere.
///
/// The store itself is a connection of redis-rs to local: its typed commands, `cmd(..).query_async` and `pipe()` work on it, and
/// concern local alone. [`everywhere`](Self::everywhere) is the same for writes that the remotes are to have too. Cheap to clone:
/// clones are the same store.
///
/// When the last clone is dropped, what is queued is still sent to those remotes that take it, in the background; whoever
/// has to know that it arrived calls [`shutdown`](Self::shutdown).
#[derive(Clone)]
pub struct MultiWrite {
    pub(crate) shared: Arc<Shared>,
    handle: Handle,
}

/// What all clones share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) local: Arc<Local>,
    pub(crate) order: Order,
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) is_shut: AtomicBool,
    random: Mutex<fastrand::Rng>,
    tasks: Mutex<Vec<(Arc<str>, JoinHandle<()>)>>,
}

impl Shared {
    fn new(local: Arc<Local>, order: Order, random: Mutex<fastrand::Rng>) -> Self {
        Self {
            local,
            order,
            under_way: Arc::default(),
            is_shut: AtomicBool::new(false),
            random,
            tasks: Mutex::new(Vec::new()),
        }
    }

    /// Begins the two tasks of a remote.
    fn begin(&self, remote: &Arc<Remote>) {
        let send = tokio::spawn(sender::run(Arc::clone(remote), Arc::clone(&self.local)));
        let copy = tokio::spawn(copier::run(Arc::clone(remote), Arc::clone(&self.local)));
        let mut tasks = lock(&self.tasks);
        tasks.push((Arc::clone(&remote.name), send));
        tasks.push((Arc::clone(&remote.name), copy));
    }

    pub(crate) fn is_shut(&self) -> bool {
        // In one order with the count of what is under way: either the writer sees it, or whoever shuts down waits for the writer.
        self.is_shut.load(Ordering::SeqCst)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.local.sequencer.remotes().iter().for_each(|remote| remote.orphan());
    }
}

impl MultiWrite {
    /// Puts a store together around `local`, whose word counts.
    ///
    /// # What the servers must permit
    ///
    /// All servers are Redis 7.0 or later, or Valkey, and permit INFO. Local's user needs, beside what is written, the commands by
    /// which its effect is asked for, in the same transaction (MULTI): DUMP, PEXPIRETIME, TYPE, EVAL, and HPEXPIRETIME where
    /// fields of hashes have ends; SCAN, and what reads whole keys, to copy and to compare. Where a right is missing, local refuses
    /// the whole transaction (EXECABORT), and the write with it. A remote's user needs what is written, RESTORE, UNLINK, SCAN,
    /// DUMP, TYPE, PEXPIRETIME, PEXPIRE, GET, SET and TIME; and EVAL and EVALSHA unless it is written
    /// [at least once](crate::Guarantee::AtLeastOnce). Without CLIENT KILL, lost connections cannot be ended: then what may arrive
    /// late is copied once more ten seconds later.
    pub fn builder(local: Arc<dyn Backend>) -> Builder {
        Builder::new(local)
    }

    fn new(shared: Shared) -> Self {
        let handle = Handle::new(Arc::clone(&shared.local.backend));
        Self { shared: Arc::new(shared), handle }
    }

    /// Local alone: what is sent there goes nowhere else.
    #[must_use]
    pub fn local(&self) -> &Arc<dyn Backend> {
        &self.shared.local.backend
    }

    /// The same commands, everywhere.
    #[must_use]
    pub fn everywhere(&self) -> Everywhere {
        Everywhere::new(Arc::clone(&self.shared))
    }

    /// Sends the commands of a pipeline as one transaction (MULTI/EXEC) to local, and then to each remote: atomic on each
    /// server, never across them.
    ///
    /// # Cost
    ///
    /// One round trip to local.
    ///
    /// # Errors
    ///
    /// As redis-rs has it: what local said, or why nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// As [`Everywhere::send`].
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::MultiWrite;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// # let store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
    /// let mut block = redis::pipe();
    /// block.incr("visits", 1).expire("visits", 60);
    /// let (visits, is_set): (i64, bool) = store.pipe_everywhere(&block).await?;
    /// assert_eq!((visits, is_set), (1, true));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pipe_everywhere<T: FromRedisValue>(&self, pipeline: &Pipeline) -> redis::RedisResult<T> {
        let mut atomic = pipeline.clone();
        atomic.atomic();
        atomic.query_async(&mut self.everywhere()).await
    }
}

impl ConnectionLike for MultiWrite {
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

impl fmt::Debug for MultiWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remotes = self.shared.local.sequencer.remotes();
        let names: Vec<_> = remotes.iter().map(|remote| &*remote.name).collect();
        f.debug_struct("MultiWrite").field("local", self.local()).field("remotes", &names).finish()
    }
}

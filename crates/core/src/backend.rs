//! The seam: anything that answers commands is a [`Backend`].

mod batch;
mod command;
mod ext;
mod handle;
mod incarnation;
pub(crate) mod keys;
mod messages;
mod script;

use std::fmt::Debug;

use async_trait::async_trait;
use redis::{Cmd, Value};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;

pub use batch::Batch;
pub(crate) use batch::Portion;
pub(crate) use command::{Place, check, check_all, name, word};
pub use command::{check_shared, command_name};
pub(crate) mod transaction;
pub use ext::BackendExt;
pub use handle::Handle;
pub use incarnation::Incarnation;
pub use keys::keys_of;
pub use messages::{Message, Messages, Topic};
pub use script::{Script, ScriptCall};

/// How often a command may reach the server for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way, and callers must match on both")]
pub enum Delivery {
    /// Once, or not at all: after a lost reply the command is not sent again.
    AtMostOnce,
    /// The transport may send it again after a lost reply, so only commands that can be repeated are safe.
    AtLeastOnce,
}

/// Anything that answers Redis commands: one server, a primary watched by sentinels, a whole cluster, a store
/// in this process, or a layer around any of them.
///
/// # Contract
///
/// 1. **One call, one reply.** [`call`](Self::call) sends the command at most once ([`Delivery::AtMostOnce`])
///    and answers with its own reply, whatever other callers do at the same time.
/// 2. **One entry a command.** [`call_batch`](Self::call_batch) answers in the order of the batch, with one
///    entry for each command, also where some are refused. An empty batch costs nothing.
/// 3. **Atomic means whole.** An atomic batch is carried out as one transaction or not at all, never split; and so
///    is each [block](Batch::make_atomic) of a batch, in its place among the commands around it.
/// 4. **No time of its own.** There is no deadline and no retry inside: both belong to the caller, because
///    only the caller knows what a repetition means. Making the connection has a limit of its own.
/// 5. **Cancel safe.** A dropped future leaves its command's effect unknown and the backend usable.
/// 6. **A refusal has no effect.** What the server answers with an error is
///    [`Error::Refused`](crate::Error::Refused), whose effect is none (a script that raises after it wrote is the one
///    exception, and its author's). A lost reply has effect unknown.
/// 7. **State stays private.** Commands that would change the connection for other callers, and those that
///    block it, are [`Error::Unsupported`](crate::Error::Unsupported) here; they run on
///    [`session`](Self::session).
/// 8. **No ghosts.** An expired key is never returned.
/// 9. **A fence holds.** Once [`fence`](Self::fence) has returned `Ok`, nothing that was sent before on a connection
///    that is lost can still be carried out.
///
/// No method has a default body: a layer that forgets one must not compile. The sugar is in [`BackendExt`].
///
/// # Example
///
/// ```
/// use redfleet_core::{BackendExt, test_util::Scripted};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redfleet_core::Result<()> {
/// let node = Scripted::new().on("GET", "$3\r\nbob\r\n").shared();
/// let name: String = node.query(cmd("GET").arg("user:1")).await?;
/// assert_eq!(name, "bob");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Backend: Debug + Send + Sync + 'static {
    /// Sends one command and waits for its reply, however long that takes: a deadline is the caller's.
    ///
    /// # Cost
    ///
    /// One round trip; with no connection up, those that it takes to make one.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) if the server says no, [`Error::Link`](crate::Error::Link) if
    /// the connection cannot be made or breaks, [`Error::Unsupported`](crate::Error::Unsupported) if the command
    /// cannot run here.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the command's effect unknown and the backend usable.
    async fn call(&self, command: &Cmd) -> Result<Value>;

    /// Sends a batch in one round trip and waits for all replies, one entry a command.
    ///
    /// Scripts in it are looked after by [`BackendExt::send_batch`], and not here.
    ///
    /// # Cost
    ///
    /// One round trip, none if the batch is empty.
    ///
    /// # Errors
    ///
    /// The outer error says that nothing was sent; every reply that is missing after the send is an entry of its
    /// own.
    ///
    /// # Cancel safety
    ///
    /// As [`call`](Self::call), for all of the batch.
    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>>;

    /// A connection of one's own, for blocking commands, WATCH, and everything else that changes or occupies
    /// a connection. Where the backend is several servers, it goes to the one that holds `key`.
    ///
    /// The connection does not come back by itself: when it is lost, so is its state, and every further call
    /// says so. It ends when the last handle on it is dropped.
    ///
    /// # Cost
    ///
    /// A new connection and its login: two round trips after the transport's own.
    ///
    /// # Errors
    ///
    /// [`Error::Link`](crate::Error::Link), with effect none, if it cannot be made.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no connection behind.
    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>>;

    /// What the server says unasked on these topics, from now on and across reconnections.
    ///
    /// # Cost
    ///
    /// One round trip to begin. All listeners of a backend share its connection, where it is one server.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`Error::Unsupported`](crate::Error::Unsupported) if the server does not speak
    /// RESP3, or for a topic that this backend cannot have.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the interest.
    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages>;

    /// Makes the connection if there is none, and tells which incarnation of which server answers.
    ///
    /// # Cost
    ///
    /// None if a connection is up.
    ///
    /// # Errors
    ///
    /// [`Error::Link`](crate::Error::Link), with effect none.
    ///
    /// # Cancel safety
    ///
    /// What was begun goes on for the next caller.
    async fn identify(&self) -> Result<Incarnation>;

    /// Which incarnation of which server answers now, if a connection is up. Costs no round trip.
    fn incarnation(&self) -> Option<Incarnation>;

    /// How often a command may reach the server for one call.
    fn delivery(&self) -> Delivery;

    /// The caller's deadline passed, `after` this long, with a command in flight. A breaker counts these.
    fn overdue(&self, after: Duration);

    /// Whether it is several servers that share the keys by slot, as a cluster does.
    ///
    /// An atomic batch on such a one must keep to one slot. And it keeps account of its servers' health by itself,
    /// because one of them is not to take the others down: a breaker around it counts nothing once it knows them.
    fn is_sharded(&self) -> bool;

    /// Sees to it that nothing can be carried out any more that was sent before on a connection which is lost since:
    /// because it broke, or because of [`disconnect`](Self::disconnect). What it did before that, it did: after a fence
    /// an unknown effect can be looked up.
    ///
    /// What is in flight on the connection that is up is not concerned: whoever gave up a call disconnects first. Sessions
    /// of this backend that are lost or dropped are fenced off with it; those that are open are not concerned. On a session
    /// itself it is [`Error::Unsupported`](crate::Error::Unsupported), once that is lost with something in flight.
    ///
    /// A server that has another run id than before is another process, and that of before is taken for gone; so is a
    /// primary that sentinels have replaced. That one may still be alive, and carry out what reaches it late, but it is a
    /// primary no more, and loses that when it follows the new one.
    ///
    /// # Cost
    ///
    /// None if no connection was lost with something in flight since the last one; else a connection, if none is up, and
    /// one round trip (on a cluster, so for each member).
    ///
    /// # Errors
    ///
    /// Every error says that it is not certain, and that it may be tried again. [`Error::Link`](crate::Error::Link) if the
    /// server cannot be asked, [`Error::Refused`](crate::Error::Refused) if CLIENT KILL is not permitted, and
    /// [`Error::Unsupported`](crate::Error::Unsupported) if INFO or CLIENT ID is not, or more connections were lost than
    /// are kept account of (64): that lasts until the server starts anew.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves it uncertain, and to be tried again.
    async fn fence(&self) -> Result<()>;

    /// Drops the connection: what is in flight ends with effect unknown, the next command makes a new one.
    fn disconnect(&self);
}

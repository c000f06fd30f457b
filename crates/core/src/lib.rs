//! One call, one node; one operation, many nodes: the ground that the crates of redfleet stand on.
//!
//! # Guarantee
//!
//! Every operation on a fleet is answered within one deadline, as early as its [`Policy`] allows, with one typed
//! reply a node. No reply is thrown away, nothing is sent again after its effect became unknown, and every
//! [`Error`] says whether the operation may have happened (a script that raises after it wrote is the one exception).
//!
//! # Failure model
//!
//! Servers may crash, hang, restart with or without their data, be cut off, or answer garbage; requests and replies
//! may be lost or late. Each server alone is trusted to do what its replies say. Which of these has happened is
//! told by the type of the error, and where it cannot be known, the error says so: [`Effect::Unknown`].
//!
//! ```text
//!  Fleet ── run(Policy, operation) ──► Outcome: one reply a node, and the verdict
//!    │
//!    ├── Node n0 ── Breaker ── Backend   one server, a primary watched by sentinels, a whole cluster,
//!    ├── Node n1 ── Breaker ── Backend   or anything else that answers commands
//!    └── Node n2 ── Breaker ── Backend
//! ```
//!
//! # Example
//!
//! ```
//! use redfleet_core::{BackendExt, Fleet, test_util::{Condition, Scripted}};
//! use redis::cmd;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = || Scripted::new().on("SET", "+OK\r\n");
//! let hung = node();
//! hung.set(Condition::Hung);
//! let fleet = Fleet::builder()
//!     .node("n0", node().shared())
//!     .node("n1", node().shared())
//!     .node("n2", hung.shared())
//!     .build()?;
//! let set = |node: redfleet_core::Node| async move { node.query::<String>(cmd("SET").arg("k").arg("v")).await };
//! let outcome = fleet.run(fleet.majority(), set).await.require()?; // does not wait for n2
//! assert_eq!(outcome.to_string(), "n0 OK   n1 OK   n2 (not yet)");
//! # Ok(())
//! # }
//! ```
//!
//! # Theory
//!
//! Quorums: Gifford, Weighted Voting for Replicated Data, 1979. Early answers and hedged reads: Dean and Barroso, The
//! Tail at Scale, 2013. Breakers: Nygard, Release It!, 2007. That a time-out says nothing about the effect is the two
//! generals' problem: Gray, Notes on Data Base Operating Systems, 1978.
//!
//! # What it does not do
//!
//! A quorum write is no transaction over the nodes: what fell short may be on some of them, and the outcome names them.
//! It repairs nothing and merges nothing; that is for the crates on top.

mod backend;
mod clock;
mod connect;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod fleet;
mod layer;
mod lock;
#[doc(hidden)]
pub mod mutant;
#[cfg(feature = "test-util")]
pub mod test_util;

pub use backend::{
    Backend, BackendExt, Batch, Delivery, Handle, Incarnation, Message, Messages, Script, ScriptCall, Topic,
    check_shared, command_name, keys_of,
};
pub use clock::Clock;
pub use connect::cluster::{Address, Cluster, MakeNode, Route, Slot};
pub use connect::connect;
#[cfg(feature = "embedded")]
pub use embedded::{Door, DoorBuilder, Embedded, EmbeddedBuilder, Kept};
pub use error::{ConfigError, Effect, Error, LinkError, Result, convert};
pub use fleet::{FanOut, Fleet, FleetBuilder, Node, Outcome, Policy, Reply, Shortfall, Tally, Verdict};
pub use layer::{Breaker, Faults, Layer, Limit, Trace};
#[doc(hidden)]
pub use lock::lock;

/// The version of redis-rs whose commands and values are spoken here.
pub use redis;

//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.
//!
//! **One store writes.** Several writers in several places, each with a local of its own, do not converge by this: the copies
//! follow one local, whose word counts. Values that several places write belong into `redfleet-ha`.
//!
//! # Guarantee
//!
//! Local's reply, or its error, is what a caller gets. What a write did on local goes to each remote in the order in which local
//! did it, and has its effect there exactly once, over lost replies, reconnections and retries. Wherever that cannot be certain,
//! the keys are *dirty* at that remote, and copied whole from local until they are equal again: a key that differs is on its way,
//! or dirty, and [`MultiWrite::health`] says how many are.
//!
//! # Failure model
//!
//! Remotes may be down, hang, lose their data, or be cut off for as long as they like: their queues are bounded, and what does
//! not fit is copied later. Local may hang or lose replies: then the caller is told that the effect is unknown, and the keys are
//! copied. If the process ends, a [spool](Builder::spool) or an [outbox](Builder::outbox) knows what was on its way; with neither,
//! what was in memory is lost with it, and a [`MultiWrite::resync`] makes the remotes equal again.
//!
//! ```text
//!                    ┌── local: asked first, and its reply is the caller's
//!  everywhere() ─────┤
//!                    └── what it did ──┬── queue ── sender ──► remote eu
//!                                      │   dirty ── copier ──►
//!                                      └── queue ── sender ──► remote us
//! ```
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//! use redfleet_core::Embedded;
//! use redfleet_multiwrite::{MultiWrite, Wait};
//! use redis::AsyncCommands;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (here, there) = (Embedded::new(), Embedded::new());
//! let mut store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
//! let visits: i64 = store.everywhere().incr("visits", 1).await?; // returns when local has it
//! let () = store.everywhere().waiting(Wait::All, Duration::from_secs(1)).set("a", 1).await?;
//! let a: i64 = store.get("a").await?; // from local alone
//! assert_eq!((visits, a), (1, 1));
//! store.shutdown(Duration::from_secs(5)).await?; // everything is delivered, or it says what is not
//! # Ok(())
//! # }
//! ```
//!
//! # Theory
//!
//! Shipping effects in one order to followers is state machine replication with one primary: Schneider, Implementing
//! Fault-Tolerant Services Using the State Machine Approach, 1990. A watermark that is moved in the same step as what it counts is
//! how a repeated message is told from a new one: Helland, Life beyond Distributed Transactions, 2007. Full jitter: Brooker,
//! Exponential Backoff And Jitter, 2015.
//!
//! # What it does not do
//!
//! It does not fail over: local is local. A remote may be behind, so reads from it may be stale. What is written to local by
//! others, past the store, goes nowhere. A write to several servers is no transaction across them.

mod carried;
mod dirty;
mod effect;
mod entry;
mod error;
mod everywhere;
mod gate;
mod health;
mod journal;
mod lanes;
mod lock;
#[cfg(feature = "metrics")]
mod metrics;
mod options;
mod outbox;
mod outcome;
mod receipt;
mod remote;
mod spool;
mod store;
#[cfg(feature = "test-util")]
pub mod test_util;
mod verify;
mod wait;

pub use error::{BuildError, Error, Result};
pub use everywhere::{Everywhere, Written};
pub use health::RemoteHealth;
pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use receipt::{Receipt, Shortfall};
pub use spool::{Fsync, SpoolError, SpoolOptions};
pub use store::{Builder, MultiWrite, Undelivered};
pub use verify::{Difference, Differs, Report};
pub use wait::Wait;

//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.
//!
//! **One store writes.** Several writers in several places, each with a local of its own, do not converge by this crate alone:
//! the copies follow one local, whose word counts. Values that several places write are the work of `redfleet-ha`, which is to
//! come. Nor do several stores around the same local: what they write is ordered by each for itself, so each needs keys of its own,
//! [`Builder::only`].
//!
//! # Guarantee
//!
//! Local's reply, or its error, is what a caller gets. What a write *did* on local, its effect, goes to each remote in the order
//! in which local did it, and happens there exactly once: over lost replies, reconnections, retries, and with a spool over the end of
//! the process. Wherever that cannot be certain the keys are *dirty* at that remote, and copied whole from local until they are
//! equal. So, of each key and each remote:
//!
//! ```text
//! it differs from local  =>  an effect on it is queued there, or it is dirty there, or everything is
//! ```
//!
//! [`MultiWrite::health`] tells how much that is, [`MultiWrite::flush`] waits until it is nothing, and [`MultiWrite::verify`]
//! believes neither and compares.
//!
//! # Failure model
//!
//! Servers may stop, hang, be cut off, and lose requests and replies; remotes may lose their data. No server lies: what it
//! acknowledged it did. Clocks may be wrong, but by no more than a key may live too long or too short: a life is shipped as the
//! time at which it ends. What holds then depends on the journal that the store has:
//!
//! | what happens | no journal | [spool](Builder::spool) on disk | [outbox](Builder::outbox) on local |
//! |---|---|---|---|
//! | a remote is down, hangs, is cut off | queued up to a bound, then copied | the same, or [spilled](Overflow::Spill) to disk | as without |
//! | a remote lost its data | noticed within 10 s, all is copied | the same, also while no store ran | as without |
//! | a remote refuses a write | a [dead letter](DeadLetter), its keys are copied | the same | the same |
//! | local's reply is lost, or late | the caller is told, its keys are copied | the same | the same |
//! | [`shutdown`](MultiWrite::shutdown) before all is delivered | [`Undelivered`] says what: [`resync`](MultiWrite::resync) | goes on with the next store | its keys are copied by the next store |
//! | the process is killed | what was queued is forgotten: [`resync`](MultiWrite::resync) | each write once, or its keys are copied | its keys are copied by the next store |
//! | the machine loses power | as when it is killed | as killed with [`Fsync::Always`]; else what came since the last one: [`resync`](MultiWrite::resync) | as killed, if local kept it |
//! | the spool's disk is full | | nothing is sent, the caller is told | |
//! | local lost data (a failover, a restart without its log) | noticed within 10 s, all is copied, unless it is [durable](Builder::durable_local) or a cluster | the same, while a store runs | as without |
//!
//! ```text
//!                       ┌─ local: asked first, and its reply is the caller's
//!   everywhere() ─ gate ┤                                  ┌─ rounds ─► remote `eu`
//!        │              └─ its effect ─┬─ queue of `eu` ───┤
//!        └─ intent, in the journal     │                   └─ copies of what is dirty, in their place in the order
//!                                      └─ queue of `us` ─ ..
//! ```
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//!
//! use redfleet_core::Embedded;
//! use redfleet_multiwrite::{MultiWrite, Wait};
//! use redis::AsyncCommands;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (here, there) = (Embedded::new(), Embedded::new()); // or redfleet_core::connect("redis://..")?
//! let mut store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
//!
//! let visits: i64 = store.everywhere().incr("visits", 1).await?; // returns when local has it
//! let () = store.everywhere().waiting(Wait::All, Duration::from_secs(1)).set("a", 1).await?;
//! let a: i64 = store.get("a").await?; // from local alone
//! assert_eq!((visits, a), (1, 1));
//!
//! store.shutdown(Duration::from_secs(5)).await?; // all is delivered, or it says what is not
//! # Ok(())
//! # }
//! ```
//!
//! # Theory
//!
//! Effects in one order, for whoever follows, are state machine replication with one primary: Schneider, Implementing Fault-Tolerant
//! Services Using the State Machine Approach, 1990. That what is shipped is what a command did, and not the command, is how Redis
//! itself tells its replicas of scripts. A watermark that moves in the same step as what it counts tells a repeated message
//! from a new one: Helland, Life beyond Distributed Transactions, 2007; and it is checked at the end of the way, and not by the
//! connection, after Saltzer, Reed and Clark, End-to-End Arguments in System Design, 1984. An intent that is written before what is
//! intended is a write-ahead log: Mohan et al., ARIES, 1992; the outbox is Richardson's, Microservices Patterns, 2018. What is kept
//! for a remote that is away is hinted hand-off: `DeCandia` et al., Dynamo, 2007; and comparing and copying is anti-entropy: Demers
//! et al., Epidemic Algorithms for Replicated Database Maintenance, 1987. Pauses between retries have full jitter: Brooker,
//! Exponential Backoff And Jitter, 2015.
//!
//! # Cost
//!
//! A write is one round trip to local, whatever the remotes do. What has to be known of the key afterwards (when its life ends; of a
//! script's keys the whole value) is asked right behind the command, in the same round trip; SET, DEL and the like ask nothing. A
//! spool adds one write to a file before it, an outbox one ZADD in the same transaction.
//!
//! A remote gets up to [a thousand effects](RemoteOptions::round_entries) in one round trip, and the next ones when those are
//! answered: 50 ms away that is 20,000 a second. It keeps one key, `redfleet:mw:..`, for a week after the last write; a cluster
//! one a slot. [`Guarantee::AtLeastOnce`] is faster, and needs no scripts there.
//!
//! In memory a remote that is away costs its queue's bounds, and no more: then the names of its dirty keys, up to [a
//! million](RemoteOptions::max_dirty_keys), and then nothing but the knowledge that everything has to be copied.
//!
//! # What it does not do
//!
//! - It does not fail over: local is local. A remote may be behind, and so may what is read from it.
//! - It does not see what is written to local past [`MultiWrite::everywhere`], by others or by itself; nor what a server evicts
//!   by itself, so servers want `noeviction`.
//! - A write to several servers is no transaction: each has it at its own time. What is atomic on local is atomic on each, but on a
//!   cluster only within a slot.
//! - What is there when a store is built is taken to be equal. [`MultiWrite::resync`] makes it so, and
//!   [`MultiWrite::add_remote`] does too: both **delete at the remote what local does not have**, within the prefixes of
//!   [`Builder::only`] if there are any.
//! - A remote that is no cluster is one lane: whatever it cannot take now, such as during a BUSY script, holds back what comes behind.
//! - Keys are copied, and nothing else: no functions, users, settings or search indexes. A command that cannot be carried out
//!   late, or that says of no key that it writes it, is refused before anything is sent, and the error says what to do instead.
//! - It does not see keys that a script writes and does not name: [they go nowhere](Everywhere#what-goes-nowhere), and neither does
//!   a message whose write is dropped.
//! - It gives fields lives of their own only where the remote can: HEXPIRE and the like need Redis 7.4 or Valkey 9 there. A remote
//!   that is older refuses them, and the copy of such a key too: it stays dirty, and `last_error` in its health says why.
//! - It needs Redis 7.0 or Valkey on both ends, because it asks when lives end.

mod after;
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
/// The version of redis-rs whose commands and values are spoken here.
pub use redfleet_core::redis;
pub use spool::{Fsync, SpoolError, SpoolOptions};
pub use store::{Builder, MultiWrite, Undelivered};
pub use verify::{Difference, Differs, Report};
pub use wait::Wait;

/// The examples of the README, so that they cannot become wrong.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

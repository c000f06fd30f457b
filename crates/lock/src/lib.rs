//! Locks that are fast, fair and fenced, on one Redis server or on a majority of several.
//!
//! # Guarantee
//!
//! Of one lock no two leases are valid at once: a [`Lease`] is valid until a time of its own clock, and by then no majority of the
//! servers grants the lock to anybody else. Each exclusive lease has a [`Fence`], a token greater than that of every lease before it.
//! Both hold within the failure model, and no further.
//!
//! # Failure model
//!
//! Of N servers that know nothing of each other, any minority may stop, hang, be cut off, or lose all its data; messages may be lost,
//! late, or arrive after their connection is closed; clients may die at any point. No server lies. Then it is needed that
//!
//! - **clocks run** at rates that differ from true time by no more than half a percent each (`drift_ppm`), also while a machine sleeps.
//!   What time of day they show has no part in validity; for tokens to rise over a majority's loss of data it must not be off by more
//!   than 15 s, and half of `max_ttl`.
//! - **a server that restarts is seen to**: it has a new run id, and does not vote until every lease has ended that it may have
//!   forgotten (`max_ttl` and the margin). Nobody has to delay its restart, and no fsync is trusted unless it is declared.
//! - **a server is one server**: a replica that takes over, behind a sentinel or in a cluster, may have lost what the one before it
//!   acknowledged. It is quarantined like one that restarted (unless the fleet is said to be durable, which such a one is not); a
//!   cluster is refused.
//!
//! With one server it is the same with a majority of one: no lock while it is down.
//!
//! # What was objected, and what helps
//!
//! Kleppmann (2016) objected to Redlock that it relies on timing, and has no tokens: a process stops (a long collection of garbage, a
//! machine that sleeps, a write that is long on its way), its lease ends, another one takes the lock, and the first one goes on and
//! writes. Sanfilippo answered that a check of the time after the majority bounds the delay of the acquisition, and that random
//! values serve for comparing. Both are right about what they speak of: the check bounds the time *until* the lease is had, and
//! nothing bounds the time *after* the holder looked at it last.
//!
//! No lock service mends this, with consensus or without: between "is it still mine?" and the write there is always time. What mends
//! it is the resource: it keeps the greatest token that it has seen, and refuses smaller ones. Here tokens rise over leases, lost
//! data and restarts, and [`FencedWrite`], [`FenceGate`] and the SQL at [`Fence`] refuse. A resource that cannot compare (a mail that is
//! sent, a printer) is protected while clocks and pauses stay within the lease, and nothing can do more for it; keep leases long,
//! and look at [`Lease::remaining`] before what cannot be undone.
//!
//! ```text
//!   process A                 n0              n1              n2              what is written to
//!      │ one round trip       │               │               │                       │
//!      ├─ acquire, ask 41 ───►│ 41 to A       │ 41 to A       │ (down)                │
//!      │◄─ 41, valid until t ─┤               │               │                       │
//!      ├─ write with 41 ──────┼───────────────┼───────────────┼──────────────────────►│ keeps 41
//!      ┊ stops                ┊ lease ends    ┊ lease ends    ┊ back without data:    │
//!      ┊        process B ───►│ 57 to B       │ 57 to B       │ does not vote yet     │
//!      ┊           ├──────────┼───────────────┼───────────────┼─ write with 57 ──────►│ keeps 57
//!      ├─ write with 41 ──────┼───────────────┼───────────────┼──────────────────────►│ refuses 41
//! ```
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//!
//! use redfleet_core::{Embedded, Fleet};
//! use redfleet_lock::{Error, Locks};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let nodes = [Embedded::new(), Embedded::new(), Embedded::new()]; // or redfleet_core::connect("redis://..")?
//! let fleet = || -> Result<Fleet, Box<dyn std::error::Error>> {
//!     let named = nodes.iter().enumerate();
//!     Ok(named.fold(Fleet::builder(), |fleet, (n, node)| fleet.node(format!("n{n}"), node.shared())).build()?)
//! };
//! // Said once, for servers that never held a lock: otherwise they are not trusted for the first minute.
//! let here = Locks::builder(fleet()?).new_fleet().build()?;
//! let there = Locks::builder(fleet()?).build()?;
//!
//! let lease = here.lock("invoice:7").ttl(Duration::from_secs(10)).try_acquire().await?;
//! assert!(lease.remaining() > Duration::from_secs(9));
//! assert!(matches!(there.lock("invoice:7").try_acquire().await, Err(Error::Held { .. })));
//! let first = lease.fence();
//! lease.release().await?;
//! assert!(there.lock("invoice:7").try_acquire().await?.fence() > first);
//! # Ok(())
//! # }
//! ```
//!
//! # Cost
//!
//! | what | round trips | commands a server |
//! |---|---|---|
//! | a free lock is taken | 1; 2 where no majority gave the same token | 1 script; 2. `try_acquire` asks a majority, and puts the lock on the others if it is held for 20 ms; `acquire` asks all |
//! | a lock is given back | 1, answered at a majority | 1 script |
//! | all leases of a process are extended | 1 every third of their ttl | 1 batch |
//! | somebody waits | 1 to join the line | none until it is woken, told that it is next, or the holder's ttl has run out |
//! | it is handed on to another process | 2 | 1 to release, 1 to acquire |
//!
//! The first time on a connection a server is enlisted, which is one more. A server keeps, by lock, the owner for its ttl, and the
//! line for twice `max_ttl`, and the last token for as long, or for a minute if that is longer.
//!
//! # Theory
//!
//! A lease (Gray and Cheriton, 1989) is a lock that ends by the clock, so that a dead holder stops nobody. Its validity counts from
//! before the first message was sent, and gives up two drifts and Redis' 2 ms, since two clocks are involved. Majorities of fixed
//! nodes overlap (Gifford, 1979), so two holders would need a server that granted twice; that is Redlock (Redis documentation,
//! "Distributed Locks with Redis"). Tokens are Chubby's sequencers (Burrows, 2006), and rise as Lamport's clocks (1978) do: each server
//! gives more than it ever gave, the greatest of a majority counts, and is known to a majority before it is told, as in Attiya,
//! Bar-Noy and Dolev's registers (1995). A process hands a lock on among its own tasks a few times before it lets others have it,
//! as cohort locks do (Dice, Marathe and Shavit, 2012); waiters look at nothing that others write to, as in Mellor-Crummey and
//! Scott's (1991): each waits for a message of its own. Rates are the generic cell rate algorithm (ITU-T I.371).
//!
//! # What it does not do
//!
//! - It is no consensus: a minority that grants what it must not (a lie, a clock beyond its budget, a snapshot put back by hand while
//!   its run id stays) can break the guarantee.
//! - It stops nobody: a holder that does not look at [`Lease::lost`] goes on.
//! - Locks of different kinds do not exclude each other by their name: `lock("a")`, `read("a")` and `limiter("a", 3)` are three things.
//! - It needs servers that evict nothing (`maxmemory-policy noeviction`): an evicted owner is a lock that is free.
//! - The line is kept fairly as long as servers are up; it is best effort while they fail.
//! - Servers are fixed when the fleet is made: another number of them, or another `max_ttl`, is another fleet, and gets no votes.
//!
//! # References
//!
//! Gifford, Weighted Voting for Replicated Data, 1979. Gray and Cheriton, Leases: An Efficient Fault-Tolerant Mechanism for
//! Distributed File Cache Consistency, 1989. Mellor-Crummey and Scott, Algorithms for Scalable Synchronization on Shared-Memory
//! Multiprocessors, 1991. Burrows, The Chubby Lock Service for Loosely-Coupled Distributed Systems, 2006. Dice, Marathe and Shavit, Lock
//! Cohorting, 2012. Kleppmann, How to do distributed locking, 2016. Sanfilippo, Is Redlock safe?, 2016.

mod attempt;
mod background;
mod builder;
mod error;
mod fence;
mod health;
mod hold;
mod holds;
mod id;
mod keeper;
mod kinds;
mod lease;
mod line;
mod locks;
mod options;
mod owner;
mod release;
mod request;
mod round_trip;
mod run;
mod scripts;
mod server;
mod servers;
mod settings;
mod site;
mod time;
mod validity;
mod votes;
mod waiting;
mod wake;

pub use builder::Builder;
pub use error::{BuildError, Error, Result};
pub use fence::{Fence, FenceGate, FencedError, FencedWrite, Stale};
pub use health::{ServerHealth, ServerState};
pub use id::LeaseId;
pub use kinds::{Limiter, Permit, Rate, RateLimiter, SeveralLease, SeveralRequest, Taken};
pub use lease::Lease;
pub use locks::Locks;
pub use owner::Owner;
/// The version of redis-rs whose commands and values are spoken here.
pub use redfleet_core::redis;
pub use release::Released;
pub use request::LockRequest;

/// The examples of the README, so that they cannot become wrong.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

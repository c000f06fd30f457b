//! Commands queued in one place, answered in another: one round trip for all of them.
//!
//! # Guarantee
//!
//! A command that is queued is sent at most once, and what it answers is found where it was queued: in its own
//! [`Deferred`], whatever happened to the others. What cannot be sent is refused before anything is.
//!
//! # Failure model
//!
//! A server that refuses one command costs no other its reply. A connection that breaks costs its own commands theirs,
//! with effect unknown, and no other connection's. Nothing is sent again after that, unless it was queued as
//! [idempotent](Pipe::idempotent).
//!
//! ```text
//!   fn bump(pipe: &mut Pipe, ..) -> Deferred<i64>        any function may queue, and any function may call it
//!        |
//!      Pipe ── execute() ──► "users"    ── one round trip ──►  each Deferred has its own value,
//!                            "messages" ── at the same time ►  or its own error
//! ```
//!
//! # Example
//!
//! ```
//! use redfleet_pipe::{Deferred, Pipe, Pipes};
//!
//! fn bump(pipe: &mut Pipe, key: &str) -> Deferred<i64> {
//!     let count = pipe.incr(key, 1);
//!     pipe.expire(key, 60);
//!     count
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pipes = Pipes::connect("embedded://example")?;
//! let (a, b) = pipes.run(|pipe| (bump(pipe, "a"), bump(pipe, "b"))).await?; // four commands, one round trip
//! assert_eq!((a, b), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! A pipe is no transaction, and one over several connections never is: some of it may be carried out and the rest not.
//! [`Pipe::atomic`] is one, on one connection. There are no hidden reads, no index and no unique constraint.

mod auto;
mod awaited;
mod bounded;
mod commands;
mod deferred;
mod error;
mod field;
mod flush;
mod keyspace;
pub mod model;
mod pipe;
mod pipes;
mod queue;
mod resolve;
mod scope;
mod summary;
mod watch;

pub use auto::AutoPipe;
pub use awaited::Awaited;
pub use deferred::{Deferred, Promise};
pub use error::{Error, Result};
#[cfg(feature = "json")]
pub use field::Json;
pub use field::{AsField, Ascii, Field, InvalidValue, StringList};
pub use keyspace::{
    Aggregate, HashOf, Hashes, HyperLogLogOf, HyperLogLogs, Keyspace, Kind, ListOf, Lists, Page, Scan, SetOf,
    SetOptions, Sets, ShardedHash, Sort, Sortable, SortedSetOf, SortedSets, Span, StringOf, Strings, Ttl,
    Waiting,
};
pub use model::definition::Model;
pub use pipe::{On, Pipe};
pub use pipes::{Pipes, PipesBuilder};
/// The version of redis-rs whose commands and values are spoken here.
pub use redfleet_core::redis;
pub use resolve::Resolve;
pub use scope::Scope;
pub use summary::Summary;
pub use watch::{Attempt, Watch};

#[cfg(feature = "derive")]
pub use redfleet_pipe_derive::{Model, Resolve};

/// The examples of the README, so that they cannot become wrong.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

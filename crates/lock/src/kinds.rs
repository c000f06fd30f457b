//! The kinds of locks: all of them are the same lock, and differ in their keys and in one script or another.

pub(crate) mod free;
mod kind;
mod limiter;
mod rate;
mod read_write;
mod several;

pub(crate) use kind::Kind;
pub use limiter::{Limiter, Permit};
pub use rate::{Rate, RateLimiter, Taken};
pub use several::{SeveralLease, SeveralRequest};

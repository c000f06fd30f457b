//! Scripts as Redis runs them: Lua 5.1, what a script may touch, how long it may run.
//!
//! Nothing here knows the store. A script reaches it through [`Host`], which the engine owns while the script
//! runs and hands back afterwards.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the values and errors of Lua and the values of redis-rs are open sets: what is not named is passed on"
)]

mod arguments;
mod base;
mod engine;
mod errors;
mod from_lua;
mod host;
mod libraries;
mod meter;
mod numbers;
mod random;
mod redis_table;
mod shebang;
mod to_lua;
mod words;

pub(crate) use engine::{Engine, Script, sha1};
pub(crate) use errors::Failure;
pub(crate) use host::{Host, Protocol};
pub(crate) use meter::Limits;

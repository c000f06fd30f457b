//! Real servers in containers, each behind a loopback proxy; they end with the test binary, however it ends.
//!
//! Docker and the images are needed: `cargo xtask images` sees to both, and a test without them fails and says
//! so. Which image is run is chosen by `REDFLEET_TEST_IMAGE`: `redis:8.0` (also if it is not set),
//! `valkey:8.1` or `redis:7.0`.
//!
//! Everything listens on 127.0.0.1 only. Containers carry the label `redfleet.owner` with the name of the test
//! binary's [`owner`], by which a child process, the leash, removes them when the binary has died.
//!
//! What cannot be set up panics: this is test code, and a test without its servers can only fail.

mod cluster;
mod container;
mod direct;
mod image;
mod leash;
mod options;
mod ports;
mod sentinel;
mod server;
mod shared;
mod work;

pub use cluster::{ClusterSet, Migration};
pub use image::TestImage;
pub use leash::owner;
pub use options::{ServerOptions, TlsClients, TlsFiles};
pub use sentinel::SentinelSet;
pub use server::Server;
pub use shared::servers;

#[cfg(test)]
mod tests;

//! What tests and examples need: scripted nodes, networks that fail on demand, checkers, and simulated fleets.

mod around;
mod background;
pub mod conformance;
pub mod history;
mod port;
mod proxy;
mod scripted;
#[cfg(feature = "test-servers")]
mod servers;
#[cfg(feature = "embedded")]
pub mod simulation;
#[cfg(feature = "embedded")]
mod stage;
mod streams;
mod tap;
mod wire;

pub use crate::clock::simulated::SimulatedClock;
pub use around::{Between, around};
pub use proxy::{Fault, Proxy, Traffic};
pub use scripted::{Condition, Scripted};
#[cfg(feature = "test-servers")]
pub use servers::{
    ClusterSet, Migration, SentinelSet, Server, ServerOptions, TestImage, TlsClients, TlsFiles, owner,
    servers,
};
#[cfg(feature = "embedded")]
pub use stage::{Stage, StageError};
pub(crate) use streams::Streams;
pub use streams::over;
pub use tap::{Link, Tap};
pub use wire::Wire;

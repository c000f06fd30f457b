//! Whole fleets in simulated time: one seed is one world, and the same seed is the same world to the byte.
//!
//! A [`World`] is a number of nodes, each [`Embedded`](crate::Embedded) with a clock of its own, a number of clients,
//! each with a clock of its own too, and between every client and every node a link that is a
//! [`Backend`](crate::Backend). What goes wrong on the way is a [`Plan`], written down or drawn from the seed by a
//! [`Storm`]: cuts, lost requests and replies, slow nodes, restarts with and without data, clocks that are off. All of it
//! runs on one thread in tokio's paused time, so that minutes take milliseconds, and everything that happens is written
//! into a trace.
//!
//! ```text
//!   client c0 ──link──┐               what is on its way is late, in order on each connection, and out of order
//!   client c1 ──link──┤               between connections; a connection that breaks leaves what it carried unknown,
//!                     ├── node n0     and what was sent on it may still arrive later
//!   client c0 ──link──┤
//!   client c1 ──link──┴── node n1 ..
//! ```
//!
//! A [`Scenario`] runs a test over many seeds, the first few twice to see that nothing depends on anything but the seed,
//! and tells the seed, the plan and the trace of a run that fails. `cargo xtask sim` runs more of them.
//!
//! # What it does not do
//!
//! Time is in whole milliseconds, as tokio's timers are. Commands take no time on a node, apart from that of a slow one.
//! A connection's bytes are not simulated: what the transport does with them is the proxy's business
//! ([`Proxy`](crate::test_util::Proxy)). A client's process never pauses; let its clock jump instead.

mod access;
mod client;
mod conditions;
mod connection;
mod dice;
mod failure;
mod fault;
mod faults;
mod fence;
mod link;
mod network;
mod node;
mod node_side;
mod orders;
mod plan;
mod queue;
mod run;
mod scenario;
mod session;
mod state;
mod storm;
mod trace;
mod traffic;
mod words;
mod work;
mod world;

pub use client::SimulatedClient;
pub use failure::Failure;
pub use fault::{Fault, Way, Which, Whose};
pub use node::SimulatedNode;
pub use plan::Plan;
pub use scenario::{Scenario, Summary};
pub use storm::Storm;
pub use world::{Ongoing, World};

#[cfg(test)]
mod tests;

//! How an embedded node is to be.

use std::sync::Arc;

use super::Embedded;
use super::node::Node;
use super::script::Limits;
use crate::clock::Clock;

/// Chooses what an [`Embedded`] node is like.
///
/// # Example
///
/// ```
/// use redfleet_core::Embedded;
///
/// let node = Embedded::builder().seed(7).build(); // SPOP and run ids are the same in every run
/// # let _ = node;
/// ```
#[derive(Clone, Debug, Default)]
pub struct EmbeddedBuilder {
    pub(super) name: Option<String>,
    pub(super) clock: Option<Clock>,
    pub(super) seed: Option<u64>,
    pub(super) is_synced_every_second: bool,
    pub(super) scripts: Limits,
}

impl EmbeddedBuilder {
    /// The name by which errors call it. This does not make it the node of `embedded://NAME`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The clock by which keys expire. Unless it is said, [`Clock::tokio`].
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Draws the run id, and what SPOP and its like take, from this seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Remembers what it held when the current second began, for [`Kept::Synced`](super::Kept::Synced). Costs memory for
    /// what changed since.
    #[must_use]
    pub const fn synced_every_second(mut self) -> Self {
        self.is_synced_every_second = true;
        self
    }

    /// How many instructions of Lua's machine a script may run for, counted by the thousand. One that wants more is
    /// stopped, and what it wrote is undone. Unless it is said, 500 million: some seconds.
    ///
    /// Until it ends, a script has the node and the thread that called it to itself, as in Redis. What a single function of
    /// Lua's does, such as a `string.find` that goes back and forth, is not counted, as it is not in Redis either.
    #[must_use]
    pub const fn script_instructions(mut self, most: u64) -> Self {
        self.scripts.instructions = most;
        self
    }

    /// How many bytes scripts may hold in Lua's memory. One that wants more is stopped, and what it wrote is undone.
    /// Unless it is said, 256 MiB.
    #[must_use]
    pub const fn script_memory_bytes(mut self, most: usize) -> Self {
        self.scripts.memory_bytes = most;
        self
    }

    /// The node.
    #[must_use]
    pub fn build(self) -> Embedded {
        Embedded { node: Arc::new(Node::new(self)) }
    }
}

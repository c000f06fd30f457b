//! A node of a world, as a test sees it: what no client can.

use std::fmt;

use crate::test_util::SimulatedClock;
use crate::{Clock, Embedded};

/// A node of a world, looked at from outside of it.
#[derive(Clone)]
pub struct SimulatedNode {
    place: usize,
    store: Embedded,
    clock: SimulatedClock,
}

impl SimulatedNode {
    pub(super) const fn new(place: usize, store: Embedded, clock: SimulatedClock) -> Self {
        Self { place, store, clock }
    }

    /// The node's name, as in the trace: `n0`, `n1`, ..
    #[must_use]
    pub fn name(&self) -> String {
        format!("n{}", self.place)
    }

    /// The node's store without a network in between: no fault concerns it, it takes no time, and it is not in the trace.
    /// For looking, not for taking part.
    #[must_use]
    pub const fn store(&self) -> &Embedded {
        &self.store
    }

    /// The node's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clock()
    }
}

impl fmt::Debug for SimulatedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedNode").field("name", &self.name()).field("clock", &self.clock).finish()
    }
}

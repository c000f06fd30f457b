//! A client of a world: its clock, and its links to the nodes.

use std::fmt;
use std::sync::Arc;

use super::World;
use super::link::Link;
use crate::test_util::SimulatedClock;
use crate::{Backend, Clock, Fleet, FleetBuilder};

/// A client of a world: one process, with a clock of its own and one link to each node.
#[derive(Clone)]
pub struct SimulatedClient {
    world: World,
    place: usize,
    clock: SimulatedClock,
}

impl SimulatedClient {
    pub(super) const fn new(world: World, place: usize, clock: SimulatedClock) -> Self {
        Self { world, place, clock }
    }

    /// The client's place in the world, from 0.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place
    }

    /// The client's name, as in the trace: `c0`, `c1`, ..
    #[must_use]
    pub fn name(&self) -> String {
        format!("c{}", self.place)
    }

    /// The client's link to a node: a backend whose connection is shared by all of the client.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn link(&self, node: usize) -> Arc<dyn Backend> {
        let nodes = self.world.nodes().len();
        assert!(node < nodes, "there is no node {node}: the world has {nodes}, counted from 0");
        let name = format!("c{}-n{node}", self.place).into();
        Arc::new(Link::new(self.world.network().clone(), self.place * nodes + node, name))
    }

    /// A fleet of all nodes over this client's links, with settings of one's own before it is built. The nodes are called
    /// `n0`, `n1`, ..
    pub fn fleet(&self) -> FleetBuilder {
        let nodes = 0..self.world.nodes().len();
        nodes.fold(Fleet::builder(), |fleet, node| fleet.node(format!("n{node}"), self.link(node)))
    }

    /// The client's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clock()
    }

    /// Writes a line of one's own into the trace.
    pub fn note(&self, what: impl fmt::Display) {
        self.world.network().with(|state| {
            state.trace.line(state.now, format_args!("c{} ~ {what}", self.place));
        });
    }
}

impl fmt::Debug for SimulatedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedClient").field("name", &self.name()).field("clock", &self.clock).finish()
    }
}

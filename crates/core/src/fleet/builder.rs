//! What a fleet is made of, checked before it exists.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::roster::Roster;
use super::tracker::Tracker;
use super::{Fleet, Node, Shared};
use crate::backend::Backend;
use crate::error::ConfigError;
use crate::layer::Breaker;

/// How long a node has to reply, unless something else is said.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(1);

/// How many operations may be in flight on one node, unless something else is said.
const DEFAULT_MAX_IN_FLIGHT: usize = 16_384;

/// Collects the nodes and the settings of a [`Fleet`].
#[derive(Debug)]
#[must_use = "nothing is made before build()"]
pub struct FleetBuilder {
    nodes: Vec<(Arc<str>, Arc<dyn Backend>)>,
    deadline: Duration,
    max_in_flight: usize,
    breaker: Breaker,
}

impl Default for FleetBuilder {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            deadline: DEFAULT_DEADLINE,
            max_in_flight: DEFAULT_MAX_IN_FLIGHT,
            breaker: Breaker::default(),
        }
    }
}

impl FleetBuilder {
    /// Adds a node. The fleet puts a breaker of its own around the backend.
    pub fn node(mut self, name: impl Into<Arc<str>>, backend: Arc<dyn Backend>) -> Self {
        self.nodes.push((name.into(), backend));
        self
    }

    /// Adds the servers at these URLs, named `n0`, `n1`, .. by their places; see [`connect`](crate::connect())
    /// for what a URL can say.
    ///
    /// # Errors
    ///
    /// If a URL is malformed, or names a certificate that cannot be read.
    pub fn connect<U: AsRef<str>>(mut self, urls: impl IntoIterator<Item = U>) -> Result<Self, ConfigError> {
        for url in urls {
            let name = format!("n{}", self.nodes.len());
            self = self.node(name, crate::connect(url.as_ref())?);
        }
        Ok(self)
    }

    /// Gives the nodes this long to reply to an operation; 1 s unless it is said.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Lets at most this many operations be in flight on one node; further ones are
    /// [`Error::Overloaded`](crate::Error::Overloaded) there. 16,384 unless it is said.
    pub const fn max_in_flight(mut self, operations: usize) -> Self {
        self.max_in_flight = operations;
        self
    }

    /// Puts breakers with these settings around the nodes.
    pub const fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = breaker;
        self
    }

    /// Makes the fleet, and begins to connect its nodes in the background if there is a runtime.
    ///
    /// # Errors
    ///
    /// If there is no node, two have one name, or a setting is zero.
    pub fn build(self) -> Result<Fleet, ConfigError> {
        super::check_deadline(self.deadline)?;
        if self.max_in_flight == 0 {
            return Err(ConfigError::Setting { setting: "the limit in flight", expected: "at least 1" });
        }
        if self.nodes.is_empty() {
            return Err(ConfigError::EmptyFleet);
        }
        let mut seen = BTreeSet::new();
        if let Some((name, _)) = self.nodes.iter().find(|(name, _)| !seen.insert(name.clone())) {
            return Err(ConfigError::NodeName { name: name.clone() });
        }

        let names: Arc<[Arc<str>]> = self.nodes.iter().map(|(name, _)| name.clone()).collect();
        let roster = Arc::new(Roster::new(names.clone()));
        let node = |(index, (name, backend)): (usize, (Arc<str>, Arc<dyn Backend>))| {
            let guarded = self.breaker.guard(backend);
            Node::new(index, name, guarded, roster.clone(), self.max_in_flight)
        };
        let nodes: Arc<[Node]> = self.nodes.into_iter().enumerate().map(node).collect();

        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            for node in nodes.iter() {
                // Whatever is wrong is told to the first operation that asks for the node.
                drop(runtime.spawn(node.admit()));
            }
        }
        let shared = Shared {
            nodes,
            names,
            deadline: self.deadline,
            tracker: Tracker::default(),
            turn: AtomicUsize::new(0),
        };
        Ok(Fleet { shared: Arc::new(shared) })
    }
}

//! A fleet: a fixed list of independent nodes, and one operation on many of them.

mod builder;
mod fan_out;
mod flight;
mod hedge;
mod node;
mod noted;
mod outcome;
mod policy;
mod progress;
mod roster;
mod shortfall;
mod tally;
mod tracker;

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{Cmd, FromRedisValue};

use crate::error::{ConfigError, Error, Result};
use tracker::{Entry, Tracker};

pub use builder::FleetBuilder;
pub use fan_out::FanOut;
pub use node::Node;
pub use outcome::{Outcome, Reply};
pub use policy::Policy;
pub use shortfall::Shortfall;
pub use tally::{Tally, Verdict};

/// A fixed list of independent nodes. Cheap to clone: clones are the same fleet.
///
/// # Guarantee
///
/// A node that refuses connections costs nothing, and a hung one three deadlines: then its breaker is open, it is
/// skipped with a typed reply, probed with backoff, and comes back by itself. Two nodes that are one server never
/// both count, as far as their run ids can be asked for (INFO; a cluster has none).
///
/// # Example
///
/// ```
/// use redfleet_core::{Fleet, Policy};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Nobody listens on these: connecting neither blocks nor fails, and each node says what is wrong.
/// let fleet = Fleet::connect(["redis://127.0.0.1:1", "redis://127.0.0.1:2"])?;
/// let outcome = fleet.query::<String>(Policy::All, cmd("PING")).await;
/// for (node, error) in outcome.errors() {
///     println!("{node}: {error}"); // n0: link: cannot connect to 127.0.0.1:1: connection refused
/// }
/// assert_eq!(outcome.errors().count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fleet {
    shared: Arc<Shared>,
}

struct Shared {
    nodes: Arc<[Node]>,
    names: Arc<[Arc<str>]>,
    deadline: Duration,
    tracker: Tracker,
    turn: AtomicUsize,
}

impl Fleet {
    /// A fleet of the servers at these URLs, named `n0`, `n1`, ..; see [`connect`](crate::connect()) for what
    /// a URL can say.
    ///
    /// It returns at once and waits for no server: a dead node is down, is probed with backoff, and comes back.
    ///
    /// # Errors
    ///
    /// What needs no server to know: an empty list, a malformed URL, an unreadable certificate.
    pub fn connect<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Result<Self, ConfigError> {
        Self::builder().connect(urls)?.build()
    }

    /// A fleet of any backends, with settings of one's own.
    pub fn builder() -> FleetBuilder {
        FleetBuilder::default()
    }

    /// Sends one command to every node, with the fleet's own deadline, and converts the replies.
    ///
    /// # Cost
    ///
    /// One round trip on each node, at the same time.
    ///
    /// # Cancel safety
    ///
    /// As [`FanOut::run`]: what was sent is carried through.
    pub async fn query<T>(&self, policy: Policy, command: impl Borrow<Cmd>) -> Outcome<T>
    where
        T: FromRedisValue + Send + 'static,
    {
        match self.fan_out(policy) {
            Ok(fan_out) => fan_out.query(command).await,
            Err(reason) => self.refused(policy, &Error::Policy { reason }),
        }
    }

    /// Runs `operation` on every node, with the fleet's own deadline; see [`FanOut::run`].
    ///
    /// A policy that this fleet cannot meet sends nothing, and every node's reply says so;
    /// [`fan_out`](Self::fan_out) tells it beforehand.
    ///
    /// # Cancel safety
    ///
    /// As [`FanOut::run`]: what was sent is carried through.
    pub async fn run<T, E, F, O>(&self, policy: Policy, operation: O) -> Outcome<T>
    where
        T: Send + 'static,
        E: Into<Error> + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        O: FnMut(Node) -> F + Send + 'static,
    {
        match self.fan_out(policy) {
            Ok(fan_out) => fan_out.run(operation).await,
            Err(reason) => self.refused(policy, &Error::Policy { reason }),
        }
    }

    /// An operation under this policy, to be given a deadline or hedging before it is run.
    ///
    /// # Errors
    ///
    /// If this fleet can never meet the policy.
    pub fn fan_out(&self, policy: Policy) -> Result<FanOut, ConfigError> {
        FanOut::new(self.clone(), policy, self.shared.deadline)
    }

    /// The quorum of more than half of the nodes.
    #[must_use]
    pub fn majority(&self) -> Policy {
        Policy::majority(self.len())
    }

    /// The nodes, in order.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.shared.nodes
    }

    /// How many nodes the fleet has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a fleet is never empty")]
    pub fn len(&self) -> usize {
        self.shared.nodes.len()
    }

    /// How many operations still wait for a node after their caller was answered, or went away.
    #[must_use]
    pub fn stragglers(&self) -> usize {
        self.shared.tracker.stragglers()
    }

    /// Lets nothing new in, waits until every operation that is under way has ended, at most until the longest
    /// deadline, and drops the connections. What was sent is thus answered or past its deadline before the process
    /// ends.
    ///
    /// Calls on a [`Node`] outside of an operation are not waited for; from now on they are
    /// [`Error::Shutdown`]. Sessions and subscriptions end when their holders drop them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the fleet closed; it may be called again.
    pub async fn shutdown(&self) {
        self.shared.tracker.close().await;
        for node in self.nodes() {
            node.close();
        }
    }

    fn enter(&self, deadline: Duration) -> Option<Entry> {
        self.shared.tracker.enter(deadline)
    }

    fn shared_nodes(&self) -> Arc<[Node]> {
        self.shared.nodes.clone()
    }

    fn shared_names(&self) -> Arc<[Arc<str>]> {
        self.shared.names.clone()
    }

    /// The nodes in the order in which the next hedged read asks them: another one first each time.
    fn rotation(&self) -> Vec<usize> {
        let first = self.shared.turn.fetch_add(1, Ordering::Relaxed);
        self.around(first).collect()
    }

    /// The order from this node on, in which those that are down are last.
    fn order_from(&self, first: usize) -> Vec<usize> {
        let mut order: Vec<usize> = self.around(first).collect();
        order.sort_by_key(|place| self.nodes().get(*place).is_some_and(|node| node.down().is_some()));
        order
    }

    fn around(&self, first: usize) -> impl Iterator<Item = usize> {
        (0..self.len()).map(move |place| first.wrapping_add(place) % self.len())
    }

    /// The outcome of an operation that was sent to nobody.
    fn refused<T>(&self, policy: Policy, error: &Error) -> Outcome<T> {
        let reply = || Reply::Said { result: Err(error.clone()), took: Duration::ZERO };
        let replies = self.nodes().iter().map(|_| reply()).collect();
        let names = self.shared_names();
        Outcome { names, policy, verdict: Verdict::Unreachable, replies, late: None }
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.nodes()).finish()
    }
}

fn check_deadline(deadline: Duration) -> Result<(), ConfigError> {
    if deadline.is_zero() {
        return Err(ConfigError::Setting { setting: "the deadline", expected: "longer than zero" });
    }
    Ok(())
}

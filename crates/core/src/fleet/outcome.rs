//! What every node said to one operation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Policy, Shortfall, Verdict};
use crate::error::{Effect, Error, Result};

/// One node's part in an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply<T> {
    /// It was asked and has not replied yet.
    Pending,
    /// It was not asked, because enough others replied before its turn came (hedging only).
    NotAsked,
    /// It replied, or its deadline passed.
    #[non_exhaustive]
    Said {
        /// What it said.
        result: Result<T>,
        /// How long after it was asked.
        took: Duration,
    },
}

/// The replies of all nodes, in the order of the fleet, and the verdict over them.
///
/// No reply is thrown away: those that come after the verdict, up to the deadline, are in it once it has
/// [settled](Self::settle).
/// Printed, it is one line with one reply a node, values and all; with `{:#}`, each with its time.
///
/// # Example
///
/// ```
/// use redfleet_core::{BackendExt, Fleet, Policy, test_util::Scripted};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let up = Scripted::new().on("PING", "+PONG\r\n");
/// let full = Scripted::new().on("PING", "-OOM command not allowed\r\n");
/// let fleet = Fleet::builder().node("n0", up.shared()).node("n1", full.shared()).build()?;
/// let outcome = fleet.run(Policy::All, |node| async move { node.query::<String>(cmd("PING")).await }).await;
/// assert_eq!(outcome.to_string(), "n0 PONG   n1 refused: OOM command not allowed");
/// # Ok(())
/// # }
/// ```
pub struct Outcome<T> {
    pub(super) names: Arc<[Arc<str>]>,
    pub(super) policy: Policy,
    pub(super) verdict: Verdict,
    pub(super) replies: Vec<Reply<T>>,
    /// Collects the replies that came after the verdict.
    pub(super) late: Option<Late<T>>,
}

/// The task that collects what came after the verdict: the node's place, and its reply.
pub(super) type Late<T> = JoinHandle<Vec<(usize, Reply<T>)>>;

impl<T> Outcome<T> {
    /// Whether the policy is met.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.verdict == Verdict::Reached
    }

    /// The verdict, which later replies do not change.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The outcome if the policy is met.
    ///
    /// # Errors
    ///
    /// The [`Shortfall`] if it is not. It names the nodes where the operation took effect all the same, or may
    /// have. Whoever wants the late replies first waits for them by [`settle`](Self::settle).
    pub fn require(self) -> Result<Self, Shortfall> {
        if self.is_reached() { Ok(self) } else { Err(self.shortfall()) }
    }

    /// What is missing to all nodes' acknowledgements, whether or not the policy is met.
    #[must_use]
    pub fn shortfall(&self) -> Shortfall {
        let missing = self.by_node().filter_map(|(name, reply)| match reply {
            Reply::Said { result: Ok(_), .. } | Reply::NotAsked => None,
            Reply::Said { result: Err(error), .. } => Some((name.clone(), Some(error.clone()))),
            Reply::Pending => Some((name.clone(), None)),
        });
        Shortfall {
            acked: self.acks_by_node().map(|(name, _)| name.clone()).collect(),
            needed: self.policy.needed(self.replies.len()),
            missing: missing.collect(),
        }
    }

    /// The node's reply, by its place in the fleet.
    #[must_use]
    pub fn reply(&self, node: usize) -> Option<&Reply<T>> {
        self.replies.get(node)
    }

    /// All replies, in the order of the fleet, with the nodes' names.
    pub fn replies(&self) -> impl Iterator<Item = (&str, &Reply<T>)> {
        self.by_node().map(|(name, reply)| (&**name, reply))
    }

    /// The acknowledgements so far, in the order of the fleet.
    pub fn acks(&self) -> impl Iterator<Item = (&str, &T)> {
        self.acks_by_node().map(|(name, value)| (&**name, value))
    }

    /// The errors so far, in the order of the fleet.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.replies().filter_map(|(name, reply)| match reply {
            Reply::Said { result: Err(error), .. } => Some((name, error)),
            Reply::Said { .. } | Reply::Pending | Reply::NotAsked => None,
        })
    }

    /// The nodes where the operation may have taken effect without an acknowledgement: whoever must clean up
    /// after a failure does it there too.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.replies().filter_map(|(name, reply)| match reply {
            Reply::Pending => Some(name),
            Reply::Said { result: Err(error), .. } if error.effect() == Effect::Unknown => Some(name),
            Reply::Said { .. } | Reply::NotAsked => None,
        })
    }

    /// The first acknowledged value in the order of the fleet, if there is one.
    #[must_use]
    pub fn into_first(self) -> Option<T> {
        self.replies.into_iter().find_map(|reply| match reply {
            Reply::Said { result: Ok(value), .. } => Some(value),
            Reply::Said { .. } | Reply::Pending | Reply::NotAsked => None,
        })
    }

    /// Waits until every node that was asked has replied, at most until its deadline. The verdict stays.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing; it may be called again.
    pub async fn settle(&mut self) -> &mut Self {
        if let Some(late) = &mut self.late {
            // The collecting task fails only when its runtime ends: then the missing replies stay pending.
            for (node, reply) in late.await.unwrap_or_default() {
                if let Some(place) = self.replies.get_mut(node) {
                    *place = reply;
                }
            }
            self.late = None;
        }
        self
    }

    fn acks_by_node(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.by_node().filter_map(|(name, reply)| match reply {
            Reply::Said { result: Ok(value), .. } => Some((name, value)),
            Reply::Said { .. } | Reply::Pending | Reply::NotAsked => None,
        })
    }

    fn by_node(&self) -> impl Iterator<Item = (&Arc<str>, &Reply<T>)> {
        self.names.iter().zip(&self.replies)
    }
}

impl<T: fmt::Display> fmt::Display for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, reply)) in self.replies().enumerate() {
            if place > 0 {
                f.write_str("   ")?;
            }
            match reply {
                Reply::Pending => write!(f, "{name} (not yet)")?,
                Reply::NotAsked => write!(f, "{name} (not asked)")?,
                Reply::Said { result: Ok(value), .. } => write!(f, "{name} {value}")?,
                Reply::Said { result: Err(error), .. } => write!(f, "{name} {error}")?,
            }
            if let (true, Reply::Said { took, .. }) = (f.alternate(), reply) {
                write!(f, " ({} us)", took.as_micros())?;
            }
        }
        Ok(())
    }
}

impl<T: fmt::Debug> fmt::Debug for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entry(&"policy", &self.policy).entry(&"verdict", &self.verdict);
        map.entries(self.replies()).finish()
    }
}

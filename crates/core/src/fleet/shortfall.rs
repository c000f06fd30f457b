//! What the fleet said when it did not say yes.

use std::fmt;
use std::sync::Arc;

use crate::error::{Effect, Error};

/// The policy of an operation was not met.
///
/// It reads like `1 of the 2 acknowledgements needed; n1: no reply within 100ms; n2: not yet`.
#[derive(Clone, Debug)]
pub struct Shortfall {
    /// Every node that acknowledged.
    pub(super) acked: Vec<Arc<str>>,
    pub(super) needed: usize,
    /// Every node that did not acknowledge, with its error, or none if it has not replied yet.
    pub(super) missing: Vec<(Arc<str>, Option<Error>)>,
}

impl Shortfall {
    /// How many nodes acknowledged.
    #[must_use]
    pub const fn acks(&self) -> usize {
        self.acked.len()
    }

    /// The nodes that acknowledged all the same.
    pub fn acked(&self) -> impl Iterator<Item = &str> {
        self.acked.iter().map(|node| &**node)
    }

    /// The nodes where the operation took effect, or may have: whoever undoes it must do so there.
    pub fn affected(&self) -> impl Iterator<Item = &str> {
        let unknown = self.missing.iter().filter(|(_, error)| is_unknown(error.as_ref()));
        self.acked().chain(unknown.map(|(node, _)| &**node))
    }

    /// How many acknowledgements were needed.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.needed
    }

    /// The nodes that did not acknowledge, each with its error, or none if it has not replied yet.
    pub fn missing(&self) -> impl Iterator<Item = (&str, Option<&Error>)> {
        self.missing.iter().map(|(node, error)| (&**node, error.as_ref()))
    }

    /// Whether the operation may have changed anything on any node.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if self.affected().next().is_some() { Effect::Unknown } else { Effect::None }
    }
}

/// Whether the operation may have happened on a node with this error, or with no reply yet.
fn is_unknown(error: Option<&Error>) -> bool {
    error.is_none_or(|error| error.effect() == Effect::Unknown)
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.needed == 1 { "acknowledgement" } else { "acknowledgements" };
        write!(f, "{} of the {} {noun} needed", self.acks(), self.needed)?;
        for (node, error) in &self.missing {
            match error {
                Some(error) => write!(f, "; {node}: {error}")?,
                None => write!(f, "; {node}: not yet")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Shortfall {}

//! When is the caller of an operation on many nodes answered?

use std::fmt;

use crate::error::ConfigError;

/// When the caller of an operation on a fleet is answered. It does not decide who is asked: every node is, unless
/// the operation hedges.
///
/// | policy | answered, reached | answered, unreachable |
/// |---|---|---|
/// | `All` | when the last node has replied, and all acknowledged | when the last node has replied, and one did not |
/// | `First` | at the first acknowledgement | when no node is left |
/// | `Local(i)` | when node `i` acknowledges | when node `i` does not |
/// | `Quorum(n)` | at the `n`th acknowledgement | when fewer than `n` can still come |
///
/// `All` waits for every node, to show what each of them said; `Quorum` of all nodes asks for the same
/// acknowledgements and gives up at the first that cannot come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a policy of one's own is a quorum; matching on all four is useful"
)]
pub enum Policy {
    /// Every node has its say.
    All,
    /// The fastest acknowledgement is enough.
    First,
    /// This node, counted from 0, decides; the others follow.
    Local(usize),
    /// This many acknowledgements are enough.
    Quorum(usize),
}

impl Policy {
    /// The smallest quorum any two of which share a node: `nodes / 2 + 1`.
    #[must_use]
    pub const fn majority(nodes: usize) -> Self {
        Self::Quorum(nodes / 2 + 1)
    }

    /// How many acknowledgements the policy needs in a fleet of `nodes`.
    #[must_use]
    pub const fn needed(self, nodes: usize) -> usize {
        match self {
            Self::All => nodes,
            Self::First | Self::Local(_) => 1,
            Self::Quorum(quorum) => quorum,
        }
    }

    pub(crate) const fn check(self, nodes: usize) -> Result<(), ConfigError> {
        match self {
            _ if nodes == 0 => Err(ConfigError::EmptyFleet),
            Self::Local(index) if index >= nodes => Err(ConfigError::NoNode { index, nodes }),
            Self::Quorum(quorum) if quorum == 0 || quorum > nodes => {
                Err(ConfigError::Quorum { quorum, nodes })
            }
            Self::All | Self::First | Self::Local(_) | Self::Quorum(_) => Ok(()),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "all"),
            Self::First => write!(f, "first"),
            Self::Local(index) => write!(f, "node {index}"),
            Self::Quorum(quorum) => write!(f, "quorum of {quorum}"),
        }
    }
}

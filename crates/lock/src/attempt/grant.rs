//! What an attempt came to.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Shortfall;

use super::Gate;
use crate::error::Error;
use crate::id::LeaseId;

/// What was granted.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) id: LeaseId,
    /// The first token of the block.
    pub(crate) token: u64,
    /// Until when it protects, by our clock.
    pub(crate) valid_until: Duration,
    /// Shut, so that what has not been sent of this attempt is not sent any more.
    pub(crate) gate: Gate,
}

/// An attempt that came to nothing.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) denied: Denied,
    /// By server: whether it may have granted it all the same.
    pub(super) may_have: Vec<bool>,
}

impl Failed {
    /// Whether there is anything to be given back: where each has said no, nothing is.
    pub(crate) fn may_have_taken(&self) -> bool {
        self.may_have.contains(&true)
    }
}

/// Why nothing was granted. All that may have been taken is being given back.
#[derive(Clone, Debug)]
pub(crate) enum Denied {
    /// It is held, or kept for another.
    Busy {
        answers: Shortfall,
        retry_after: Duration,
        /// Of a semaphore: the permits that all who said no say are free, by number.
        free: Vec<u16>,
    },
    /// Too few servers answered, or may vote.
    Unreachable { answers: Shortfall },
    /// A majority granted it, but hardly anything of its life was left.
    TooLate,
}

impl Denied {
    /// What the caller is told.
    pub(crate) fn into_error(self, name: &Arc<str>, ttl: Duration) -> Error {
        let name = Arc::clone(name);
        match self {
            Self::Busy { answers, .. } => Error::Held { name, answers },
            Self::Unreachable { answers } => Error::Unreachable { name, answers },
            Self::TooLate => Error::TooLate { name, ttl },
        }
    }
}

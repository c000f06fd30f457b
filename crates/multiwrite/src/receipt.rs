//! What became of one write, remote by remote, and waiting for it.

use std::sync::Arc;

use crate::outcome::Outcome;

/// What became of one write, remote by remote.
#[derive(Debug)]
pub(crate) struct Outcomes {}

/// One remote's line in a receipt.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    outcomes: Arc<Outcomes>,
    remote: usize,
}

impl Ticket {
    /// Says what became of it. What is final stays.
    pub(crate) fn tell(&self, _outcome: Outcome) {
        let _ = (&self.outcomes, self.remote);
    }
}

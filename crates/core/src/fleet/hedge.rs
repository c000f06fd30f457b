//! Which nodes are asked first, and when further ones are.

use std::time::Duration;

use tokio::time::Instant;

/// How an operation hedges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hedge {
    pub(super) delay: Duration,
    /// The node that is first each time; else it goes round.
    pub(super) first: Option<usize>,
}

/// Nodes are asked one after another: the next one after a delay, or when one has failed.
#[derive(Debug)]
pub(super) struct Turns {
    delay: Duration,
    /// In which order the nodes are asked.
    order: std::vec::IntoIter<usize>,
    /// Whether one that has failed is replaced only when all others that were asked have replied.
    is_patient: bool,
    /// When the next one is asked.
    due: Instant,
}

impl Turns {
    pub(super) fn new(delay: Duration, order: Vec<usize>, is_patient: bool) -> Self {
        Self { delay, order: order.into_iter(), is_patient, due: Instant::now() + delay }
    }

    /// Whose turn it is; the one after that is due a delay later.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.due = Instant::now() + self.delay;
        self.order.next()
    }

    /// Whether everybody had a turn.
    pub(super) fn is_over(&self) -> bool {
        self.order.len() == 0
    }

    pub(super) const fn is_patient(&self) -> bool {
        self.is_patient
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }
}

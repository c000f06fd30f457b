//! What is told when too few remotes have a write.

use std::fmt;
use std::sync::Arc;

use crate::outcome::Outcome;

/// Too few remotes have a write that local has.
///
/// It reads like `1 of the 2 acknowledgements needed; eu: queued`. The write is not undone: what is queued still arrives, and
/// what is not sent as such is copied.
#[derive(Clone, Debug)]
pub struct Shortfall {
    pub(super) needed: usize,
    pub(super) outcomes: Vec<(Arc<str>, Outcome)>,
}

impl Shortfall {
    /// How many remotes have it.
    #[must_use]
    pub fn acks(&self) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| is_ack(outcome)).count()
    }

    /// How many were waited for.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.needed
    }

    /// Every remote, and what was known of the write there.
    pub fn outcomes(&self) -> impl Iterator<Item = (&str, &Outcome)> {
        self.outcomes.iter().map(|(remote, outcome)| (&**remote, outcome))
    }
}

const fn is_ack(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Acked)
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.needed == 1 { "acknowledgement" } else { "acknowledgements" };
        write!(f, "{} of the {} {noun} needed", self.acks(), self.needed)?;
        for (remote, outcome) in self.outcomes.iter().filter(|(_, outcome)| !is_ack(outcome)) {
            write!(f, "; {remote}: {outcome}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Shortfall {}

//! How many remotes a writer waits for, and whether that many have it.

use crate::outcome::Outcome;

/// How many remotes a writer waits for, after local has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wait {
    /// For none: what is queued arrives behind the writer's back.
    #[default]
    None,
    /// For the first.
    One,
    /// Until a majority of all servers has it, local being one of them.
    Quorum,
    /// For all but one.
    AllButOne,
    /// For all.
    All,
}

/// What can be said of a wait by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Enough remotes have it.
    Reached,
    /// Enough may have it yet.
    Pending,
    /// Too few are left that may.
    Unreachable,
}

impl Wait {
    /// How many of so many remotes must have it. Never more than there are: whoever has no remotes waits for nothing.
    #[must_use]
    pub const fn needed(self, remotes: usize) -> usize {
        match self {
            Self::None => 0,
            Self::One => {
                if remotes == 0 {
                    0
                } else {
                    1
                }
            }
            // floor((remotes + 1) / 2) + 1 of all servers, less local, which has it.
            Self::Quorum => remotes.div_ceil(2),
            Self::AllButOne => remotes.saturating_sub(1),
            Self::All => remotes,
        }
    }

    /// What can be said by now, of all remotes' outcomes.
    pub(crate) fn verdict<'a>(self, outcomes: impl IntoIterator<Item = &'a Outcome>) -> Verdict {
        let (mut remotes, mut acked, mut open) = (0, 0, 0);
        for outcome in outcomes {
            remotes += 1;
            match outcome {
                Outcome::Acked => acked += 1,
                Outcome::Queued | Outcome::Spooled => open += 1,
                Outcome::Dropped(_) | Outcome::Failed(_) => {}
            }
        }
        let needed = self.needed(remotes);
        if acked >= needed {
            Verdict::Reached
        } else if acked + open >= needed {
            Verdict::Pending
        } else {
            Verdict::Unreachable
        }
    }
}

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

#[cfg(test)]
mod tests {
    use redfleet_core::Error;

    use super::*;
    use crate::outcome::DropReason;

    const ALL: [Wait; 5] = [Wait::None, Wait::One, Wait::Quorum, Wait::AllButOne, Wait::All];

    /// Every way in which so many remotes may stand.
    fn vectors(remotes: usize) -> Vec<Vec<Outcome>> {
        let one = [
            Outcome::Acked,
            Outcome::Queued,
            Outcome::Spooled,
            Outcome::Dropped(DropReason::Overflow),
            Outcome::Failed(Error::Shutdown),
        ];
        let mut all = vec![Vec::new()];
        for _ in 0..remotes {
            let longer = all.iter().flat_map(|vector: &Vec<Outcome>| {
                one.iter().map(move |outcome| [vector.clone(), vec![outcome.clone()]].concat())
            });
            all = longer.collect();
        }
        all
    }

    /// Whether so many acknowledgements are enough, in other words than above.
    fn is_enough(wait: Wait, acked: usize, remotes: usize) -> bool {
        match wait {
            Wait::None => true,
            Wait::One => remotes == 0 || acked > 0,
            Wait::Quorum => 2 * (acked + 1) > remotes + 1,
            Wait::AllButOne => acked + 1 >= remotes,
            Wait::All => acked == remotes,
        }
    }

    #[test]
    fn a_verdict_is_what_every_way_to_go_on_from_here_comes_to() {
        for remotes in 0..=5 {
            for outcomes in vectors(remotes) {
                let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
                let acked = count(|outcome| matches!(outcome, Outcome::Acked));
                let open = count(|outcome| !outcome.is_final());
                for wait in ALL {
                    let ends = (acked..=acked + open).map(|acked| is_enough(wait, acked, remotes));
                    let ends: Vec<_> = ends.collect();
                    let expected = if ends.iter().all(|enough| *enough) {
                        Verdict::Reached
                    } else if ends.iter().any(|enough| *enough) {
                        Verdict::Pending
                    } else {
                        Verdict::Unreachable
                    };
                    assert_eq!(wait.verdict(&outcomes), expected, "{wait:?} of {outcomes:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_needed_is_the_least_that_is_enough() {
        for remotes in 0..100 {
            for wait in ALL {
                let least = (0..=remotes).find(|acked| is_enough(wait, *acked, remotes));
                assert_eq!(Some(wait.needed(remotes)), least, "{wait:?} of {remotes}");
            }
        }
    }
}

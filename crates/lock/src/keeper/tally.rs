//! What the servers' answers about one lease come to, in one round: pure.

use redfleet_core::mutant;

/// What one server said about one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has extended it.
    Extended,
    /// It does not know it, and nobody holds the lock there.
    Absent,
    /// Somebody else holds the lock there.
    Other,
    /// It said nothing, or may not vote.
    Nothing,
}

/// What the answers come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The answers that are still to come decide.
    Open,
    /// A majority has extended it.
    Confirmed,
    /// So many do not know it that no majority can.
    Gone,
    /// No majority can confirm it in this round any more.
    Failed,
}

/// The verdict over the answers of all servers, none of those that have not answered yet. `is_standing` says of a server whether
/// it is still the same that answered: what a life said that is over counts for nothing.
pub(crate) fn verdict(
    answers: &[Option<Answer>],
    majority: usize,
    is_standing: impl Fn(usize) -> bool,
) -> Verdict {
    let (mut extended, mut refused, mut open) = (0, 0, 0);
    for (server, answer) in answers.iter().enumerate() {
        match answer {
            None => open += 1,
            Some(Answer::Extended) if is_standing(server) => extended += 1,
            Some(Answer::Absent) if mutant::is_on("absent_counts_as_extended") => extended += 1,
            Some(Answer::Absent | Answer::Other) if is_standing(server) => refused += 1,
            Some(Answer::Extended | Answer::Absent | Answer::Other | Answer::Nothing) => {}
        }
    }
    if extended >= majority {
        Verdict::Confirmed
    } else if refused > answers.len().saturating_sub(majority) {
        Verdict::Gone
    } else if extended + open < majority {
        Verdict::Failed
    } else {
        Verdict::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Answer::{Absent, Extended, Nothing, Other};

    #[test]
    fn a_verdict_is_given_as_soon_as_it_is_certain() {
        let of = |answers: &[Option<Answer>]| verdict(answers, answers.len() / 2 + 1, |_| true);
        assert_eq!(of(&[Some(Extended), None, Some(Extended)]), Verdict::Confirmed, "without the third");
        assert_eq!(of(&[Some(Absent), None, Some(Other)]), Verdict::Gone, "without the third");
        assert_eq!(of(&[Some(Absent), Some(Nothing), None]), Verdict::Failed, "one no is no majority");
        assert_eq!(of(&[Some(Nothing), Some(Nothing), None]), Verdict::Failed);
        assert_eq!(of(&[Some(Extended), Some(Absent), None]), Verdict::Open);
        assert_eq!(of(&[None]), Verdict::Open);
        assert_eq!(of(&[Some(Other)]), Verdict::Gone);
    }

    #[test]
    fn whatever_is_still_to_come_no_verdict_is_ever_taken_back() {
        let all = [None, Some(Extended), Some(Absent), Some(Other), Some(Nothing)];
        for code in 0..all.len().pow(3) {
            let answers = [0, 1, 2].map(|place| all[code / all.len().pow(place) % all.len()]);
            let before = verdict(&answers, 2, |_| true);
            if before == Verdict::Open {
                assert!(answers.contains(&None), "{answers:?}: nothing is left to decide it");
                continue;
            }
            for place in (0..3).filter(|place| answers[*place].is_none()) {
                for later in &all[1..] {
                    let mut answers = answers;
                    answers[place] = *later;
                    let after = verdict(&answers, 2, |_| true);
                    // A failure may turn out to be a loss: both say that it was not extended.
                    let is_same = after == before || (before, after) == (Verdict::Failed, Verdict::Gone);
                    assert!(is_same, "{answers:?}: {before:?}, then {after:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_life_said_that_is_over_counts_for_nothing() {
        let answers = [Some(Extended), Some(Extended), None];
        assert_eq!(verdict(&answers, 2, |server| server != 1), Verdict::Open);
        let answers = [Some(Absent), Some(Other), None];
        assert_eq!(verdict(&answers, 2, |server| server != 0), Verdict::Failed);
    }
}

//! When a fleet that was declared to be new is: pure.

use std::time::Duration;

/// How long those are waited for who do not answer, or have no mark yet although others have.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How long it is waited between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// What a look at one server found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It has no mark.
    Unmarked {
        /// It had none either when we looked before, and has forgotten nothing since.
        was_seen: bool,
    },
    /// It is, or was, a member of a fleet.
    Marked,
    /// It did not answer.
    Silent,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The fleet is new: all may vote at once.
    Found,
    /// Look again, after a while.
    Look(Duration),
    /// The declaration does not hold: who has no mark may have forgotten leases.
    Enlist,
}

/// What follows from a look at all servers, when so much time has passed since the first look ended.
///
/// A fleet is new if no server has a mark, and had none in a look before that. One look is not enough: while it lasts, another
/// process may found the fleet, and a server that was marked thereby may forget it again before it is looked at. But then those that
/// did not forget have marks when the second look begins. And what a server forgets after our first look it is asked for when it is
/// marked.
pub(super) fn next(looks: &[Look], waited: Duration) -> Next {
    let any = |wanted: fn(&Look) -> bool| looks.iter().any(wanted);
    let is_unmarked = |look: &Look| matches!(look, Look::Unmarked { .. });
    let is_marked = |look: &Look| *look == Look::Marked;
    let is_silent = |look: &Look| *look == Look::Silent;
    if any(is_marked) && !any(is_unmarked) {
        return Next::Enlist;
    }
    if any(is_marked) || any(is_silent) {
        // Another process may be founding it, or a server is about to answer.
        return if waited < PATIENCE { Next::Look(PAUSE) } else { Next::Enlist };
    }
    if looks.iter().all(|look| *look == Look::Unmarked { was_seen: true }) {
        return Next::Found;
    }
    // It forgets again and again what we leave there: that is no memory to trust.
    if waited < PATIENCE { Next::Look(Duration::ZERO) } else { Next::Enlist }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Look = Look::Unmarked { was_seen: false };
    const SEEN: Look = Look::Unmarked { was_seen: true };

    #[test]
    fn every_look_at_three_servers_has_the_answer_that_is_safe() {
        let all = [NEW, SEEN, Look::Marked, Look::Silent];
        for first in all {
            for second in all {
                for third in all {
                    for waited in [Duration::ZERO, PATIENCE] {
                        let looks = [first, second, third];
                        let decided = next(&looks, waited);
                        let is_new = looks.iter().all(|look| *look == SEEN);
                        assert_eq!(decided == Next::Found, is_new, "{looks:?}");
                        let is_over = waited == PATIENCE && !is_new;
                        assert!(!is_over || decided == Next::Enlist, "it ends: {looks:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn who_sees_some_marks_and_others_not_looks_again_until_his_patience_ends() {
        assert_eq!(next(&[NEW, Look::Marked, SEEN], Duration::ZERO), Next::Look(PAUSE));
        assert_eq!(next(&[NEW, Look::Silent], Duration::from_millis(999)), Next::Look(PAUSE));
        assert_eq!(next(&[NEW, Look::Marked], PATIENCE), Next::Enlist);
        assert_eq!(next(&[Look::Marked, Look::Silent], Duration::ZERO), Next::Enlist, "nobody to wait for");
        assert_eq!(next(&[NEW, NEW], Duration::ZERO), Next::Look(Duration::ZERO));
    }
}

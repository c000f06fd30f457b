//! Why an attempt failed: pure, so that every combination of replies can be tested.

use std::time::Duration;

/// One server's part in an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It granted the lock.
    Granted,
    /// Another holds it there, or it is kept for another, for so much longer.
    Busy(Duration),
    /// It has no vote: it is not there, may not vote, or said something odd.
    Mute,
    /// It had not answered when the attempt was decided.
    Open,
}

/// Why it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// There are voters enough, but others hold it. It may be free after this time.
    Busy(Duration),
    /// There are not enough voters: if nobody held it, it could not be taken either.
    Unreachable,
}

/// Says why. A server that has not answered is taken for one that would grant it, because nothing is known against it.
pub(super) fn why(parts: impl Iterator<Item = Part>, majority: usize) -> Why {
    let (mut votes, mut waits) = (0_usize, Vec::new());
    for part in parts {
        match part {
            Part::Granted | Part::Open => votes += 1,
            Part::Busy(wait) => waits.push(wait),
            Part::Mute => {}
        }
    }
    waits.sort_unstable();
    // So many of the busy ones must become free, and at least one, or it would have been granted.
    let lacking = majority.saturating_sub(votes).max(1);
    waits.get(lacking - 1).map_or(Why::Unreachable, |wait| Why::Busy(*wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of parts that so many servers can have; those that are busy are so for different times.
    fn combinations(nodes: u64) -> Vec<Vec<Part>> {
        if nodes == 0 {
            return vec![vec![]];
        }
        let with = |part: Part, rest: &Vec<Part>| [vec![part], rest.clone()].concat();
        let parts = [Part::Granted, Part::Busy(Duration::from_millis(10 * nodes)), Part::Mute, Part::Open];
        let shorter = combinations(nodes - 1);
        parts.iter().flat_map(|part| shorter.iter().map(|rest| with(*part, rest))).collect()
    }

    #[test]
    fn it_is_busy_if_it_could_be_taken_were_it_free_and_else_unreachable() {
        let mut checked = 0;
        for nodes in [1, 3, 5] {
            let majority = usize::try_from(nodes / 2 + 1).unwrap();
            for parts in combinations(nodes) {
                let granted = parts.iter().filter(|part| **part == Part::Granted).count();
                let mute = parts.iter().filter(|part| **part == Part::Mute).count();
                let busy = parts.iter().filter(|part| matches!(part, Part::Busy(_))).count();
                // It is decided against it only when so many have said no that a majority cannot be any more.
                if granted >= majority || parts.len() - mute - busy >= majority {
                    continue;
                }
                // If all that are held became free after this time, would there be a majority of grants?
                let could_be_taken_after = |time: Duration| {
                    let votes = parts.iter().filter(|part| match part {
                        Part::Granted | Part::Open => true,
                        Part::Busy(wait) => *wait <= time,
                        Part::Mute => false,
                    });
                    votes.count() >= majority
                };
                let truth = (0..=100).map(Duration::from_millis).find(|time| could_be_taken_after(*time));
                let expected = truth.map_or(Why::Unreachable, Why::Busy);
                assert_eq!(why(parts.iter().copied(), majority), expected, "{parts:?}");
                checked += 1;
            }
        }
        assert_eq!(checked, 2 + 32 + 512, "half of all combinations, as Q is more than half");
    }

    #[test]
    fn votes_enough_that_came_to_nothing_make_nobody_busy() {
        // Such as those of connections that are lost since.
        assert_eq!(why([Part::Granted, Part::Granted, Part::Mute].into_iter(), 2), Why::Unreachable);
    }
}

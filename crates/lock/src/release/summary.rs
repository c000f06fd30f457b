//! What a release came to.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Outcome, Shortfall};

use super::{Found, Release};
use crate::error::{Error, Result};
use crate::id::LeaseId;
use crate::servers::Servers;
use crate::site::Site;

/// A lock was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Released {
    /// How many servers had answered that nothing of it is left there: a majority at least, while the others are
    /// told in the background. None if nothing was sent: the lock went to the next who waits in this process, or its owner still has it by
    /// another lease, or a shutdown is giving it back.
    pub on: usize,
    /// Whether it was still valid here until now. If not, the lease was lost before: what was done last was not protected. Of a
    /// release by id, whether a lease of this process was.
    pub was_held: bool,
}

impl Released {
    /// What the caller of a release is told.
    pub(crate) fn told(
        name: &Arc<str>,
        ttl: Duration,
        was_held: bool,
        outcome: &Outcome<Found>,
    ) -> Result<Self> {
        if outcome.is_reached() {
            return Ok(Self { on: outcome.acks().count(), was_held });
        }
        Err(Error::Unconfirmed { name: Arc::clone(name), answers: outcome.shortfall(), ttl })
    }
}

/// What a release by id came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ById {
    /// It was held there, on so many servers.
    Released(usize),
    /// A majority has answered, and none of them had it: nobody held the lock under this id.
    NotHolder,
    /// Too few answered to know.
    Unconfirmed,
}

impl ById {
    /// Of so many that had it and so many that answered.
    const fn judge(had: usize, answered: usize, majority: usize) -> Self {
        if answered < majority {
            Self::Unconfirmed
        } else if had > 0 {
            Self::Released(had)
        } else {
            Self::NotHolder
        }
    }
}

/// Releases what this id holds, whoever took it, and says whether it held anything.
pub(crate) async fn by_id(servers: &Arc<Servers>, site: &Site, id: &LeaseId) -> (ById, Shortfall) {
    let release = Release::strict(servers, site, id);
    let mut outcome = release.run().await;
    if release.answered() < servers.majority() {
        outcome.settle().await;
    }
    let had = outcome.acks().count();
    (ById::judge(had, release.answered(), servers.majority()), outcome.shortfall())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_the_holder_is_told_so_only_by_a_majority() {
        for nodes in [1_u32, 3, 5] {
            let majority = (nodes / 2 + 1) as usize;
            let count = |servers: u32| servers.count_ones() as usize;
            // On which servers it is, and which of them answer.
            for (there, answers) in (0..1 << nodes).flat_map(|a| (0..1_u32 << nodes).map(move |b| (a, b))) {
                let judged = ById::judge(count(there & answers), count(answers), majority);
                if count(answers) < majority {
                    assert_eq!(judged, ById::Unconfirmed);
                } else if count(there) >= majority {
                    assert!(matches!(judged, ById::Released(1..)), "{there:b} {answers:b}: {judged:?}");
                } else if there & answers == 0 {
                    assert_eq!(judged, ById::NotHolder);
                }
            }
        }
    }
}

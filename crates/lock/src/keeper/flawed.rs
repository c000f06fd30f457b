//! One of the known bugs, for the tests that catch it: answers of earlier rounds are counted with those of this one.

use std::collections::BTreeSet;
use std::sync::Mutex;

use redfleet_core::lock;

use super::tally::Answer;
use crate::id::LeaseId;

/// Which servers have ever extended which lease.
static BEFORE: Mutex<BTreeSet<(LeaseId, usize)>> = Mutex::new(BTreeSet::new());

/// Has those count that extended it in any round.
pub(super) fn add_those_before(id: &LeaseId, answers: &mut [Option<Answer>]) {
    let mut before = lock(&BEFORE);
    for (server, answer) in answers.iter_mut().enumerate() {
        if *answer == Some(Answer::Extended) {
            before.insert((id.clone(), server));
        } else if before.contains(&(id.clone(), server)) {
            *answer = Some(Answer::Extended);
        }
    }
}

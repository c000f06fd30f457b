//! One of the known bugs, for the tests that catch it: votes of earlier attempts are counted with those of this one.

use std::collections::BTreeMap;
use std::sync::Mutex;

use redfleet_core::lock;

use super::Vote;

/// By lock and server: the vote that was given last.
static BEFORE: Mutex<BTreeMap<(String, usize), Vote>> = Mutex::new(BTreeMap::new());

/// These votes, and those of servers that voted for this lock before.
pub(super) fn with_those_before(owner: &str, votes: Vec<Vote>) -> Vec<Vote> {
    let mut before = lock(&BEFORE);
    before.extend(votes.into_iter().map(|vote| ((owner.to_owned(), vote.server), vote)));
    before.iter().filter(|((of, _), _)| of == owner).map(|(_, vote)| vote.clone()).collect()
}

//! Who is who in a fleet: one server under two names must not count twice.

use std::sync::{Arc, Mutex};

use crate::backend::Incarnation;
use crate::error::{Error, Result};
use crate::lock::lock;
use crate::mutant;

/// The server that each node of a fleet was last seen to be.
#[derive(Debug)]
pub(super) struct Roster {
    names: Arc<[Arc<str>]>,
    seen: Mutex<Vec<Option<Incarnation>>>,
}

impl Roster {
    pub(super) fn new(names: Arc<[Arc<str>]>) -> Self {
        let seen = Mutex::new(vec![None; names.len()]);
        Self { names, seen }
    }

    /// Whether `node` was admitted as this very incarnation before.
    pub(super) fn knows(&self, node: usize, incarnation: &Incarnation) -> bool {
        let seen = lock(&self.seen);
        seen.get(node).is_some_and(|seen| seen.as_ref() == Some(incarnation))
    }

    /// Admits `node` as this incarnation, unless another node is the same server.
    ///
    /// The node that was seen first keeps its place until it is seen to be another server: its replies may
    /// already count in an operation that is under way.
    pub(super) fn admit(&self, node: usize, incarnation: &Incarnation) -> Result<()> {
        let mut seen = lock(&self.seen);
        let is_same =
            |other: &Option<Incarnation>| other.as_ref().is_some_and(|o| o.is_same_server(incarnation));
        let twin = seen.iter().enumerate().find(|(place, other)| *place != node && is_same(other));
        let verdict = match twin.and_then(|(place, _)| self.names.get(place)) {
            Some(name) if !mutant::is_on("twins_count_twice") => Err(Error::Duplicate { of: name.clone() }),
            Some(_) | None => Ok(()),
        };
        if let Some(place) = seen.get_mut(node) {
            *place = verdict.is_ok().then(|| incarnation.clone());
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Roster {
        Roster::new(["a", "b"].map(Arc::from).into())
    }

    fn life(run_id: &str, link: u64) -> Incarnation {
        Incarnation::new(Some(run_id.into()), link)
    }

    #[test]
    fn the_second_name_of_a_server_is_refused_and_the_first_stays() {
        let roster = roster();
        roster.admit(1, &life("x", 1)).unwrap();
        let error = roster.admit(0, &life("x", 1)).unwrap_err();
        assert!(matches!(error, Error::Duplicate { of } if &*of == "b"));
        assert!(roster.knows(1, &life("x", 1)));
        assert!(!roster.knows(0, &life("x", 1)));
    }

    #[test]
    fn a_name_is_free_again_once_its_node_is_another_server() {
        let roster = roster();
        roster.admit(0, &life("x", 1)).unwrap();
        roster.admit(0, &life("y", 2)).unwrap();
        roster.admit(1, &life("x", 1)).unwrap();
        assert!(!roster.knows(0, &life("x", 1)));
    }

    #[test]
    fn servers_that_do_not_tell_their_run_id_are_never_duplicates() {
        let roster = roster();
        for node in 0..2 {
            roster.admit(node, &Incarnation::new(None, 1)).unwrap();
        }
    }
}

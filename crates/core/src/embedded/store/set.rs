//! A set of members.

use super::Key;
use super::dict::Dict;

/// Members without order: iteration follows their hashes, the same in every run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    members: Dict<()>,
}

impl Set {
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn contains(&self, member: &[u8]) -> bool {
        self.members.contains(member)
    }

    /// Whether it was not there yet.
    pub(crate) fn insert(&mut self, member: Key) -> bool {
        !self.contains(&member) && self.members.insert(member, ()).is_none()
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        self.members.remove(member).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.members.keys()
    }

    /// The member at this place of the iteration: with a random place, a random member.
    pub(crate) fn nth(&self, place: usize) -> Option<&Key> {
        self.members.nth(place).map(|(member, ())| member)
    }

    /// Some members from this cursor on, and the cursor to go on from: 0 at the beginning and at the end.
    pub(crate) fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<&Key>) {
        let (next, found) = self.members.scan(cursor, count);
        (next, found.into_iter().map(|(member, ())| member).collect())
    }
}

impl FromIterator<Key> for Set {
    fn from_iter<I: IntoIterator<Item = Key>>(members: I) -> Self {
        Self { members: members.into_iter().map(|member| (member, ())).collect() }
    }
}

//! Members with scores, found by either.

#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    ops::{Bound, Range},
};

use super::{Chunks, Dict, Key, chunks::Place};

/// Members ordered by score, and by their bytes where scores are equal.
///
/// # Cost
///
/// For n members: what is found by member or score, log n steps; a rank adds n / 128.
#[derive(Clone, Debug, Default)]
pub(crate) struct SortedSet {
    scores: Dict<f64>,
    /// The same, in their order.
    members: Chunks<Scored>,
}

#[derive(Clone, Debug)]
struct Scored {
    score: f64,
    member: Key,
}

impl Scored {
    fn order(&self, score: f64, member: &[u8]) -> Ordering {
        compare(self.score, score).then_with(|| (*self.member).cmp(member))
    }

    fn pair(&self) -> (&Key, f64) {
        (&self.member, self.score)
    }
}

/// Total, and yet -0.0 equals 0.0 (which the sum makes of it), as in Redis.
fn compare(left: f64, right: f64) -> Ordering {
    (left + 0.0).total_cmp(&(right + 0.0))
}

impl SortedSet {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// Gives `member` this score; the one it had before, if any. A score that equals the old one is not stored: as in
    /// Redis, a zero keeps its sign.
    pub(crate) fn insert(&mut self, member: Key, score: f64) -> Option<f64> {
        let before = self.scores.get(&member).copied();
        if before.is_some_and(|before| compare(before, score).is_eq()) {
            return before;
        }
        // The member that is there already is kept, so that both sides go on sharing its bytes.
        let member = before.and_then(|before| self.take(before, &member)).unwrap_or(member);
        let (Ok(place) | Err(place)) = self.find(score, &member);
        self.members.insert_at(place, Scored { score, member: Key::clone(&member) });
        self.scores.insert(member, score)
    }

    /// The score it had.
    pub(crate) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (_, score) = self.scores.remove(member)?;
        self.take(score, member);
        Some(score)
    }

    pub(crate) fn contains(&self, member: &[u8]) -> bool {
        self.scores.contains(member)
    }

    pub(crate) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    pub(crate) fn rank(&self, member: &[u8]) -> Option<usize> {
        let place = self.find(self.score(member)?, member).ok()?;
        Some(self.members.rank(place))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, f64)> {
        self.members.iter().map(Scored::pair)
    }

    /// The members at these ranks, as far as there are any.
    pub(crate) fn by_rank(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = (&Key, f64)> {
        self.members.range(ranks).map(Scored::pair)
    }

    /// The member at this rank; with a uniform rank, a uniform choice.
    pub(crate) fn nth(&self, rank: usize) -> Option<(&Key, f64)> {
        self.members.get(rank).map(Scored::pair)
    }

    /// The first rank that has at least this score (`Included`) or a higher one (`Excluded`); the length if none has.
    pub(crate) fn rank_of_score(&self, from: Bound<f64>) -> usize {
        self.first(|scored| match from {
            Bound::Included(score) => compare(scored.score, score).is_lt(),
            Bound::Excluded(score) => compare(scored.score, score).is_le(),
            Bound::Unbounded => false,
        })
    }

    /// The first rank whose member is at least this one (`Included`) or above it (`Excluded`); the length if none is.
    /// Only where all scores are equal does the answer mean anything.
    pub(crate) fn rank_of_lex(&self, from: Bound<&[u8]>) -> usize {
        self.first(|scored| match from {
            Bound::Included(member) => *scored.member < *member,
            Bound::Excluded(member) => *scored.member <= *member,
            Bound::Unbounded => false,
        })
    }

    /// The ranks of the scores between these bounds; empty if they cross.
    pub(crate) fn ranks_by_score(&self, from: Bound<f64>, to: Bound<f64>) -> Range<usize> {
        let end = past(to).map_or(self.len(), |past| self.rank_of_score(past));
        self.rank_of_score(from).min(end)..end
    }

    /// The ranks of the members between these bounds, where all scores are equal; empty if they cross.
    pub(crate) fn ranks_by_lex(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range<usize> {
        let end = past(to).map_or(self.len(), |past| self.rank_of_lex(past));
        self.rank_of_lex(from).min(end)..end
    }

    /// As [`Dict::scan`], of which it has the guarantee.
    pub(crate) fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<(&Key, f64)>) {
        let (next, found) = self.scores.scan(cursor, count);
        (next, found.into_iter().map(|(member, score)| (member, *score)).collect())
    }

    fn first(&self, before: impl Fn(&Scored) -> bool) -> usize {
        self.members.rank(self.members.partition_point(before))
    }

    fn find(&self, score: f64, member: &[u8]) -> Result<Place, Place> {
        self.members.find(|scored| scored.order(score, member))
    }

    /// Takes a member out of the order alone.
    fn take(&mut self, score: f64, member: &[u8]) -> Option<Key> {
        let place = self.find(score, member).ok()?;
        self.members.remove_at(place).map(|scored| scored.member)
    }
}

/// Where what is after the upper bound `to` begins; nowhere if nothing is.
fn past<T>(to: Bound<T>) -> Option<Bound<T>> {
    match to {
        Bound::Included(last) => Some(Bound::Excluded(last)),
        Bound::Excluded(end) => Some(Bound::Included(end)),
        Bound::Unbounded => None,
    }
}

impl FromIterator<(Key, f64)> for SortedSet {
    fn from_iter<I: IntoIterator<Item = (Key, f64)>>(pairs: I) -> Self {
        let mut set = Self::new();
        for (member, score) in pairs {
            set.insert(member, score);
        }
        set
    }
}

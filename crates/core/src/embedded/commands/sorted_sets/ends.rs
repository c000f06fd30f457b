//! The ends of ranges, as they are written.

use std::ops::{Bound, Range};

use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::SortedSet;

/// A range of scores: `1`, `(1`, `-inf`.
pub(super) type Scores = (Bound<f64>, Bound<f64>);

/// One end of a range of members.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lex<'a> {
    /// `-`: before all.
    Lowest,
    /// `+`: after all.
    Highest,
    /// `[member` or `(member`.
    At(Bound<&'a [u8]>),
}

pub(super) fn scores(from: &[u8], to: &[u8]) -> Result<Scores, Refusal> {
    let end = |word: &[u8]| {
        let (word, is_exclusive) = word.strip_prefix(b"(").map_or((word, false), |rest| (rest, true));
        let score = number::range_end(word).filter(|score| !score.is_nan());
        score.map(|score| if is_exclusive { Bound::Excluded(score) } else { Bound::Included(score) })
    };
    let ends = end(from).zip(end(to));
    ends.ok_or(Refusal::fixed("ERR min or max is not a float"))
}

pub(super) fn lex<'a>(from: &'a [u8], to: &'a [u8]) -> Result<(Lex<'a>, Lex<'a>), Refusal> {
    let end = |word: &'a [u8]| match word {
        b"-" => Some(Lex::Lowest),
        b"+" => Some(Lex::Highest),
        [b'[', member @ ..] => Some(Lex::At(Bound::Included(member))),
        [b'(', member @ ..] => Some(Lex::At(Bound::Excluded(member))),
        _ => None,
    };
    let ends = end(from).zip(end(to));
    ends.ok_or(Refusal::fixed("ERR min or max not valid string range item"))
}

/// The ranks of the members between these ends.
pub(super) fn ranks_by_lex(set: &SortedSet, from: Lex<'_>, to: Lex<'_>) -> Range<usize> {
    let from = match from {
        Lex::Lowest => Bound::Unbounded,
        Lex::Highest => return 0..0,
        Lex::At(bound) => bound,
    };
    let to = match to {
        Lex::Lowest => return 0..0,
        Lex::Highest => Bound::Unbounded,
        Lex::At(bound) => bound,
    };
    set.ranks_by_lex(from, to)
}

/// The ranks from `first` to `last`, both of which count from the end if they are below zero.
pub(super) fn ranks(len: usize, first: i64, last: i64) -> Range<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let from_start = |index: i64| if index < 0 { index.saturating_add(len) } else { index };
    let (first, last) = (from_start(first).max(0), from_start(last).min(len - 1));
    if first > last {
        return 0..0;
    }
    let index = |index: i64| usize::try_from(index).unwrap_or_default();
    index(first)..index(last + 1)
}

//! A part of a sorted set: by rank, by score, or by member.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use crate::field::{AsField, Field, InvalidValue};
use crate::keyspace::request::Request;

/// A part of a sorted set, in its order or [reversed](Self::reversed), all of it or [some](Self::limit).
///
/// # Example
///
/// ```
/// use redfleet_pipe::Span;
/// use std::ops::Bound::{Excluded, Included};
///
/// let last_three = Span::<String>::ranks(-3, -1);
/// let since = Span::<String>::scores(7.0..); // 7 too
/// let after = Span::<String>::scores((Excluded(7.0), Included(9.0)));
/// let a_to_c = Span::<String>::members("a".."c"); // not c itself; all must have one score
/// let best = Span::<String>::scores(..).reversed().limit(0, 10);
/// # let _ = (last_three, since, after, a_to_c, best);
/// ```
#[derive(Clone)]
#[must_use = "it is an argument, and does nothing by itself"]
pub struct Span<M> {
    by: By,
    start: Result<Vec<u8>, InvalidValue>,
    stop: Result<Vec<u8>, InvalidValue>,
    is_reversed: bool,
    limit: Option<(usize, usize)>,
    member: PhantomData<fn() -> M>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

const WHOLE: InvalidValue = InvalidValue::not("a whole span: it is limited or reversed");
const COUNTED: InvalidValue = InvalidValue::not("a span by score or by member: ranks need no counting");

impl<M: Field> Span<M> {
    /// From the rank `start` to the rank `stop`, both inclusive, negative from the end.
    pub fn ranks(start: i64, stop: i64) -> Self {
        Self::new(By::Rank, Ok(start.to_string().into_bytes()), Ok(stop.to_string().into_bytes()))
    }

    /// By score: `1.0..=2.0`, `..2.0`, `7.0..`. What is no number is refused when it is queued.
    pub fn scores(scores: impl RangeBounds<f64>) -> Self {
        let end = |bound: Bound<&f64>, open: &[u8]| match bound {
            Bound::Included(score) => encoded(b"", score),
            Bound::Excluded(score) => encoded(b"(", score),
            Bound::Unbounded => Ok(open.to_vec()),
        };
        Self::new(By::Score, end(scores.start_bound(), b"-inf"), end(scores.end_bound(), b"+inf"))
    }

    /// By the members' bytes: `"a".."c"`. It means something only where all members have one score.
    pub fn members<T: AsField<M>>(members: impl RangeBounds<T>) -> Self {
        let end = |bound: Bound<&T>, open: &[u8]| match bound {
            Bound::Included(member) => encoded::<M>(b"[", member),
            Bound::Excluded(member) => encoded::<M>(b"(", member),
            Bound::Unbounded => Ok(open.to_vec()),
        };
        Self::new(By::Member, end(members.start_bound(), b"-"), end(members.end_bound(), b"+"))
    }

    fn new(by: By, start: Result<Vec<u8>, InvalidValue>, stop: Result<Vec<u8>, InvalidValue>) -> Self {
        Self { by, start, stop, is_reversed: false, limit: None, member: PhantomData }
    }

    /// The last one first; ranks count from there, too.
    pub const fn reversed(mut self) -> Self {
        self.is_reversed = true;
        self
    }

    /// Only `count` of them, after the first `offset`. By rank there is no need for it: the server refuses it.
    pub const fn limit(mut self, offset: usize, count: usize) -> Self {
        self.limit = Some((offset, count));
        self
    }

    /// What ZRANGE and ZRANGESTORE take.
    pub(super) fn write(self, request: Request) -> Request {
        // By score and by member, ZRANGE wants the ends in the order of the reply.
        let (first, last) = match (self.is_reversed, self.by) {
            (true, By::Score | By::Member) => (self.stop, self.start),
            _ => (self.start, self.stop),
        };
        let mut request = word(word(request, first), last);
        request = match self.by {
            By::Rank => request,
            By::Score => request.arg("BYSCORE"),
            By::Member => request.arg("BYLEX"),
        };
        if self.is_reversed {
            request = request.arg("REV");
        }
        match self.limit {
            Some((offset, count)) => request.arg("LIMIT").arg(offset).arg(count),
            None => request,
        }
    }

    /// The ends alone, for commands that count what is in between.
    pub(super) fn write_counted(self, mut request: Request) -> Request {
        if self.by == By::Rank {
            request.refuse(COUNTED);
        }
        self.write_ends(request)
    }

    /// The ends alone, for commands that take all in between.
    pub(super) fn write_ends(self, mut request: Request) -> Request {
        if self.is_reversed || self.limit.is_some() {
            request.refuse(WHOLE);
        }
        word(word(request, self.start), self.stop)
    }

    pub(super) const fn counting(&self) -> &'static str {
        match self.by {
            By::Rank | By::Score => "ZCOUNT",
            By::Member => "ZLEXCOUNT",
        }
    }

    pub(super) const fn removing(&self) -> &'static str {
        match self.by {
            By::Rank => "ZREMRANGEBYRANK",
            By::Score => "ZREMRANGEBYSCORE",
            By::Member => "ZREMRANGEBYLEX",
        }
    }
}

fn encoded<F: Field>(mark: &[u8], value: &impl AsField<F>) -> Result<Vec<u8>, InvalidValue> {
    let mut word = mark.to_vec();
    value.encode_as(&mut word)?;
    Ok(word)
}

fn word(mut request: Request, word: Result<Vec<u8>, InvalidValue>) -> Request {
    match word {
        Ok(word) => request.arg(word),
        Err(error) => {
            request.refuse(error);
            request
        }
    }
}

/// Its ends are left out: they may be members.
impl<M> fmt::Debug for Span<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span")
            .field("by", &self.by)
            .field("is_reversed", &self.is_reversed)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn for_people_a_span_tells_no_member() {
        let shown = format!("{:?}", Span::<String>::members("hunter2"..).limit(0, 3));
        assert_eq!(shown, "Span { by: Member, is_reversed: false, limit: Some((0, 3)), .. }");
    }
}

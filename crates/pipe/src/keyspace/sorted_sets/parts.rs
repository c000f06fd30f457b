//! A part of the members: read, counted, copied, removed.

use super::{SortedSets, Span};
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::keyspace::read;
use crate::keyspace::request::Request;
use crate::pipe::Pipe;

/// Commands on a part of the members.
impl<K: Field, M: Field> SortedSets<K, M> {
    /// ZRANGE: the members from the rank `start` to the rank `stop`, both inclusive, negative from the end.
    #[doc(alias = "ZRANGE")]
    pub fn range(self, pipe: &mut Pipe, id: impl AsField<K>, start: i64, stop: i64) -> Deferred<Vec<M>> {
        self.span(pipe, id, Span::ranks(start, stop))
    }

    /// ZRANGE with their scores.
    pub fn range_with_scores(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        start: i64,
        stop: i64,
    ) -> Deferred<Vec<(M, f64)>> {
        self.span_with_scores(pipe, id, Span::ranks(start, stop))
    }

    /// ZRANGE of any [`Span`]: by rank, by score, by member; reversed, limited.
    #[doc(alias = "ZRANGEBYSCORE")]
    #[doc(alias = "ZREVRANGE")]
    #[doc(alias = "ZRANGEBYLEX")]
    pub fn span(self, pipe: &mut Pipe, id: impl AsField<K>, span: Span<M>) -> Deferred<Vec<M>> {
        self.ranging("ZRANGE", id, span).queue(pipe, read::list)
    }

    /// ZRANGE of any [`Span`], with the members' scores. Of a span by member there are none: the server refuses it.
    pub fn span_with_scores(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        span: Span<M>,
    ) -> Deferred<Vec<(M, f64)>> {
        self.ranging("ZRANGE", id, span).arg("WITHSCORES").queue(pipe, read::scores)
    }

    /// ZRANGESTORE: puts a span of `from` into `to`. How many members these are.
    #[doc(alias = "ZRANGESTORE")]
    pub fn span_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        from: impl AsField<K>,
        span: Span<M>,
    ) -> Deferred<usize> {
        span.write(self.command("ZRANGESTORE", to).id(from)).queue(pipe, convert)
    }

    /// ZCOUNT, ZLEXCOUNT: how many members are in the span. By rank, Redis cannot count: refused.
    #[doc(alias = "ZCOUNT")]
    #[doc(alias = "ZLEXCOUNT")]
    pub fn count(self, pipe: &mut Pipe, id: impl AsField<K>, span: Span<M>) -> Deferred<usize> {
        let request = self.command(span.counting(), id);
        span.write_counted(request).queue(pipe, convert)
    }

    /// ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX: how many members there were. A span that is limited or reversed
    /// is refused, because Redis would remove all of it.
    #[doc(alias = "ZREMRANGEBYSCORE")]
    #[doc(alias = "ZREMRANGEBYRANK")]
    #[doc(alias = "ZREMRANGEBYLEX")]
    pub fn remove_span(self, pipe: &mut Pipe, id: impl AsField<K>, span: Span<M>) -> Deferred<usize> {
        let request = self.command(span.removing(), id);
        span.write_ends(request).queue(pipe, convert)
    }

    fn ranging(self, command: &str, id: impl AsField<K>, span: Span<M>) -> Request {
        span.write(self.command(command, id))
    }
}

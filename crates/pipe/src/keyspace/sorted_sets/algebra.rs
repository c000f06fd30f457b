//! Sorted sets made of others.

use redis::{RedisWrite, ToRedisArgs};

use super::SortedSets;
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::keyspace::read;
use crate::keyspace::request::Request;
use crate::pipe::Pipe;

/// What becomes of the scores that one member has in several sorted sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Redis has had these three since 2.0")]
pub enum Aggregate {
    /// They are added.
    #[default]
    Sum,
    /// The lowest counts.
    Min,
    /// The highest counts.
    Max,
}

impl ToRedisArgs for Aggregate {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg(b"AGGREGATE");
        out.write_arg(match self {
            Self::Sum => b"SUM",
            Self::Min => b"MIN",
            Self::Max => b"MAX",
        });
    }
}

/// Commands over several sorted sets.
impl<K: Field, M: Field> SortedSets<K, M> {
    /// ZUNION: the members of any of them, with their scores.
    #[doc(alias = "ZUNION")]
    pub fn union(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        scores: Aggregate,
    ) -> Deferred<Vec<(M, f64)>> {
        let request = self.request("ZUNION").counted(ids, &mut 0);
        request.arg(scores).arg("WITHSCORES").queue(pipe, read::scores)
    }

    /// ZINTER: the members of all of them, with their scores.
    #[doc(alias = "ZINTER")]
    pub fn intersection(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        scores: Aggregate,
    ) -> Deferred<Vec<(M, f64)>> {
        let request = self.request("ZINTER").counted(ids, &mut 0);
        request.arg(scores).arg("WITHSCORES").queue(pipe, read::scores)
    }

    /// ZDIFF: the members of the first that are in none of the others, with their scores.
    #[doc(alias = "ZDIFF")]
    pub fn difference(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<Vec<(M, f64)>> {
        self.request("ZDIFF").counted(ids, &mut 0).arg("WITHSCORES").queue(pipe, read::scores)
    }

    /// ZUNIONSTORE: puts the members of any of them into `to`. How many these are.
    #[doc(alias = "ZUNIONSTORE")]
    pub fn union_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        scores: Aggregate,
    ) -> Deferred<usize> {
        self.command("ZUNIONSTORE", to).counted(ids, &mut 0).arg(scores).queue(pipe, convert)
    }

    /// ZUNIONSTORE with WEIGHTS: each one's scores are first multiplied by its weight.
    pub fn weighted_union_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = (impl AsField<K>, f64)>,
        scores: Aggregate,
    ) -> Deferred<usize> {
        weighted(self.command("ZUNIONSTORE", to), ids).arg(scores).queue(pipe, convert)
    }

    /// ZINTERSTORE: puts the members of all of them into `to`. How many these are.
    #[doc(alias = "ZINTERSTORE")]
    pub fn intersection_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        scores: Aggregate,
    ) -> Deferred<usize> {
        self.command("ZINTERSTORE", to).counted(ids, &mut 0).arg(scores).queue(pipe, convert)
    }

    /// ZINTERSTORE with WEIGHTS: each one's scores are first multiplied by its weight.
    pub fn weighted_intersection_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = (impl AsField<K>, f64)>,
        scores: Aggregate,
    ) -> Deferred<usize> {
        weighted(self.command("ZINTERSTORE", to), ids).arg(scores).queue(pipe, convert)
    }

    /// ZDIFFSTORE: puts the members of the first that are in none of the others into `to`. How many these are.
    #[doc(alias = "ZDIFFSTORE")]
    pub fn difference_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<usize> {
        self.command("ZDIFFSTORE", to).counted(ids, &mut 0).queue(pipe, convert)
    }
}

fn weighted<K: Field>(request: Request, ids: impl IntoIterator<Item = (impl AsField<K>, f64)>) -> Request {
    let (ids, weights): (Vec<_>, Vec<_>) = ids.into_iter().unzip();
    request.counted(ids, &mut 0).arg("WEIGHTS").fields::<f64>(weights, &mut 0)
}

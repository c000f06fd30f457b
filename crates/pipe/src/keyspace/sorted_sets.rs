//! Members by score under each key.

mod algebra;
mod parts;
mod span;

use std::marker::PhantomData;

use redis::SortedSetAddOptions;

use super::scan::Scan;
use super::{Keyspace, Kind, read, sealed};
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

pub use algebra::Aggregate;
pub use span::Span;

/// Keys with members by score each: the ids are `K`, the members `M`.
///
/// Members come with the lowest score first, those of one score by their bytes; with their scores as `(member, score)`.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Pipes, SortedSets, Span};
///
/// const FOLLOWERS: SortedSets<u64, String> = SortedSets::new("F");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://sorted-sets")?;
/// let (new, rank, last, since) = pipes
///     .run(|pipe| {
///         let new = FOLLOWERS.add_all(pipe, 1, [("bob", 7.0), ("ann", 5.0), ("joe", 9.5)]);
///         let rank = FOLLOWERS.rank(pipe, 1, "bob");
///         let last = FOLLOWERS.span(pipe, 1, Span::ranks(0, 0).reversed());
///         (new, rank, last, FOLLOWERS.span_with_scores(pipe, 1, Span::scores(7.0..)))
///     })
///     .await?;
/// assert_eq!((new, rank, last), (3, Some(1), vec!["joe".to_owned()]));
/// assert_eq!(since, [("bob".to_owned(), 7.0), ("joe".to_owned(), 9.5)]);
/// # Ok(())
/// # }
/// ```
pub type SortedSets<K, M> = Keyspace<SortedSetOf<K, M>>;

/// The kind of [`SortedSets`].
#[derive(Debug)]
pub struct SortedSetOf<K, M>(PhantomData<fn() -> (K, M)>);

impl<K, M> sealed::Sealed for SortedSetOf<K, M> {}

impl<K: Field, M: Field> Kind for SortedSetOf<K, M> {
    type Id = K;

    const TYPE: &'static str = "zset";
}

/// Commands on members.
impl<K: Field, M: Field> SortedSets<K, M> {
    /// ZADD: whether the member is new; if not, it has this score now.
    #[doc(alias = "ZADD")]
    pub fn add(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        member: impl AsField<M>,
        score: f64,
    ) -> Deferred<bool> {
        self.command("ZADD", id).field::<f64>(score).field::<M>(member).queue(pipe, convert)
    }

    /// ZADD of many: how many members are new.
    pub fn add_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = (impl AsField<M>, f64)>,
    ) -> Deferred<usize> {
        self.add_with(pipe, id, members, SortedSetAddOptions::default())
    }

    /// ZADD with options: how many members are new, or, if the options say so, how many changed.
    ///
    /// [`increment_score`](SortedSetAddOptions::increment_score) is for [`increment_if`](Self::increment_if).
    pub fn add_with(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = (impl AsField<M>, f64)>,
        options: SortedSetAddOptions,
    ) -> Deferred<usize> {
        let mut count = 0;
        let request = self.command("ZADD", id).arg(options);
        let request = members.into_iter().fold(request, |request, (member, score)| {
            count += 1;
            request.field::<f64>(score).field::<M>(member)
        });
        request.queue_if(count, pipe, convert)
    }

    /// ZINCRBY: the score after it.
    #[doc(alias = "ZINCRBY")]
    pub fn increment(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        member: impl AsField<M>,
        by: f64,
    ) -> Deferred<f64> {
        self.command("ZINCRBY", id).field::<f64>(by).field::<M>(member).queue(pipe, convert)
    }

    /// ZADD with INCR and options: the score after it; nothing if the options forbade it.
    pub fn increment_if(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        member: impl AsField<M>,
        by: f64,
        options: SortedSetAddOptions,
    ) -> Deferred<Option<f64>> {
        let request = self.command("ZADD", id).arg(options.increment_score());
        request.field::<f64>(by).field::<M>(member).queue(pipe, convert)
    }

    /// ZREM: whether there was such a member.
    #[doc(alias = "ZREM")]
    pub fn remove(self, pipe: &mut Pipe, id: impl AsField<K>, member: impl AsField<M>) -> Deferred<bool> {
        self.command("ZREM", id).field::<M>(member).queue(pipe, convert)
    }

    /// ZREM of many: how many there were.
    pub fn remove_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = impl AsField<M>>,
    ) -> Deferred<usize> {
        let mut count = 0;
        self.command("ZREM", id).fields(members, &mut count).queue_if(count, pipe, convert)
    }

    /// ZSCORE: the member's score, if there is such a member.
    #[doc(alias = "ZSCORE")]
    pub fn score(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        member: impl AsField<M>,
    ) -> Deferred<Option<f64>> {
        self.command("ZSCORE", id).field::<M>(member).queue(pipe, convert)
    }

    /// ZMSCORE: each member's score, if there is such a member.
    #[doc(alias = "ZMSCORE")]
    pub fn scores(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = impl AsField<M>>,
    ) -> Deferred<Vec<Option<f64>>> {
        let mut count = 0;
        let request = self.command("ZMSCORE", id).fields(members, &mut count);
        request.queue_if(count, pipe, convert)
    }

    /// ZRANK: how many members are before it, if it is one.
    #[doc(alias = "ZRANK")]
    pub fn rank(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        member: impl AsField<M>,
    ) -> Deferred<Option<usize>> {
        self.command("ZRANK", id).field::<M>(member).queue(pipe, convert)
    }

    /// ZREVRANK: how many members are after it, if it is one.
    #[doc(alias = "ZREVRANK")]
    pub fn reverse_rank(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        member: impl AsField<M>,
    ) -> Deferred<Option<usize>> {
        self.command("ZREVRANK", id).field::<M>(member).queue(pipe, convert)
    }

    /// ZCARD: how many members there are.
    #[doc(alias = "ZCARD")]
    pub fn len(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("ZCARD", id).queue(pipe, convert)
    }

    /// ZPOPMIN: takes out the member with the lowest score, if there is one.
    #[doc(alias = "ZPOPMIN")]
    pub fn pop_min(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<(M, f64)>> {
        self.command("ZPOPMIN", id).queue(pipe, read::first_scored)
    }

    /// ZPOPMIN of up to so many, the lowest score first.
    pub fn pop_min_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: usize) -> Deferred<Vec<(M, f64)>> {
        self.command("ZPOPMIN", id).arg(count).queue(pipe, read::scores)
    }

    /// ZPOPMAX: takes out the member with the highest score, if there is one.
    #[doc(alias = "ZPOPMAX")]
    pub fn pop_max(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<(M, f64)>> {
        self.command("ZPOPMAX", id).queue(pipe, read::first_scored)
    }

    /// ZPOPMAX of up to so many, the highest score first.
    pub fn pop_max_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: usize) -> Deferred<Vec<(M, f64)>> {
        self.command("ZPOPMAX", id).arg(count).queue(pipe, read::scores)
    }

    /// ZRANDMEMBER: up to `count` different members with their scores; of a negative count so many, of which some may be
    /// the same.
    #[doc(alias = "ZRANDMEMBER")]
    pub fn random_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: i64) -> Deferred<Vec<(M, f64)>> {
        self.command("ZRANDMEMBER", id).arg(count).arg("WITHSCORES").queue(pipe, read::scores)
    }
}

impl<K: Field, M: Field + 'static> SortedSets<K, M> {
    /// ZSCAN: the members and their scores, a page at a time.
    #[doc(alias = "ZSCAN")]
    pub fn scan(self, id: impl AsField<K>) -> Scan<(M, f64)> {
        Scan::new(self.command("ZSCAN", id), |reply| {
            Ok(read::pairs(reply)?.into_iter().map(read::scored).collect())
        })
    }
}

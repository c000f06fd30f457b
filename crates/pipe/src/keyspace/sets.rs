//! Different members under each key, in no order.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use super::scan::Scan;
use super::{Keyspace, Kind, read, sealed};
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

/// Keys with different members each: the ids are `K`, the members `M`.
///
/// Whole sets come as [`BTreeSet`], because its order is the members' own: the same in every run. What Redis itself
/// answers with repetitions, or in an order that matters, comes as a vector.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Pipes, Sets};
///
/// const TAGS: Sets<String, String> = Sets::new("T");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://sets")?;
/// let (new, is_red, tags) = pipes
///     .run(|pipe| {
///         let new = TAGS.add_all(pipe, "rose", ["red", "sweet", "red"]);
///         (new, TAGS.contains(pipe, "rose", "red"), TAGS.members(pipe, "rose"))
///     })
///     .await?;
/// assert_eq!((new, is_red), (2, true));
/// assert_eq!(tags, ["red".to_owned(), "sweet".to_owned()].into());
/// # Ok(())
/// # }
/// ```
pub type Sets<K, M> = Keyspace<SetOf<K, M>>;

/// The kind of [`Sets`].
#[derive(Debug)]
pub struct SetOf<K, M>(PhantomData<fn() -> (K, M)>);

impl<K, M> sealed::Sealed for SetOf<K, M> {}

impl<K: Field, M: Field> Kind for SetOf<K, M> {
    type Id = K;

    const TYPE: &'static str = "set";
}

/// Commands on sets.
impl<K: Field, M: Field> Sets<K, M> {
    /// SADD: whether the member is new.
    #[doc(alias = "SADD")]
    pub fn add(self, pipe: &mut Pipe, id: impl AsField<K>, member: impl AsField<M>) -> Deferred<bool> {
        self.command("SADD", id).field::<M>(member).queue(pipe, convert)
    }

    /// SADD of many: how many are new.
    pub fn add_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = impl AsField<M>>,
    ) -> Deferred<usize> {
        let mut count = 0;
        self.command("SADD", id).fields(members, &mut count).queue_if(count, pipe, convert)
    }

    /// SREM: whether there was such a member.
    #[doc(alias = "SREM")]
    pub fn remove(self, pipe: &mut Pipe, id: impl AsField<K>, member: impl AsField<M>) -> Deferred<bool> {
        self.command("SREM", id).field::<M>(member).queue(pipe, convert)
    }

    /// SREM of many: how many there were.
    pub fn remove_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = impl AsField<M>>,
    ) -> Deferred<usize> {
        let mut count = 0;
        self.command("SREM", id).fields(members, &mut count).queue_if(count, pipe, convert)
    }

    /// SCARD: how many members there are.
    #[doc(alias = "SCARD")]
    pub fn len(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("SCARD", id).queue(pipe, convert)
    }

    /// SISMEMBER.
    #[doc(alias = "SISMEMBER")]
    pub fn contains(self, pipe: &mut Pipe, id: impl AsField<K>, member: impl AsField<M>) -> Deferred<bool> {
        self.command("SISMEMBER", id).field::<M>(member).queue(pipe, convert)
    }

    /// SMISMEMBER: of each, whether it is a member.
    #[doc(alias = "SMISMEMBER")]
    pub fn contains_each(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        members: impl IntoIterator<Item = impl AsField<M>>,
    ) -> Deferred<Vec<bool>> {
        let mut count = 0;
        let request = self.command("SMISMEMBER", id).fields(members, &mut count);
        request.queue_if(count, pipe, convert)
    }

    /// SMOVE: takes the member out of one set and puts it into another. Whether it was in the first.
    #[doc(alias = "SMOVE")]
    pub fn move_to(
        self,
        pipe: &mut Pipe,
        from: impl AsField<K>,
        to: impl AsField<K>,
        member: impl AsField<M>,
    ) -> Deferred<bool> {
        self.command("SMOVE", from).id(to).field::<M>(member).queue(pipe, convert)
    }

    /// SPOP: takes out any member, if there is one.
    #[doc(alias = "SPOP")]
    pub fn pop(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<M>> {
        self.command("SPOP", id).queue(pipe, read::optional)
    }

    /// SRANDMEMBER: any member, if there is one.
    #[doc(alias = "SRANDMEMBER")]
    pub fn random(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<M>> {
        self.command("SRANDMEMBER", id).queue(pipe, read::optional)
    }

    /// SRANDMEMBER of many: up to `count` different ones; of a negative count so many, of which some may be the same.
    pub fn random_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: i64) -> Deferred<Vec<M>> {
        self.command("SRANDMEMBER", id).arg(count).queue(pipe, read::list)
    }

    /// SDIFFSTORE: puts what is in the first and in none of the others into `to`. How many these are.
    #[doc(alias = "SDIFFSTORE")]
    pub fn difference_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<usize> {
        self.command("SDIFFSTORE", to).ids(ids, &mut 0).queue(pipe, convert)
    }

    /// SINTERSTORE: puts what is in all of them into `to`. How many these are.
    #[doc(alias = "SINTERSTORE")]
    pub fn intersection_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<usize> {
        self.command("SINTERSTORE", to).ids(ids, &mut 0).queue(pipe, convert)
    }

    /// SUNIONSTORE: puts what is in any of them into `to`. How many these are.
    #[doc(alias = "SUNIONSTORE")]
    pub fn union_into(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<usize> {
        self.command("SUNIONSTORE", to).ids(ids, &mut 0).queue(pipe, convert)
    }

    /// SINTERCARD: how many are in all of them.
    #[doc(alias = "SINTERCARD")]
    pub fn intersection_len(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<usize> {
        self.request("SINTERCARD").counted(ids, &mut 0).queue(pipe, convert)
    }
}

/// Commands that answer with sets.
impl<K: Field, M: Field + Ord> Sets<K, M> {
    /// SMEMBERS.
    #[doc(alias = "SMEMBERS")]
    pub fn members(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<BTreeSet<M>> {
        self.command("SMEMBERS", id).queue(pipe, read::set)
    }

    /// SPOP of many: takes out up to so many members.
    pub fn pop_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: usize) -> Deferred<BTreeSet<M>> {
        self.command("SPOP", id).arg(count).queue(pipe, read::set)
    }

    /// SDIFF: what is in the first and in none of the others.
    #[doc(alias = "SDIFF")]
    pub fn difference(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<BTreeSet<M>> {
        self.request("SDIFF").ids(ids, &mut 0).queue(pipe, read::set)
    }

    /// SINTER: what is in all of them.
    #[doc(alias = "SINTER")]
    pub fn intersection(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<BTreeSet<M>> {
        self.request("SINTER").ids(ids, &mut 0).queue(pipe, read::set)
    }

    /// SUNION: what is in any of them.
    #[doc(alias = "SUNION")]
    pub fn union(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<BTreeSet<M>> {
        self.request("SUNION").ids(ids, &mut 0).queue(pipe, read::set)
    }
}

impl<K: Field, M: Field + 'static> Sets<K, M> {
    /// SSCAN: the members, a page at a time.
    #[doc(alias = "SSCAN")]
    pub fn scan(self, id: impl AsField<K>) -> Scan<M> {
        Scan::new(self.command("SSCAN", id), |reply| {
            Ok(read::sequence(reply)?.into_iter().map(read::value).collect())
        })
    }
}

//! Values in order under each key.

use std::marker::PhantomData;
use std::num::NonZeroUsize;

use redis::{Direction, LposOptions, Value};

use super::{Keyspace, Kind, read, sealed};
use crate::deferred::{Deferred, convert};
use crate::error::Result;
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

/// Keys with values in order each: the ids are `K`, the values `V`. L is the left end, the beginning; R the right one.
///
/// What waits for a value cannot stand in a pipe: see [`Lists::waiting`].
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Lists, Pipes};
///
/// const JOBS: Lists<String, u64> = Lists::new("J");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://lists")?;
/// let (len, first, rest) = pipes
///     .run(|pipe| {
///         let len = JOBS.rpush_all(pipe, "mail", [1, 2, 3]);
///         (len, JOBS.lpop(pipe, "mail"), JOBS.range(pipe, "mail", 0, -1))
///     })
///     .await?;
/// assert_eq!((len, first, rest), (3, Some(1), vec![2, 3]));
/// # Ok(())
/// # }
/// ```
pub type Lists<K, V> = Keyspace<ListOf<K, V>>;

/// The kind of [`Lists`].
#[derive(Debug)]
pub struct ListOf<K, V>(PhantomData<fn() -> (K, V)>);

impl<K, V> sealed::Sealed for ListOf<K, V> {}

impl<K: Field, V: Field> Kind for ListOf<K, V> {
    type Id = K;

    const TYPE: &'static str = "list";
}

/// Commands that push and pop.
impl<K: Field, V: Field> Lists<K, V> {
    /// LPUSH: how long the list is after it.
    pub fn lpush(self, pipe: &mut Pipe, id: impl AsField<K>, value: impl AsField<V>) -> Deferred<usize> {
        self.push("LPUSH", pipe, id, [value])
    }

    /// LPUSH of many, one after the other, so that the last is the first then.
    pub fn lpush_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        values: impl IntoIterator<Item = impl AsField<V>>,
    ) -> Deferred<usize> {
        self.push("LPUSH", pipe, id, values)
    }

    /// LPUSHX: as [`lpush`](Self::lpush), if there is such a list.
    pub fn lpush_existing(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
    ) -> Deferred<usize> {
        self.push("LPUSHX", pipe, id, [value])
    }

    /// RPUSH: how long the list is after it.
    pub fn rpush(self, pipe: &mut Pipe, id: impl AsField<K>, value: impl AsField<V>) -> Deferred<usize> {
        self.push("RPUSH", pipe, id, [value])
    }

    /// RPUSH of many, in order.
    pub fn rpush_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        values: impl IntoIterator<Item = impl AsField<V>>,
    ) -> Deferred<usize> {
        self.push("RPUSH", pipe, id, values)
    }

    /// RPUSHX: as [`rpush`](Self::rpush), if there is such a list.
    pub fn rpush_existing(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
    ) -> Deferred<usize> {
        self.push("RPUSHX", pipe, id, [value])
    }

    /// LPOP: the first value, if there is one.
    pub fn lpop(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<V>> {
        self.command("LPOP", id).queue(pipe, read::optional)
    }

    /// LPOP of up to so many.
    pub fn lpop_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: NonZeroUsize) -> Deferred<Vec<V>> {
        self.command("LPOP", id).arg(count.get()).queue(pipe, read::list)
    }

    /// RPOP: the last value, if there is one.
    pub fn rpop(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<V>> {
        self.command("RPOP", id).queue(pipe, read::optional)
    }

    /// RPOP of up to so many, the last one first.
    pub fn rpop_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: NonZeroUsize) -> Deferred<Vec<V>> {
        self.command("RPOP", id).arg(count.get()).queue(pipe, read::list)
    }

    /// RPOPLPUSH: takes the last value of one list and puts it before the first of another. Which one that is.
    pub fn rpoplpush(
        self,
        pipe: &mut Pipe,
        from: impl AsField<K>,
        to: impl AsField<K>,
    ) -> Deferred<Option<V>> {
        self.command("RPOPLPUSH", from).id(to).queue(pipe, read::optional)
    }

    /// LMOVE: takes a value off one end of a list and puts it at one end of another. Which one that is.
    #[doc(alias = "LMOVE")]
    pub fn move_to(
        self,
        pipe: &mut Pipe,
        (from, off): (impl AsField<K>, Direction),
        (to, at): (impl AsField<K>, Direction),
    ) -> Deferred<Option<V>> {
        self.command("LMOVE", from).id(to).arg(off).arg(at).queue(pipe, read::optional)
    }

    fn push(
        self,
        command: &str,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        values: impl IntoIterator<Item = impl AsField<V>>,
    ) -> Deferred<usize> {
        let values: Vec<_> = values.into_iter().collect();
        // To push nothing changes nothing, but how long the list is, is still asked.
        let command = if values.is_empty() { "LLEN" } else { command };
        self.command(command, id).fields(values, &mut 0).queue(pipe, convert)
    }
}

/// Commands that look at, and change, what is inside.
impl<K: Field, V: Field> Lists<K, V> {
    /// LLEN: how long the list is.
    #[doc(alias = "LLEN")]
    pub fn len(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("LLEN", id).queue(pipe, convert)
    }

    /// LRANGE: the values from the index `start` to the index `stop`, both inclusive, negative from the end.
    #[doc(alias = "LRANGE")]
    pub fn range(self, pipe: &mut Pipe, id: impl AsField<K>, start: i64, stop: i64) -> Deferred<Vec<V>> {
        self.command("LRANGE", id).arg(start).arg(stop).queue(pipe, read::list)
    }

    /// LTRIM: only the values from the index `start` to the index `stop` stay.
    #[doc(alias = "LTRIM")]
    pub fn trim(self, pipe: &mut Pipe, id: impl AsField<K>, start: i64, stop: i64) -> Deferred<()> {
        self.command("LTRIM", id).arg(start).arg(stop).queue(pipe, convert)
    }

    /// LINDEX: the value at the index, negative from the end, if there is one.
    #[doc(alias = "LINDEX")]
    pub fn index(self, pipe: &mut Pipe, id: impl AsField<K>, index: i64) -> Deferred<Option<V>> {
        self.command("LINDEX", id).arg(index).queue(pipe, read::optional)
    }

    /// LSET: another value at the index. An index that is not there is an error.
    #[doc(alias = "LSET")]
    pub fn set(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        index: i64,
        value: impl AsField<V>,
    ) -> Deferred<()> {
        self.command("LSET", id).arg(index).field::<V>(value).queue(pipe, convert)
    }

    /// LREM: removes the first `count` values that are like this one; the last ones of a negative count, all if it is
    /// zero. How many there were.
    #[doc(alias = "LREM")]
    pub fn remove(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        count: i64,
        value: impl AsField<V>,
    ) -> Deferred<usize> {
        self.command("LREM", id).arg(count).field::<V>(value).queue(pipe, convert)
    }

    /// LINSERT BEFORE: how long the list is after it; nothing if there is no `pivot`.
    #[doc(alias = "LINSERT")]
    pub fn insert_before(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        pivot: impl AsField<V>,
        value: impl AsField<V>,
    ) -> Deferred<Option<usize>> {
        self.insert("BEFORE", pipe, id, (pivot, value))
    }

    /// LINSERT AFTER: how long the list is after it; nothing if there is no `pivot`.
    pub fn insert_after(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        pivot: impl AsField<V>,
        value: impl AsField<V>,
    ) -> Deferred<Option<usize>> {
        self.insert("AFTER", pipe, id, (pivot, value))
    }

    /// LPOS: the index of the first value like this one.
    #[doc(alias = "LPOS")]
    pub fn position(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
    ) -> Deferred<Option<usize>> {
        self.command("LPOS", id).field::<V>(value).queue(pipe, convert)
    }

    /// LPOS with COUNT: the indices of the first `count` values like this one, of all if it is zero.
    pub fn positions(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
        count: usize,
    ) -> Deferred<Vec<usize>> {
        let options = LposOptions::default().count(count);
        self.command("LPOS", id).field::<V>(value).arg(options).queue(pipe, convert)
    }

    fn insert(
        self,
        place: &str,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        (pivot, value): (impl AsField<V>, impl AsField<V>),
    ) -> Deferred<Option<usize>> {
        let request = self.command("LINSERT", id).arg(place).field::<V>(pivot).field::<V>(value);
        request.queue(pipe, |reply| Ok(usize::try_from(convert::<i64>(reply)?).ok().filter(|len| *len > 0)))
    }
}

impl<K: Field + 'static, V: Field + 'static> Lists<K, V> {
    /// LMPOP: up to so many values off one end of the first list that has any, and which list that is.
    #[doc(alias = "LMPOP")]
    pub fn pop_any(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
        off: Direction,
        count: NonZeroUsize,
    ) -> Deferred<Option<(K, Vec<V>)>> {
        let request = self.request("LMPOP").counted(ids, &mut 0).arg(off).arg("COUNT").arg(count.get());
        request.queue(pipe, read::raw).and_then(move |reply| self.popped(reply))
    }

    /// A list's id and what was popped of it. The server names it by its key.
    fn popped(self, reply: Value) -> Result<Option<(K, Vec<V>)>> {
        let mut parts = read::sequence(reply)?.into_iter();
        let (Some(key), Some(values)) = (parts.next(), parts.next()) else { return Ok(None) };
        Ok(Some((self.id(&convert::<Vec<u8>>(key)?)?, read::list(values)?)))
    }
}

//! Fields and their values under each key.

mod lives;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::request::Request;
use super::scan::Scan;
use super::{Keyspace, Kind, read, sealed};
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

/// Keys with fields and their values each: the ids are `K`, the fields `F`, the values `V`.
///
/// A hash whose fields are known, each with a type of its own, is a model. Or its fields are read one by one:
/// [`with_values`](Hashes::with_values).
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Hashes, Pipes};
///
/// const USERS: Hashes<u64, String, String> = Hashes::new("U");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://hashes")?;
/// let (name, age, visits) = pipes
///     .run(|pipe| {
///         USERS.set_all(pipe, 1, [("name", "joe"), ("visits", "7")]);
///         let name = USERS.get(pipe, 1, "name");
///         let age = USERS.with_values::<u8>().get(pipe, 1, "age");
///         (name, age, USERS.increment(pipe, 1, "visits", 1))
///     })
///     .await?;
/// assert_eq!((name.as_deref(), age, visits), (Some("joe"), None, 8));
/// # Ok(())
/// # }
/// ```
pub type Hashes<K, F, V> = Keyspace<HashOf<K, F, V>>;

/// The kind of [`Hashes`].
#[derive(Debug)]
#[expect(clippy::type_complexity, reason = "three names for three types")]
pub struct HashOf<K, F, V>(PhantomData<fn() -> (K, F, V)>);

impl<K, F, V> sealed::Sealed for HashOf<K, F, V> {}

impl<K: Field, F: Field, V: Field> Kind for HashOf<K, F, V> {
    type Id = K;

    const TYPE: &'static str = "hash";
}

/// Commands on fields.
impl<K: Field, F: Field, V: Field> Hashes<K, F, V> {
    /// The same hashes, with values of another type: for those whose fields are of several.
    #[must_use]
    pub const fn with_values<W: Field>(self) -> Hashes<K, F, W> {
        Keyspace::at(self.space)
    }

    /// HGET: the field's value, if there is one.
    #[doc(alias = "HGET")]
    pub fn get(self, pipe: &mut Pipe, id: impl AsField<K>, field: impl AsField<F>) -> Deferred<Option<V>> {
        self.command("HGET", id).field::<F>(field).queue(pipe, read::optional)
    }

    /// HMGET: each field's value, if there is one.
    #[doc(alias = "HMGET")]
    pub fn get_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<Vec<Option<V>>> {
        let mut count = 0;
        let request = self.command("HMGET", id).fields(fields, &mut count);
        request.queue_if(count, pipe, read::optionals)
    }

    /// HSET: whether the field is new.
    #[doc(alias = "HSET")]
    pub fn set(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        field: impl AsField<F>,
        value: impl AsField<V>,
    ) -> Deferred<bool> {
        self.command("HSET", id).field::<F>(field).field::<V>(value).queue(pipe, convert)
    }

    /// HSET of many: how many are new.
    #[doc(alias = "HMSET")]
    pub fn set_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        values: impl IntoIterator<Item = (impl AsField<F>, impl AsField<V>)>,
    ) -> Deferred<usize> {
        let (request, count) = Self::pairs(self.command("HSET", id), values);
        request.queue_if(count, pipe, convert)
    }

    /// HSETNX: whether it was set, because there was no such field.
    #[doc(alias = "HSETNX")]
    pub fn set_nx(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        field: impl AsField<F>,
        value: impl AsField<V>,
    ) -> Deferred<bool> {
        self.command("HSETNX", id).field::<F>(field).field::<V>(value).queue(pipe, convert)
    }

    /// HDEL: whether there was such a field.
    #[doc(alias = "HDEL")]
    pub fn remove(self, pipe: &mut Pipe, id: impl AsField<K>, field: impl AsField<F>) -> Deferred<bool> {
        self.command("HDEL", id).field::<F>(field).queue(pipe, convert)
    }

    /// HDEL of many: how many there were.
    pub fn remove_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        fields: impl IntoIterator<Item = impl AsField<F>>,
    ) -> Deferred<usize> {
        let mut count = 0;
        self.command("HDEL", id).fields(fields, &mut count).queue_if(count, pipe, convert)
    }

    /// HEXISTS.
    #[doc(alias = "HEXISTS")]
    pub fn contains(self, pipe: &mut Pipe, id: impl AsField<K>, field: impl AsField<F>) -> Deferred<bool> {
        self.command("HEXISTS", id).field::<F>(field).queue(pipe, convert)
    }

    /// HLEN: how many fields there are.
    #[doc(alias = "HLEN")]
    pub fn len(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("HLEN", id).queue(pipe, convert)
    }

    /// HSTRLEN: how many bytes the field's value has.
    #[doc(alias = "HSTRLEN")]
    pub fn value_len_bytes(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        field: impl AsField<F>,
    ) -> Deferred<usize> {
        self.command("HSTRLEN", id).field::<F>(field).queue(pipe, convert)
    }

    /// HKEYS: the fields.
    #[doc(alias = "HKEYS")]
    pub fn fields(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Vec<F>> {
        self.command("HKEYS", id).queue(pipe, read::list)
    }

    /// HVALS: the values, in the order of [`fields`](Self::fields).
    #[doc(alias = "HVALS")]
    pub fn values(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Vec<V>> {
        self.command("HVALS", id).queue(pipe, read::list)
    }

    /// HINCRBY: the number after it.
    #[doc(alias = "HINCRBY")]
    pub fn increment(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        field: impl AsField<F>,
        by: i64,
    ) -> Deferred<i64> {
        self.command("HINCRBY", id).field::<F>(field).arg(by).queue(pipe, convert)
    }

    /// HINCRBYFLOAT: the number after it.
    #[doc(alias = "HINCRBYFLOAT")]
    pub fn increment_float(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        field: impl AsField<F>,
        by: f64,
    ) -> Deferred<f64> {
        self.command("HINCRBYFLOAT", id).field::<F>(field).field::<f64>(by).queue(pipe, convert)
    }

    /// HRANDFIELD: any field, if there is one.
    #[doc(alias = "HRANDFIELD")]
    pub fn random(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<F>> {
        self.command("HRANDFIELD", id).queue(pipe, read::optional)
    }

    /// HRANDFIELD of many, with their values: up to `count` different ones; of a negative count so many, of which some
    /// may be the same.
    pub fn random_many(self, pipe: &mut Pipe, id: impl AsField<K>, count: i64) -> Deferred<Vec<(F, V)>> {
        self.command("HRANDFIELD", id).arg(count).arg("WITHVALUES").queue(pipe, read::entries)
    }

    fn pairs(
        request: Request,
        values: impl IntoIterator<Item = (impl AsField<F>, impl AsField<V>)>,
    ) -> (Request, usize) {
        let mut count = 0;
        let request = values.into_iter().fold(request, |request, (field, value)| {
            count += 1;
            request.field::<F>(field).field::<V>(value)
        });
        (request, count)
    }
}

impl<K: Field, F: Field + Ord, V: Field> Hashes<K, F, V> {
    /// HGETALL: all fields and their values, in the fields' own order.
    #[doc(alias = "HGETALL")]
    pub fn all(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<BTreeMap<F, V>> {
        self.command("HGETALL", id).queue(pipe, read::entries)
    }
}

impl<K: Field, F: Field + 'static, V: Field + 'static> Hashes<K, F, V> {
    /// HSCAN: the fields and their values, a page at a time.
    #[doc(alias = "HSCAN")]
    pub fn scan(self, id: impl AsField<K>) -> Scan<(F, V)> {
        Scan::new(self.command("HSCAN", id), |reply| {
            Ok(read::pairs(reply)?.into_iter().map(read::pair).collect())
        })
    }
}

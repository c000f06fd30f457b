//! One value under each key.

mod bits;
mod options;

use std::marker::PhantomData;
use std::time::Duration;

use super::request::Request;
use super::{Keyspace, Kind, life, read, sealed};
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

pub use options::SetOptions;

/// Keys with one value each: the ids are `K`, the values `V`.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Pipes, SetOptions, Strings};
/// use std::time::Duration;
///
/// const NAMES: Strings<u64, String> = Strings::new("N");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://strings")?;
/// let once = SetOptions::new().if_missing().expires_in(Duration::from_secs(60));
/// let (new, again, name, names) = pipes
///     .run(|pipe| {
///         let new = NAMES.set_with(pipe, 1, "joe", once);
///         let again = NAMES.set_with(pipe, 1, "ann", once);
///         (new, again, NAMES.get(pipe, 1), NAMES.get_all(pipe, [1, 2]))
///     })
///     .await?;
/// assert_eq!((new, again, name.as_deref()), (true, false, Some("joe")));
/// assert_eq!(names, [Some("joe".to_owned()), None]);
/// # Ok(())
/// # }
/// ```
pub type Strings<K, V> = Keyspace<StringOf<K, V>>;

/// The kind of [`Strings`].
#[derive(Debug)]
pub struct StringOf<K, V>(PhantomData<fn() -> (K, V)>);

impl<K, V> sealed::Sealed for StringOf<K, V> {}

impl<K: Field, V: Field> Kind for StringOf<K, V> {
    type Id = K;

    const TYPE: &'static str = "string";
}

/// Commands on single values.
impl<K: Field, V: Field> Strings<K, V> {
    /// The same keys, with values of another type.
    #[must_use]
    pub const fn with_values<W: Field>(self) -> Strings<K, W> {
        Keyspace::at(self.space)
    }

    /// GET: the value, if there is one.
    pub fn get(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<V>> {
        self.command("GET", id).queue(pipe, read::optional)
    }

    /// MGET: each value, if there is one. On a cluster the ids may have several slots.
    #[doc(alias = "MGET")]
    pub fn get_all(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<Vec<Option<V>>> {
        let mut count = 0;
        self.request("MGET").ids(ids, &mut count).queue_if(count, pipe, read::optionals)
    }

    /// GETDEL: the value that was there.
    #[doc(alias = "GETDEL")]
    pub fn take(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<Option<V>> {
        self.command("GETDEL", id).queue(pipe, read::optional)
    }

    /// GETEX: the value, which from now on lives for so long, or for ever.
    #[doc(alias = "GETEX")]
    pub fn get_and_expire(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        after: Option<Duration>,
    ) -> Deferred<Option<V>> {
        let request = self.command("GETEX", id);
        let request = match after {
            Some(after) => request.arg("PX").arg(life::millis(after)),
            None => request.arg("PERSIST"),
        };
        request.queue(pipe, read::optional)
    }

    /// SET. It ends the time to live that the key had.
    pub fn set(self, pipe: &mut Pipe, id: impl AsField<K>, value: impl AsField<V>) -> Deferred<()> {
        self.setting(id, value).queue(pipe, convert)
    }

    /// SET with PX: it lives for so long.
    #[doc(alias = "SETEX")]
    #[doc(alias = "PSETEX")]
    pub fn set_for(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
        ttl: Duration,
    ) -> Deferred<()> {
        self.setting(id, value).arg(SetOptions::new().expires_in(ttl)).queue(pipe, convert)
    }

    /// SET with NX: whether it was set, because there was nothing.
    #[doc(alias = "SETNX")]
    pub fn set_nx(self, pipe: &mut Pipe, id: impl AsField<K>, value: impl AsField<V>) -> Deferred<bool> {
        self.set_with(pipe, id, value, SetOptions::new().if_missing())
    }

    /// SET with options: whether it was set.
    pub fn set_with(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
        options: SetOptions,
    ) -> Deferred<bool> {
        self.setting(id, value).arg(options).queue(pipe, read::is_some)
    }

    /// SET with options and GET: the value that was there, whether it was replaced or not.
    #[doc(alias = "GETSET")]
    pub fn swap(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        value: impl AsField<V>,
        options: SetOptions,
    ) -> Deferred<Option<V>> {
        self.setting(id, value).arg("GET").arg(options).queue(pipe, read::optional)
    }

    /// MSET. On a cluster the ids may have several slots; then some may be set and others not.
    #[doc(alias = "MSET")]
    pub fn set_all(
        self,
        pipe: &mut Pipe,
        values: impl IntoIterator<Item = (impl AsField<K>, impl AsField<V>)>,
    ) -> Deferred<()> {
        let (request, count) = self.several("MSET", values);
        request.queue_if(count, pipe, convert)
    }

    /// MSETNX: whether all were set, because none was there.
    #[doc(alias = "MSETNX")]
    pub fn set_all_nx(
        self,
        pipe: &mut Pipe,
        values: impl IntoIterator<Item = (impl AsField<K>, impl AsField<V>)>,
    ) -> Deferred<bool> {
        let (request, count) = self.several("MSETNX", values);
        if count == 0 { Deferred::ready(true) } else { request.queue(pipe, convert) }
    }

    /// APPEND: how many bytes the value has after it.
    pub fn append(self, pipe: &mut Pipe, id: impl AsField<K>, value: impl AsField<V>) -> Deferred<usize> {
        self.command("APPEND", id).field::<V>(value).queue(pipe, convert)
    }

    /// STRLEN: how many bytes the value has.
    #[doc(alias = "STRLEN")]
    pub fn len_bytes(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("STRLEN", id).queue(pipe, convert)
    }

    /// GETRANGE: the part from the byte `start` to the byte `end`, both inclusive, negative from the end.
    #[doc(alias = "GETRANGE")]
    #[doc(alias = "SUBSTR")]
    pub fn range(self, pipe: &mut Pipe, id: impl AsField<K>, start: i64, end: i64) -> Deferred<V> {
        self.command("GETRANGE", id).arg(start).arg(end).queue(pipe, read::value)
    }

    /// SETRANGE: writes `part` over the bytes from `offset`. How many bytes the value has after it.
    #[doc(alias = "SETRANGE")]
    pub fn set_range(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        offset: usize,
        part: impl AsField<V>,
    ) -> Deferred<usize> {
        self.command("SETRANGE", id).arg(offset).field::<V>(part).queue(pipe, convert)
    }

    /// INCRBY: the number after it. What is no number is refused by the server.
    #[doc(alias = "INCRBY")]
    #[doc(alias = "DECRBY")]
    pub fn increment(self, pipe: &mut Pipe, id: impl AsField<K>, by: i64) -> Deferred<i64> {
        self.command("INCRBY", id).arg(by).queue(pipe, convert)
    }

    /// INCRBYFLOAT: the number after it.
    #[doc(alias = "INCRBYFLOAT")]
    pub fn increment_float(self, pipe: &mut Pipe, id: impl AsField<K>, by: f64) -> Deferred<f64> {
        self.command("INCRBYFLOAT", id).field::<f64>(by).queue(pipe, convert)
    }

    fn setting(self, id: impl AsField<K>, value: impl AsField<V>) -> Request {
        self.command("SET", id).field::<V>(value)
    }

    fn several(
        self,
        command: &str,
        values: impl IntoIterator<Item = (impl AsField<K>, impl AsField<V>)>,
    ) -> (Request, usize) {
        let mut count = 0;
        let request = values.into_iter().fold(self.request(command), |request, (id, value)| {
            count += 1;
            request.id(id).field::<V>(value)
        });
        (request, count)
    }
}

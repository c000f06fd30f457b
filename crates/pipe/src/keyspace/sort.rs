//! SORT: the elements of a list, a set or a sorted set in another order, or what other keys hold for them.

use std::fmt;
use std::sync::Arc;

use redis::Value;

use super::hashes::Hashes;
use super::lists::ListOf;
use super::request::Request;
use super::sets::SetOf;
use super::sorted_sets::SortedSetOf;
use super::space::Space;
use super::strings::Strings;
use super::{Keyspace, Kind, read};
use crate::deferred::{Deferred, convert};
use crate::error::Result;
use crate::field::{AsField, Field, InvalidValue};
use crate::pipe::Pipe;

/// What SORT can sort: lists, sets and sorted sets.
pub trait Sortable: Kind {
    /// What is in them.
    type Element: Field;
}

impl<K: Field, V: Field> Sortable for ListOf<K, V> {
    type Element = V;
}

impl<K: Field, M: Field> Sortable for SetOf<K, M> {
    type Element = M;
}

impl<K: Field, M: Field> Sortable for SortedSetOf<K, M> {
    type Element = M;
}

/// A SORT in the making: of numbers, the lowest first, unless it is said otherwise. A row of its reply is a `T`.
///
/// # Guarantee
///
/// The keys that are looked up for an element are those of keyspaces, by the element as an id. A cluster cannot look
/// up keys of other slots, and refuses it.
///
/// # Example
///
/// The cities by how many people live there, the most first, with their names.
///
/// ```
/// use redfleet_pipe::{Hashes, Pipes, Sets, Strings};
///
/// const CITIES: Sets<String, u64> = Sets::new("CITIES");
/// const NAMES: Strings<u64, String> = Strings::new("NAME");
/// const FACTS: Hashes<u64, String, u64> = Hashes::new("FACTS");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://sort")?;
/// let cities = pipes
///     .run(|pipe| {
///         CITIES.add_all(pipe, "all", [1, 2]);
///         NAMES.set_all(pipe, [(1, "Lima"), (2, "Oslo")]);
///         FACTS.set(pipe, 1, "people", 10_000_000_u64);
///         FACTS.set(pipe, 2, "people", 700_000_u64);
///         CITIES.sort("all").by_field(FACTS, "people").descending().and_get(NAMES).queue(pipe)
///     })
///     .await?;
/// assert_eq!(cities, [(1, Some("Lima".to_owned())), (2, Some("Oslo".to_owned()))]);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sorted before `queue` or `store`"]
pub struct Sort<S: Kind, T> {
    keyspace: Keyspace<S>,
    request: Request,
    by: Option<Vec<u8>>,
    limit: Option<(usize, usize)>,
    get: Vec<Vec<u8>>,
    is_descending: bool,
    is_alphabetic: bool,
    row: Row<T>,
}

/// Takes the values of one row off the reply.
type Row<T> = Arc<dyn Fn(&mut dyn Iterator<Item = Value>) -> Result<T> + Send + Sync>;

impl<S: Sortable> Keyspace<S>
where
    S::Element: 'static,
{
    /// SORT, as the methods of [`Sort`] say.
    #[doc(alias = "SORT")]
    pub fn sort(self, id: impl AsField<S::Id>) -> Sort<S, S::Element> {
        Sort {
            keyspace: self,
            request: self.command("SORT", id),
            by: None,
            limit: None,
            get: vec![b"#".to_vec()],
            is_descending: false,
            is_alphabetic: false,
            row: Arc::new(|values| read::value(next(values))),
        }
    }
}

impl<S: Kind, T: 'static> Sort<S, T> {
    /// BY: the weight of an element is what this keyspace holds for it.
    pub fn by<K: Field, W: Field>(mut self, weights: Strings<K, W>) -> Self {
        self.by = self.place(weights.space, &[]);
        self
    }

    /// BY: the weight of an element is this field of what this keyspace holds for it.
    pub fn by_field<K: Field, F: Field, W: Field>(
        mut self,
        weights: Hashes<K, F, W>,
        field: impl AsField<F>,
    ) -> Self {
        let field = self.field(field);
        self.by = self.place(weights.space, &field);
        self
    }

    /// In the order in which they are kept: only [`limit`](Self::limit) and what is got matter.
    pub fn unsorted(mut self) -> Self {
        self.by = Some(b"nosort".to_vec());
        self
    }

    /// Only `count` elements, after the first `offset`.
    pub const fn limit(mut self, offset: usize, count: usize) -> Self {
        self.limit = Some((offset, count));
        self
    }

    /// DESC: the highest first.
    pub const fn descending(mut self) -> Self {
        self.is_descending = true;
        self
    }

    /// ALPHA: by their bytes. Without it, what is no number is an error.
    pub const fn alphabetic(mut self) -> Self {
        self.is_alphabetic = true;
        self
    }

    /// GET: instead of the element, what this keyspace holds for it.
    pub fn get<K: Field, W: Field + 'static>(mut self, values: Strings<K, W>) -> Sort<S, Option<W>> {
        let place = self.place(values.space, &[]);
        self.get.clear();
        self.get.extend(place);
        self.with_row(|values| read::optional(next(values)))
    }

    /// GET: instead of the element, this field of what this keyspace holds for it.
    pub fn get_field<K: Field, F: Field, W: Field + 'static>(
        mut self,
        values: Hashes<K, F, W>,
        field: impl AsField<F>,
    ) -> Sort<S, Option<W>> {
        let field = self.field(field);
        let place = self.place(values.space, &field);
        self.get.clear();
        self.get.extend(place);
        self.with_row(|values| read::optional(next(values)))
    }

    /// One more GET: besides, what this keyspace holds for it.
    pub fn and_get<K: Field, W: Field + 'static>(mut self, values: Strings<K, W>) -> Sort<S, (T, Option<W>)> {
        let place = self.place(values.space, &[]);
        self.get.extend(place);
        self.and_optional()
    }

    /// One more GET: besides, this field of what this keyspace holds for it.
    pub fn and_get_field<K: Field, F: Field, W: Field + 'static>(
        mut self,
        values: Hashes<K, F, W>,
        field: impl AsField<F>,
    ) -> Sort<S, (T, Option<W>)> {
        let field = self.field(field);
        let place = self.place(values.space, &field);
        self.get.extend(place);
        self.and_optional()
    }

    /// Queues it: the rows in their order.
    pub fn queue(self, pipe: &mut Pipe) -> Deferred<Vec<T>> {
        let (width, row) = (self.get.len().max(1), Arc::clone(&self.row));
        self.finish().queue(pipe, read::raw).and_then(move |reply| {
            let values = read::sequence(reply)?;
            let rows = values.len() / width;
            let mut values = values.into_iter();
            (0..rows).map(|_| row(&mut values)).collect()
        })
    }

    /// Queues it with STORE: puts the values into the list `to` of this keyspace. How many these are.
    pub fn store(self, pipe: &mut Pipe, to: impl AsField<S::Id>) -> Deferred<usize> {
        self.finish().arg("STORE").id(to).queue(pipe, convert)
    }

    fn and_optional<W: Field + 'static>(self) -> Sort<S, (T, Option<W>)> {
        let row = Arc::clone(&self.row);
        self.with_row(move |values| Ok((row(values)?, read::optional(next(values))?)))
    }

    fn with_row<U>(
        self,
        row: impl Fn(&mut dyn Iterator<Item = Value>) -> Result<U> + Send + Sync + 'static,
    ) -> Sort<S, U> {
        let Self { keyspace, request, by, limit, get, is_descending, is_alphabetic, row: _ } = self;
        Sort { keyspace, request, by, limit, get, is_descending, is_alphabetic, row: Arc::new(row) }
    }

    /// The words of the command, in Redis's order.
    fn finish(self) -> Request {
        let mut request = self.request;
        if let Some(by) = self.by {
            request = request.arg("BY").arg(by);
        }
        if let Some((offset, count)) = self.limit {
            request = request.arg("LIMIT").arg(offset).arg(count);
        }
        // The elements alone are what SORT gives by itself, and a cluster may refuse any GET.
        if self.get.as_slice() != [b"#"] {
            for place in self.get {
                request = request.arg("GET").arg(place);
            }
        }
        if self.is_descending {
            request = request.arg("DESC");
        }
        if self.is_alphabetic { request.arg("ALPHA") } else { request }
    }

    /// `NAME{*}`, or `NAME{*}->FIELD`.
    fn place(&mut self, space: Space, field: &[u8]) -> Option<Vec<u8>> {
        match space.placeholder() {
            Ok(mut place) => {
                place.extend_from_slice(field);
                Some(place)
            }
            Err(error) => {
                self.request.refuse(error);
                None
            }
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "as all methods take it")]
    fn field<F: Field>(&mut self, field: impl AsField<F>) -> Vec<u8> {
        let mut word = b"->".to_vec();
        let written = field.encode_as(&mut word);
        let written = written.and_then(|()| match word.len() {
            2 => Err(InvalidValue::not("a field with a name")),
            _ => Ok(()),
        });
        if let Err(error) = written {
            self.request.refuse(error);
        }
        word
    }
}

fn next(values: &mut dyn Iterator<Item = Value>) -> Value {
    values.next().unwrap_or(Value::Nil)
}

impl<S: Kind, T> fmt::Debug for Sort<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sort").field("keyspace", &self.keyspace).finish_non_exhaustive()
    }
}

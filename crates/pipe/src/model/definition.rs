//! The trait of a struct that is stored as a hash, and all that can be done with it.

use redis::cmd;

use super::attribute::{Attribute, Declared, Optional, Settable};
use super::change::{Action, Change, Rule, Step};
use super::columns::Columns;
use super::number::Number;
use super::patch::Patch;
use super::row::Row;
use super::selection::{Removal, Selection};
use super::written::Written;
use super::{key, read};
use crate::deferred::Deferred;
use crate::error::Error;
use crate::field::{AsField, Field, InvalidValue};
use crate::pipe::Pipe;

/// A struct that is stored as a hash, called `KEYSPACE{KEY}`, with a field of the hash for each of its own.
///
/// `#[derive(Model)]`, with the feature `derive`, implements it and adds a constant for each field, by which partial
/// loads and patches name it. These say what it is to be:
///
/// | above the struct | |
/// |---|---|
/// | `#[model(keyspace = "U")]` | what its keys begin with; else the struct's name |
/// | `#[model(connection = "users")]` | where it is stored; else where the pipe stands |
/// | `#[model(ttl_ms = 30_000)]` | how long it lives after each write; else for ever |
///
/// | above a field | |
/// |---|---|
/// | `#[model(key)]` | names the record; every model has one |
/// | `#[model(name = "n")]` | what it is called in the hash; else as in the struct |
/// | `#[model(default)]`, `#[model(default = 3)]` | what it is when nothing is stored |
/// | `#[model(version)]` | a `u64` that counts the writes, so that nobody writes over what they have not seen |
/// | `#[model(extra)]` | a `BTreeMap` of all fields of the hash that are not declared |
///
/// A field that is an `Option` may be absent. What is neither that nor has a default is required: no write here leaves
/// a record without it.
///
/// # Guarantee
///
/// Nothing is read that was not asked for. Each write of a record is one command, and is carried out whole or not at all,
/// ttl and version included. A local value never changes by being sent: what became of a write is in the [`Deferred`].
///
/// # What it does not do
///
/// There is no index, no unique constraint and no hidden read. There is no empty hash in Redis, so a record of which nothing
/// but the key is there is not stored. The derive knows an `Option` by its name, so an alias of it is none.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "derive")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use redfleet_pipe::{Model, Pipes};
///
/// #[derive(Model, Clone, Debug, PartialEq)]
/// #[model(keyspace = "U")]
/// struct User {
///     #[model(key)]
///     id: u64,
///     name: String,
///     last_seen: Option<i64>,
///     #[model(default)]
///     visits: u64,
/// }
///
/// let pipes = Pipes::connect("embedded://model")?;
/// let bob = User { id: 1, name: "Bob".into(), last_seen: None, visits: 0 };
/// pipes.run(|p| bob.save(p)).await?;
///
/// let (visits, _, bobby) = pipes
///     .run(|p| {
///         let visits = User::increment(p, 1, User::VISITS, 1);
///         let patched = User::patch(1).set(User::NAME, "Bobby").set(User::LAST_SEEN, 1700).send(p);
///         (visits, patched, User::load(p, 1))
///     })
///     .await?;
/// assert_eq!(visits, 1);
/// assert_eq!(bobby, Some(User { name: "Bobby".into(), last_seen: Some(1700), visits: 1, ..bob }));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "derive"))]
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is no model", note = "derive it: `#[derive(Model)]`")]
pub trait Model: Sized + 'static {
    /// What names a record.
    type Key: Field;
    /// What the names of the hashes begin with.
    const KEYSPACE: &'static str;
    /// The connection it is stored on; `None` is the one that the pipe stands on.
    const CONNECTION: Option<&'static str>;
    /// How long a record lives after each write.
    const TTL_MS: Option<u32>;
    /// What the key is called. A field of the hash that is called so is passed over.
    const KEY_NAME: &'static str;
    /// What the version is called in the hash, if there is one.
    const VERSION_NAME: Option<&'static str>;
    /// All fields, but the key and what takes the undeclared ones.
    const FIELDS: &'static [Declared];

    /// The record's key.
    fn key(&self) -> &Self::Key;

    /// The version that the record had when it was read; `None` if the model has none.
    fn version(&self) -> Option<u64>;

    /// Hands over all fields but the key and the version.
    ///
    /// # Errors
    ///
    /// If a value cannot be stored.
    fn write(&self, columns: &mut Columns) -> Result<(), InvalidValue>;

    /// Makes the record from what is stored.
    ///
    /// # Errors
    ///
    /// If a required field is not there, or a value is not of its field's type.
    fn read(key: Self::Key, row: &mut Row) -> Result<Self, InvalidValue>;

    /// The whole record; `None` if there is none. Costs one command, HGETALL.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if what is stored is no such record.
    fn load(p: &mut Pipe, key: impl AsField<Self::Key>) -> Deferred<Option<Self>> {
        let name = key::key::<Self>(p, &key);
        read::record(read::all::<Self>(p, &name), name)
    }

    /// The record without its undeclared fields; `None` if none of the declared ones is there. Costs one command, HMGET,
    /// and leaves on the server what a hash with many other fields has. A model that declares none is `None`, and nothing is
    /// sent.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if what is stored is no such record.
    fn load_declared(p: &mut Pipe, key: impl AsField<Self::Key>) -> Deferred<Option<Self>> {
        let name = key::key::<Self>(p, &key);
        read::record(read::some::<Self>(p, &name, read::declared::<Self>()), name)
    }

    /// Some fields: `(User::NAME, User::LAST_SEEN)` are an `(Option<String>, Option<i64>)`. Costs one command, HMGET.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if a value is not of its field's type.
    fn load_fields<S: Selection<Self>>(
        p: &mut Pipe,
        key: impl AsField<Self::Key>,
        fields: S,
    ) -> Deferred<S::Values> {
        read::selection::<Self, S>(p, &key, fields)
    }

    /// Many whole records, in the order of the keys, each with its own error. Costs one command a record, HGETALL.
    fn load_many<K: AsField<Self::Key>>(
        p: &mut Pipe,
        keys: impl IntoIterator<Item = K>,
    ) -> Vec<Deferred<Option<Self>>> {
        keys.into_iter().map(|key| Self::load(p, key)).collect()
    }

    /// Stores the record if there is none: whether it did. Costs one command, a script. A new record has version 1.
    fn create(&self, p: &mut Pipe) -> Deferred<bool> {
        let created = write(self, p, Rule::New, false);
        created.map(|created| created.is_some())
    }

    /// Stores all fields of the record, and removes those of its declared ones that it does not have. Undeclared fields that
    /// it does not have stay.
    ///
    /// What others changed since the record was read is written over, unless the model has a version: then the
    /// stored one must be this record's (0 if it is new), and is one higher after it. To write only what changed, see
    /// [`patch_to`](Self::patch_to).
    ///
    /// Costs one command: HSET if that does it all, else a script.
    ///
    /// # Errors
    ///
    /// [`Error::Outdated`] if the record has another version: nothing was written.
    fn save(&self, p: &mut Pipe) -> Deferred<Written> {
        write(self, p, Rule::Any, true).map(Option::unwrap_or_default)
    }

    /// Begins to change some fields of a record.
    fn patch(key: impl AsField<Self::Key>) -> Patch<Self> {
        Patch::new(&key)
    }

    /// The change that makes this record into `after`, which must have the same key: only what differs is written. With a
    /// version, only if the stored one is this record's.
    fn patch_to(&self, after: &Self) -> Patch<Self> {
        Patch::between(self, after)
    }

    /// Adds to a field: its new value. As a [`patch`](Self::patch) with nothing else; costs one command.
    fn increment<T: Number + 'static, K: Settable + 'static>(
        p: &mut Pipe,
        key: impl AsField<Self::Key>,
        field: Attribute<Self, T, K>,
        by: T::Step,
    ) -> Deferred<T> {
        let written = Self::patch(key).increment(field, by).send(p);
        // The server answers every increment with a value.
        written.and_then(move |written| written.value(field)?.ok_or(Error::Invalid(InvalidValue::missing())))
    }

    /// Removes a field: the value that it had. Costs one command, a script.
    fn pop<T: 'static>(
        p: &mut Pipe,
        key: impl AsField<Self::Key>,
        field: Attribute<Self, T, Optional>,
    ) -> Deferred<Option<T>> {
        let written = Self::patch(key).unset(field).wants_values().send(p);
        written.and_then(move |written| written.value(field))
    }

    /// Removes fields, one or a tuple of them: how many of them there were. Costs one command.
    fn remove(p: &mut Pipe, key: impl AsField<Self::Key>, fields: impl Removal<Self>) -> Deferred<usize> {
        let written = Self::patch(key).remove_all(read::selected(fields)).send(p);
        written.map(|written| written.removed())
    }

    /// Deletes records: how many there were. Costs one command, DEL; none if there are no keys.
    fn delete<K: AsField<Self::Key>>(p: &mut Pipe, keys: impl IntoIterator<Item = K>) -> Deferred<usize> {
        let names: Vec<_> = keys.into_iter().map(|key| key::key::<Self>(p, &key)).collect();
        if names.is_empty() {
            return Deferred::ready(0);
        }
        read::at_home::<Self, _>(p, |p| p.add(cmd("DEL").arg(names).take()))
    }
}

/// Writes a whole record.
fn write<M: Model>(model: &M, p: &mut Pipe, rule: Rule, clears: bool) -> Deferred<Option<Written>> {
    let name = key::key::<M>(p, model.key());
    let columns = Columns::of(model).unwrap_or_else(|error| {
        p.refuse(Error::Invalid(error));
        Columns::default()
    });
    let set = |(name, value)| Step { name, action: Action::Set(value) };
    let mut steps: Vec<_> = columns.into_vec().into_iter().map(set).collect();
    if clears {
        let declared =
            M::FIELDS.iter().map(|field| field.name()).filter(|name| Some(*name) != M::VERSION_NAME);
        let absent = declared.filter(|name| !steps.iter().any(|step| *step.name == *name.as_bytes()));
        let absent: Vec<_> = absent.collect();
        steps.extend(
            absent.into_iter().map(|name| Step { name: name.as_bytes().into(), action: Action::Remove }),
        );
    }
    let mut change = Change::new(rule, steps);
    change.version = model.version().filter(|_| rule != Rule::New);
    change.send::<M>(p, &name)
}

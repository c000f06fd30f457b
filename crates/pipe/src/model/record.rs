//! A record with a memory: what of it is known here, and changes only by what the server said.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use redis::cmd;

use super::attribute::{Attribute, Optional, Settable};
use super::number::Number;
use super::patch::Patch;
use super::row::Row;
use super::selection::{Removal, Selection};
use super::written::Written;
use super::{key, read};
use crate::deferred::Deferred;
use crate::error::{Error, Result};
use crate::field::{AsField, InvalidValue};
use crate::model::definition::Model;
use crate::pipe::Pipe;

/// One record of a model, of which some fields are known: RedPipe's Struct.
///
/// It is read only. What is known changes when a pipe is executed, and by what the server acknowledged alone: a field that a
/// write left as it was stays as it was here, and a write that failed changes nothing. It learns in the order in which the
/// commands were queued, whatever nested scope that was in, and before any callback runs; of executions that are under way at
/// once, as they end. Clones share what they know.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "derive")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use redfleet_pipe::{Model, Pipes, model::Record};
///
/// #[derive(Model)]
/// struct User {
///     #[model(key)]
///     id: u64,
///     name: Option<String>,
/// }
///
/// let mut pipe = Pipes::connect("embedded://record")?.pipe();
/// let user = Record::<User>::new(1)?;
/// let written = user.patch().set(User::NAME, "Bob").send(&mut pipe);
/// assert!(!user.is_persisted()); // it was not sent yet
///
/// pipe.execute().await?.all()?;
/// assert!(user.is_persisted() && written.get()?.has_changed(User::NAME));
/// assert_eq!(user.get(User::NAME)?.as_deref(), Some("Bob"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "derive"))]
/// # fn main() {}
/// ```
pub struct Record<M> {
    /// As it is written.
    key: Arc<[u8]>,
    local: Arc<Local>,
    of: PhantomData<fn() -> M>,
}

/// What is known of a record here: its stored fields.
#[derive(Default)]
pub(super) struct Local {
    fields: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl<M: Model> Record<M> {
    /// The record with this key, of which nothing is known.
    ///
    /// # Errors
    ///
    /// If the key has no form in Redis.
    #[expect(clippy::needless_pass_by_value, reason = "a call says `\"bob\"`, and not `&\"bob\"`")]
    pub fn new(key: impl AsField<M::Key>) -> Result<Self, InvalidValue> {
        let mut bytes = Vec::new();
        key.encode_as(&mut bytes).map_err(|error| error.at(M::KEYSPACE))?;
        Ok(Self { key: bytes.into(), local: Arc::default(), of: PhantomData })
    }

    /// The record's key.
    ///
    /// # Errors
    ///
    /// If the key's type does not read what it wrote.
    pub fn key(&self) -> Result<M::Key, InvalidValue> {
        key::decode::<M>(&self.key)
    }

    /// Whether anything is known of it: it was loaded, or written, and is not known to be gone.
    #[must_use]
    pub fn is_persisted(&self) -> bool {
        !self.local.is_empty()
    }

    /// What is known of a field.
    ///
    /// # Errors
    ///
    /// If that is no `T`.
    pub fn get<T, K>(&self, field: Attribute<M, T, K>) -> Result<Option<T>, InvalidValue> {
        let value = self.local.get(field.name());
        value.map(|value| field.decode(&value)).transpose()
    }

    /// What is known of a field that the model does not declare.
    #[must_use]
    pub fn extra(&self, name: &str) -> Option<Vec<u8>> {
        let is_declared = M::FIELDS.iter().any(|field| field.name() == name) || name == M::KEY_NAME;
        self.local.get(name).filter(|_| !is_declared)
    }

    /// The record as far as it is known; `None` if nothing is.
    ///
    /// # Errors
    ///
    /// If a required field is not known, or a value is not of its field's type.
    pub fn value(&self) -> Result<Option<M>, InvalidValue> {
        let mut row = self.local.row();
        if row.is_empty() { Ok(None) } else { M::read(self.key()?, &mut row).map(Some) }
    }

    /// Loads the whole record: what is gone there is then gone here. Costs one command, HGETALL.
    pub fn load(&self, p: &mut Pipe) -> Deferred<()> {
        let row = read::all::<M>(p, &self.name());
        self.learn(p, row, None)
    }

    /// Loads the declared fields. Costs one command, HMGET; none if the model declares none.
    pub fn load_declared(&self, p: &mut Pipe) -> Deferred<()> {
        self.load_names(p, read::declared::<M>())
    }

    /// Loads some fields. Costs one command, HMGET.
    pub fn load_fields(&self, p: &mut Pipe, fields: impl Selection<M>) -> Deferred<()> {
        self.load_names(p, read::selected(fields))
    }

    /// Begins to change some fields.
    pub fn patch(&self) -> Patch<M> {
        Patch::of_record(&self.key, Arc::clone(&self.local))
    }

    /// Adds to a field: its new value. Costs one command.
    pub fn increment<T: Number + 'static, K: Settable + 'static>(
        &self,
        p: &mut Pipe,
        field: Attribute<M, T, K>,
        by: T::Step,
    ) -> Deferred<T> {
        let written = self.patch().increment(field, by).send(p);
        written.and_then(move |written| written.value(field)?.ok_or(Error::Invalid(InvalidValue::missing())))
    }

    /// Removes a field: the value that it had there. Costs one command, a script.
    pub fn pop<T: 'static>(&self, p: &mut Pipe, field: Attribute<M, T, Optional>) -> Deferred<Option<T>> {
        let written = self.patch().unset(field).wants_values().send(p);
        written.and_then(move |written| written.value(field))
    }

    /// Removes fields: how many of them there were. Costs one command.
    pub fn remove(&self, p: &mut Pipe, fields: impl Removal<M>) -> Deferred<usize> {
        let written = self.patch().remove_all(read::selected(fields)).send(p);
        written.map(|written| written.removed())
    }

    /// Deletes the record: whether there was one. Costs one command, DEL.
    pub fn clear(&self, p: &mut Pipe) -> Deferred<bool> {
        let command = cmd("DEL").arg(self.name()).take();
        let deleted: Deferred<bool> = read::at_home::<M, _>(p, |p| p.add(command));
        let (local, answer) = (Arc::clone(&self.local), deleted.clone());
        p.learn(move || {
            if answer.get().is_ok() {
                local.replace(Row::default());
            }
        });
        deleted
    }

    fn name(&self) -> Vec<u8> {
        key::from_bytes::<M>(&self.key)
    }

    fn load_names(&self, p: &mut Pipe, names: Vec<&'static str>) -> Deferred<()> {
        if names.is_empty() {
            return Deferred::ready(());
        }
        let row = read::some::<M>(p, &self.name(), names.clone());
        self.learn(p, row, Some(names))
    }

    /// Once the row is there, it is what is known: of these fields, or of all.
    fn learn(&self, p: &mut Pipe, row: Deferred<Row>, of: Option<Vec<&'static str>>) -> Deferred<()> {
        let (local, answer) = (Arc::clone(&self.local), row.clone());
        p.learn(move || match (answer.get(), of) {
            (Ok(row), None) => local.replace(row),
            (Ok(row), Some(names)) => local.update(&names, row),
            (Err(_), _) => {}
        });
        row.map(|_| ())
    }
}

impl Local {
    /// Takes over what a write changed.
    pub(super) fn apply<M: Model>(&self, written: &Written) {
        self.with(|fields| {
            for (name, value) in written.changes().flatten() {
                match value {
                    Some(value) => fields.insert(name.to_vec(), value),
                    None => fields.remove(name),
                };
            }
            if let (Some(name), Some(version)) = (M::VERSION_NAME, written.version()) {
                fields.insert(name.as_bytes().to_vec(), version.to_string().into_bytes());
            }
        });
    }

    fn replace(&self, row: Row) {
        self.with(|fields| *fields = row.into_pairs().collect());
    }

    fn update(&self, names: &[&'static str], row: Row) {
        self.with(|fields| {
            for name in names {
                fields.remove(name.as_bytes());
            }
            fields.extend(row.into_pairs());
        });
    }

    fn is_empty(&self) -> bool {
        self.with(|fields| fields.is_empty())
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.with(|fields| fields.get(name.as_bytes()).cloned())
    }

    fn row(&self) -> Row {
        self.with(|fields| fields.clone().into_iter().collect())
    }

    /// Nothing panics in here half-way through a change, so what a poisoned lock holds is whole.
    fn with<R>(&self, work: impl FnOnce(&mut BTreeMap<Vec<u8>, Vec<u8>>) -> R) -> R {
        work(&mut self.fields.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<M> Clone for Record<M> {
    fn clone(&self) -> Self {
        Self { key: Arc::clone(&self.key), local: Arc::clone(&self.local), of: PhantomData }
    }
}

impl<M> fmt::Debug for Record<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            self.local.with(|fields| fields.keys().map(|name| name.escape_ascii().to_string()).collect());
        let names: Vec<String> = names;
        f.debug_tuple("Record").field(&names).finish()
    }
}

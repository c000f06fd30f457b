//! Some changes to one record, written at once.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::attribute::{Attribute, Optional, Settable};
use super::change::{Action, Change, Rule, Step};
use super::columns::{Columns, Name, check_undeclared};
use super::key;
use super::number::Number;
use super::record::Local;
use super::written::Written;
use crate::deferred::Deferred;
use crate::error::Error;
use crate::field::{AsField, Field, InvalidValue};
use crate::model::definition::Model;
use crate::pipe::Pipe;

/// Changes to some fields of one record: all of them are written, or none is. Begun by [`Model::patch`],
/// [`Model::patch_to`] or [`Record::patch`](super::Record::patch).
///
/// The last word on a field holds: what is set and then removed is removed.
#[must_use = "a patch does nothing until it is sent"]
pub struct Patch<M> {
    key: Vec<u8>,
    change: Change,
    keeps: bool,
    fault: Option<InvalidValue>,
    local: Option<Arc<Local>>,
    of: PhantomData<fn() -> M>,
}

impl<M: Model> Patch<M> {
    pub(super) fn new(of: &impl AsField<M::Key>) -> Self {
        let mut key = Vec::new();
        let fault = of.encode_as(&mut key).err().map(|error| error.at(M::KEYSPACE));
        let change = Change::new(Rule::Any, Vec::new());
        Self { key, change, keeps: false, fault, local: None, of: PhantomData }
    }

    /// For a record that learns what became of it.
    pub(super) fn of_record(key: &[u8], local: Arc<Local>) -> Self {
        let change = Change::new(Rule::Any, Vec::new());
        Self { key: key.to_vec(), change, keeps: false, fault: None, local: Some(local), of: PhantomData }
    }

    /// What makes `before` into `after`.
    pub(super) fn between(before: &M, after: &M) -> Self {
        let mut patch = Self::new(before.key());
        let mut other = Vec::new();
        if after.key().encode(&mut other).is_err() || other != patch.key {
            patch.refuse(InvalidValue::not("the key of the same record").at(M::KEYSPACE));
        }
        patch.change.version = before.version();
        match (Columns::of(before), Columns::of(after)) {
            (Ok(before), Ok(after)) => patch.change.steps = difference(before.into_vec(), after.into_vec()),
            (Err(error), _) | (_, Err(error)) => patch.refuse(error),
        }
        patch
    }

    /// Sets a field.
    pub fn set<T: Field, K: Settable>(
        mut self,
        attribute: Attribute<M, T, K>,
        value: impl AsField<T>,
    ) -> Self {
        let value = self.encode(value, attribute.place());
        let action = if self.keeps { Action::SetMissing(value) } else { Action::Set(value) };
        self.step(attribute.name().as_bytes().into(), action)
    }

    /// Sets a field, or removes it if there is no value.
    pub fn set_or_unset<T: Field>(
        self,
        attribute: Attribute<M, T, Optional>,
        value: Option<impl AsField<T>>,
    ) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.unset(attribute),
        }
    }

    /// Removes a field. A required one cannot be: that does not compile.
    pub fn unset<T>(self, attribute: Attribute<M, T, Optional>) -> Self {
        self.step(attribute.name().as_bytes().into(), Action::Remove)
    }

    /// Adds to a field. What it becomes is in [`Written::value`].
    ///
    /// [`Written::value`]: super::Written::value
    pub fn increment<T: Number, K: Settable>(mut self, attribute: Attribute<M, T, K>, by: T::Step) -> Self {
        let by = self.encode::<T::Step>(by, attribute.place());
        self.step(attribute.name().as_bytes().into(), Action::Increment { by, is_float: T::IS_FLOAT })
    }

    /// Sets a field that the model does not declare.
    pub fn set_extra(mut self, name: impl Into<String>, value: impl AsField<Vec<u8>>) -> Self {
        let value = self.encode(value, M::KEYSPACE);
        let action = if self.keeps { Action::SetMissing(value) } else { Action::Set(value) };
        self.undeclared(name.into(), action)
    }

    /// Removes a field that the model does not declare.
    pub fn unset_extra(self, name: impl Into<String>) -> Self {
        self.undeclared(name.into(), Action::Remove)
    }

    /// From here on, [`set`](Self::set) leaves a field as it is if it has a value already (HSETNX).
    pub const fn keep(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// Only if the record has this version: a model without a version refuses that.
    pub fn if_version(mut self, version: u64) -> Self {
        if M::VERSION_NAME.is_none() {
            self.refuse(InvalidValue::not("a model with a version").at(M::KEYSPACE));
        }
        self.change.version = Some(version);
        self
    }

    /// Queues the changes.
    ///
    /// # Guarantee
    ///
    /// All are carried out at once, or none: an increment of what is no number leaves the other fields as they are. No write
    /// leaves a record without its required fields: where there is no record, a patch makes one only if it gives it all of
    /// them. With a ttl, the record lives so long from here on. With a version, it is counted up.
    ///
    /// # Cost
    ///
    /// One command: HSET, HSETNX, HDEL, HINCRBY or HINCRBYFLOAT if that does it all, else a script. None if there is
    /// nothing to change: then no version is compared or counted up, and [`Written::version`] is `None`. Nothing is read.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if there is no record; [`Error::Outdated`] if it has another version. A value that its field
    /// cannot store has the whole pipe refused.
    pub fn send(mut self, p: &mut Pipe) -> Deferred<Written> {
        if let Some(fault) = self.fault.take() {
            p.refuse(Error::Invalid(fault.clone()));
            return Deferred::failed(Error::Invalid(fault));
        }
        if self.change.steps.is_empty() {
            return Deferred::ready(Written::default());
        }
        self.change.rule = rule::<M>(&self.change.steps);
        let name = key::from_bytes::<M>(&self.key);
        let written = self.change.send::<M>(p, &name).map(Option::unwrap_or_default);
        if let Some(local) = self.local {
            let written = written.clone();
            p.learn(move || {
                if let Ok(written) = written.get() {
                    local.apply::<M>(&written);
                }
            });
        }
        written
    }

    #[expect(clippy::needless_pass_by_value, reason = "a call says `\"bob\"`, and not `&\"bob\"`")]
    fn encode<F: Field>(&mut self, value: impl AsField<F>, place: &'static str) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Err(error) = value.encode_as(&mut bytes) {
            self.refuse(error.at(place));
        }
        bytes
    }

    pub(super) fn refuse(&mut self, fault: InvalidValue) {
        self.fault.get_or_insert(fault);
    }

    pub(super) const fn wants_values(mut self) -> Self {
        self.change.wants_values = true;
        self
    }

    pub(super) fn remove_all(mut self, names: Vec<&'static str>) -> Self {
        for name in names {
            self = self.step(name.as_bytes().into(), Action::Remove);
        }
        self
    }

    fn undeclared(mut self, name: String, action: Action) -> Self {
        let name = name.into_bytes();
        if let Err(error) = check_undeclared::<M>(&name) {
            self.refuse(error);
        }
        self.step(Name::Owned(name), action)
    }

    /// The last word on a field holds.
    fn step(mut self, name: Name, action: Action) -> Self {
        self.change.steps.retain(|step| step.name != name);
        self.change.steps.push(Step { name, action });
        self
    }
}

/// What is to be done to what `before` was stored as.
fn difference(before: Vec<(Name, Vec<u8>)>, after: Vec<(Name, Vec<u8>)>) -> Vec<Step> {
    let mut before: std::collections::BTreeMap<_, _> = before.into_iter().collect();
    let mut steps = Vec::new();
    for (name, value) in after {
        if before.remove(&name).is_none_or(|old| old != value) {
            steps.push(Step { name, action: Action::Set(value) });
        }
    }
    steps.extend(before.into_keys().map(|name| Step { name, action: Action::Remove }));
    steps
}

/// Where there is no record, a change may make one if it is a whole one then.
fn rule<M: Model>(steps: &[Step]) -> Rule {
    let gives = |step: &Step| !matches!(step.action, Action::Remove);
    if !steps.iter().any(gives) {
        return Rule::Rest;
    }
    let is_given = |name: &str| steps.iter().any(|step| gives(step) && *step.name == *name.as_bytes());
    let mut required = M::FIELDS.iter().filter(|field| field.is_required());
    if required.all(|field| is_given(field.name())) { Rule::Any } else { Rule::Old }
}

impl<M> fmt::Debug for Patch<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.change.steps.iter().map(|step| step.name.escape_ascii().to_string());
        f.debug_tuple("Patch").field(&names.collect::<Vec<_>>()).finish()
    }
}

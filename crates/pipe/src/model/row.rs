//! What was stored of a record: names and values, taken out one by one.

use std::collections::BTreeMap;
use std::fmt;

use redis::Value;

use super::attribute::{Attribute, Required};
use crate::deferred::convert;
use crate::error::Result;
use crate::field::{Field, InvalidValue};
use crate::model::definition::Model;

/// The stored fields of a record: what [`Model::read`] is made from.
#[derive(Clone, Default)]
pub struct Row {
    /// What was taken out is `None`.
    fields: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Where to look first: fields are mostly stored in the order in which they are asked for.
    next: usize,
}

impl Row {
    /// The value of a field that must be there.
    ///
    /// # Errors
    ///
    /// If it is not there, or is no `T`.
    pub fn required<M, T>(&mut self, attribute: Attribute<M, T, Required>) -> Result<T, InvalidValue> {
        self.take(attribute)?.ok_or_else(|| InvalidValue::missing().at(attribute.place()))
    }

    /// The value of a field, if it is there.
    ///
    /// # Errors
    ///
    /// If it is no `T`.
    pub fn take<M, T, K>(&mut self, attribute: Attribute<M, T, K>) -> Result<Option<T>, InvalidValue> {
        let Some(value) = self.remove(attribute.name().as_bytes()) else { return Ok(None) };
        attribute.decode(&value).map(Some)
    }

    /// All fields that were not taken out, but one that is called as the model's key is.
    ///
    /// # Errors
    ///
    /// If a name is no `K`, or a value no `V`.
    pub fn extra<M: Model, K: Field + Ord, V: Field>(&mut self) -> Result<BTreeMap<K, V>, InvalidValue> {
        let rest = self.fields.drain(..).filter_map(|(name, value)| Some((name, value?)));
        let rest = rest.filter(|(name, _)| name != M::KEY_NAME.as_bytes());
        let pairs = rest.map(|(name, value)| Ok((K::decode(&name)?, V::decode(&value)?)));
        pairs.collect::<Result<_, InvalidValue>>().map_err(|error| error.at(M::KEYSPACE))
    }

    /// The reply to HGETALL.
    pub(super) fn from_pairs(reply: Value) -> Result<Self> {
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = convert(reply)?;
        Ok(pairs.into_iter().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// What was not taken out.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    fn remove(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let count = self.fields.len();
        let found = (self.next..count).chain(0..self.next.min(count));
        let mut found = found.filter(|place| self.fields.get(*place).is_some_and(|(other, _)| other == name));
        let place = found.next()?;
        self.next = place + 1;
        self.fields.get_mut(place)?.1.take()
    }
}

impl FromIterator<(Vec<u8>, Vec<u8>)> for Row {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, Vec<u8>)>>(fields: I) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name, Some(value)));
        Self { fields: fields.collect(), next: 0 }
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.fields.iter().map(|(name, _)| name.escape_ascii().to_string());
        f.debug_set().entries(names).finish()
    }
}

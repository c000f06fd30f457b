//! What a record is stored as: names and values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::attribute::Attribute;
use crate::field::{Field, InvalidValue};
use crate::model::definition::Model;

/// A name in a hash.
pub(super) type Name = Cow<'static, [u8]>;

/// The fields of a record as they are to be stored: what [`Model::write`] fills.
#[derive(Default)]
pub struct Columns {
    columns: Vec<(Name, Vec<u8>)>,
}

impl Columns {
    /// Adds a field.
    ///
    /// # Errors
    ///
    /// If the value has no form in Redis.
    pub fn put<M, T, K>(&mut self, attribute: Attribute<M, T, K>, value: &T) -> Result<(), InvalidValue> {
        let bytes = attribute.encode(value)?;
        self.columns.push((Name::Borrowed(attribute.name().as_bytes()), bytes));
        Ok(())
    }

    /// Adds a field if there is a value.
    ///
    /// # Errors
    ///
    /// If the value has no form in Redis.
    pub fn put_option<M, T, K>(
        &mut self,
        attribute: Attribute<M, T, K>,
        value: Option<&T>,
    ) -> Result<(), InvalidValue> {
        value.map_or(Ok(()), |value| self.put(attribute, value))
    }

    /// Adds fields that the model does not declare.
    ///
    /// # Errors
    ///
    /// If a name or a value has no form in Redis, or if a name is that of a declared field or of the key.
    pub fn extra<M: Model, K: Field, V: Field>(
        &mut self,
        extra: &BTreeMap<K, V>,
    ) -> Result<(), InvalidValue> {
        for (name, value) in extra {
            let (mut name_bytes, mut bytes) = (Vec::new(), Vec::new());
            name.encode(&mut name_bytes).map_err(|error| error.at(M::KEYSPACE))?;
            value.encode(&mut bytes).map_err(|error| error.at(M::KEYSPACE))?;
            check_undeclared::<M>(&name_bytes)?;
            self.columns.push((Name::Owned(name_bytes), bytes));
        }
        Ok(())
    }

    pub(super) fn of(model: &impl Model) -> Result<Self, InvalidValue> {
        let mut columns = Self::default();
        model.write(&mut columns)?;
        Ok(columns)
    }

    pub(super) fn into_vec(self) -> Vec<(Name, Vec<u8>)> {
        self.columns
    }
}

/// Refuses a name that the model has a use for.
pub(super) fn check_undeclared<M: Model>(name: &[u8]) -> Result<(), InvalidValue> {
    let is_declared = M::FIELDS.iter().any(|field| field.name().as_bytes() == name);
    if is_declared || name == M::KEY_NAME.as_bytes() {
        return Err(InvalidValue::not("a field that the model leaves undeclared").at(M::KEYSPACE));
    }
    Ok(())
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.columns.iter().map(|(name, _)| name.escape_ascii().to_string());
        f.debug_set().entries(names).finish()
    }
}

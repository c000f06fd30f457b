//! One field of a model, by which partial loads and patches name it.

use std::fmt;
use std::marker::PhantomData;

use crate::field::{Field, InvalidValue};

/// A field of the model `M` that holds a `T`. `#[derive(Model)]` makes one for each field: `User::NAME`.
///
/// `K` says what may be done with it: [`Required`], [`Optional`] or [`Managed`].
pub struct Attribute<M, T, K> {
    name: &'static str,
    place: &'static str,
    encode: fn(&T, &mut Vec<u8>) -> Result<(), InvalidValue>,
    decode: fn(&[u8]) -> Result<T, InvalidValue>,
    of: PhantomData<fn() -> (M, K)>,
}

/// There is always a value: the field may be set, but not removed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Required;

/// There may be no value: an `Option`, or a field that has a default.
#[derive(Debug)]
#[non_exhaustive]
pub struct Optional;

/// Written by every write of the record and by nothing else: the version.
#[derive(Debug)]
#[non_exhaustive]
pub struct Managed;

/// Kinds of fields that a patch may set.
#[diagnostic::on_unimplemented(
    message = "a version cannot be set: every write counts it",
    label = "this is the version"
)]
pub trait Settable {}

#[diagnostic::do_not_recommend]
impl Settable for Required {}

#[diagnostic::do_not_recommend]
impl Settable for Optional {}

impl<M, T, K> Attribute<M, T, K> {
    /// A field that is called `name` in the hash; `place` is `KEYSPACE.NAME`, for errors.
    #[must_use]
    pub const fn new(name: &'static str, place: &'static str) -> Self
    where
        T: Field,
    {
        Self { name, place, encode: T::encode, decode: T::decode, of: PhantomData }
    }
}

impl<M, T> Attribute<M, T, Required> {
    /// What a model's list of fields says of it.
    #[must_use]
    pub const fn declared(self) -> Declared {
        Declared { name: self.name, is_required: true }
    }
}

impl<M, T> Attribute<M, T, Optional> {
    /// What a model's list of fields says of it.
    #[must_use]
    pub const fn declared(self) -> Declared {
        Declared { name: self.name, is_required: false }
    }
}

impl<M, T> Attribute<M, T, Managed> {
    /// What a model's list of fields says of it.
    #[must_use]
    pub const fn declared(self) -> Declared {
        Declared { name: self.name, is_required: false }
    }
}

impl<M, T, K> Attribute<M, T, K> {
    /// What the field is called in the hash.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub(super) fn encode(self, value: &T) -> Result<Vec<u8>, InvalidValue> {
        let mut bytes = Vec::new();
        (self.encode)(value, &mut bytes).map_err(|error| error.at(self.place))?;
        Ok(bytes)
    }

    pub(super) fn decode(self, bytes: &[u8]) -> Result<T, InvalidValue> {
        (self.decode)(bytes).map_err(|error| error.at(self.place))
    }

    /// Where it is, for errors.
    pub(super) const fn place(self) -> &'static str {
        self.place
    }
}

impl<M, T, K> Clone for Attribute<M, T, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T, K> Copy for Attribute<M, T, K> {}

impl<M, T, K> fmt::Debug for Attribute<M, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attribute").field(&self.place).finish()
    }
}

/// What a model says of one of its fields: see [`Model::FIELDS`](crate::Model::FIELDS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    name: &'static str,
    is_required: bool,
}

impl Declared {
    /// What the field is called in the hash.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether there must always be a value.
    #[must_use]
    pub const fn is_required(self) -> bool {
        self.is_required
    }
}

//! The name of a record's hash: `KEYSPACE{KEY}`.

use crate::error::Error;
use crate::field::{AsField, Field, InvalidValue};
use crate::model::definition::Model;
use crate::pipe::Pipe;

/// The name of the hash of `M` with this key. A key that has no form in Redis has the pipe refused; what is returned then is
/// never sent.
pub(super) fn key<M: Model>(p: &mut Pipe, key: &impl AsField<M::Key>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = key.encode_as(&mut bytes) {
        p.refuse(Error::Invalid(error.at(M::KEYSPACE)));
    }
    from_bytes::<M>(&bytes)
}

/// The same of a key that is encoded already.
pub(super) fn from_bytes<M: Model>(key: &[u8]) -> Vec<u8> {
    [M::KEYSPACE.as_bytes(), b"{", key, b"}"].concat()
}

/// The key again, from what it was encoded as.
pub(super) fn decode<M: Model>(key: &[u8]) -> Result<M::Key, InvalidValue> {
    M::Key::decode(key).map_err(|error| error.at(M::KEYSPACE))
}

/// The key again, from the name of its hash.
pub(super) fn of_name<M: Model>(name: &[u8]) -> Result<M::Key, InvalidValue> {
    let inside = name.get(M::KEYSPACE.len() + 1..name.len().saturating_sub(1));
    decode::<M>(inside.unwrap_or_default())
}

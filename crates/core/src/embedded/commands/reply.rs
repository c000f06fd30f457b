//! The shapes of replies.

use redis::Value;

/// A string, of any bytes.
pub(super) fn bulk(bytes: impl AsRef<[u8]>) -> Value {
    Value::BulkString(bytes.as_ref().to_vec())
}

/// A string, or nil.
pub(super) fn bulk_or_nil(bytes: Option<impl AsRef<[u8]>>) -> Value {
    bytes.map_or(Value::Nil, bulk)
}

/// How many there are, or where something is.
pub(super) fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// 1 or 0.
pub(super) fn flag(is_so: bool) -> Value {
    Value::Int(i64::from(is_so))
}

/// Strings one after the other.
pub(super) fn bulks(all: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Value {
    Value::Array(all.into_iter().map(bulk).collect())
}

//! From a reply to typed values. What is stored but cannot be decoded is the one deferred's error.

use std::collections::BTreeSet;

use redis::Value;

use crate::deferred::convert;
use crate::error::{Error, Result};
use crate::field::Field;

/// The reply as it is.
pub(crate) const fn raw(reply: Value) -> Result<Value> {
    Ok(reply)
}

/// One value.
pub(crate) fn value<V: Field>(reply: Value) -> Result<V> {
    if let Value::BulkString(bytes) = &reply {
        return Ok(V::decode(bytes)?);
    }
    if matches!(reply, Value::Nil) {
        return Err(misfit::<V>(&reply));
    }
    Ok(V::decode(convert::<String>(reply)?.as_bytes())?)
}

/// One value, if there is one.
pub(crate) fn optional<V: Field>(reply: Value) -> Result<Option<V>> {
    if matches!(reply, Value::Nil) { Ok(None) } else { value(reply).map(Some) }
}

/// Values in the order of the reply. No reply at all is no value.
pub(crate) fn list<V: Field>(reply: Value) -> Result<Vec<V>> {
    sequence(reply)?.into_iter().map(value).collect()
}

/// As many as were asked for, where there is one.
pub(crate) fn optionals<V: Field>(reply: Value) -> Result<Vec<Option<V>>> {
    sequence(reply)?.into_iter().map(optional).collect()
}

/// Values in their own order.
pub(crate) fn set<V: Field + Ord>(reply: Value) -> Result<BTreeSet<V>> {
    sequence(reply)?.into_iter().map(value).collect()
}

/// One pair of a reply.
pub(crate) fn pair<A: Field, B: Field>((first, second): (Value, Value)) -> Result<(A, B)> {
    Ok((value(first)?, value(second)?))
}

/// A member and its score.
pub(crate) fn scored<M: Field>((member, score): (Value, Value)) -> Result<(M, f64)> {
    Ok((value(member)?, convert(score)?))
}

/// Fields and their values, in the order of the reply.
pub(crate) fn entries<A: Field, B: Field, C: FromIterator<(A, B)>>(reply: Value) -> Result<C> {
    pairs(reply)?.into_iter().map(pair).collect()
}

/// Members and their scores, in the order of the reply.
pub(crate) fn scores<M: Field>(reply: Value) -> Result<Vec<(M, f64)>> {
    pairs(reply)?.into_iter().map(scored).collect()
}

/// At most one member and its score: what pops one answers with no list around it.
pub(crate) fn first_scored<M: Field>(reply: Value) -> Result<Option<(M, f64)>> {
    Ok(scores(reply)?.into_iter().next())
}

/// Whether it was done: OK or nothing.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all readers")]
pub(crate) fn is_some(reply: Value) -> Result<bool> {
    Ok(!matches!(reply, Value::Nil))
}

/// The elements of a list or a set; none of no reply.
pub(crate) fn sequence(reply: Value) -> Result<Vec<Value>> {
    reply.into_sequence().map_err(|reply| misfit::<Vec<Value>>(&reply))
}

/// Pairs, whether they come as a map, as lists of two, or one behind the other.
pub(crate) fn pairs(reply: Value) -> Result<Vec<(Value, Value)>> {
    if let Value::Map(pairs) = reply {
        return Ok(pairs);
    }
    let items = sequence(reply)?;
    if items.iter().all(|item| item.as_sequence().is_some_and(|pair| pair.len() == 2)) {
        return items.into_iter().map(couple).collect();
    }
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(first) = items.next() {
        let second = items.next().ok_or_else(|| misfit::<(Value, Value)>(&Value::Nil))?;
        pairs.push((first, second));
    }
    Ok(pairs)
}

/// A list of two.
fn couple(item: Value) -> Result<(Value, Value)> {
    let mut items = sequence(item)?.into_iter();
    match (items.next(), items.next()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => Err(misfit::<(Value, Value)>(&Value::Nil)),
    }
}

/// The reply is of a kind that the command does not answer with.
pub(crate) fn misfit<T>(reply: &Value) -> Error {
    Error::Reply(redfleet_core::Error::conversion::<T>(reply))
}

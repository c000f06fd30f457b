//! LPUSH, LPOP, LRANGE and what else works at the ends of a list or by index.

mod moves;
mod search;
#[cfg(test)]
mod tests;

use std::ops::Range;

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, Keyspace, List};

pub(super) use moves::{End, count_of, counted_keys, move_item, pop_some};
pub(super) const MOVES: &[Spec] = moves::COMMANDS;
pub(super) const SEARCH: &[Spec] = search::COMMANDS;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("lpush", -3, Keys::FIRST, |call| push(call, End::Left, false)),
    Spec::write("rpush", -3, Keys::FIRST, |call| push(call, End::Right, false)),
    Spec::write("lpushx", -3, Keys::FIRST, |call| push(call, End::Left, true)),
    Spec::write("rpushx", -3, Keys::FIRST, |call| push(call, End::Right, true)),
    Spec::write("lpop", -2, Keys::FIRST, |call| pop(call, End::Left)),
    Spec::write("rpop", -2, Keys::FIRST, |call| pop(call, End::Right)),
    Spec::read("llen", 2, Keys::FIRST, len),
    Spec::read("lrange", 4, Keys::FIRST, range),
    Spec::read("lindex", 3, Keys::FIRST, index),
    Spec::write("lset", 4, Keys::FIRST, set),
    Spec::write("ltrim", 4, Keys::FIRST, trim),
];

const NOT_POSITIVE: Refusal = Refusal::fixed("ERR value is out of range, must be positive");

fn push(call: &mut Call<'_>, end: End, only_if_there: bool) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    if only_if_there && call.keys().read::<List>(key)?.is_none() {
        return Ok(Value::Int(0));
    }
    let list = call.data.keyspace.write_or_new::<List>(key)?;
    for item in call.words.iter().skip(2) {
        end.push(list, Key::from(*item));
    }
    Ok(count(list.len()))
}

fn pop(call: &mut Call<'_>, end: End) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let limit = match call.rest(2) {
        [] => None,
        [_] => Some(size(call.int(2)).ok_or(NOT_POSITIVE)?),
        [_, _, ..] => {
            let name = if end == End::Left { "lpop" } else { "rpop" };
            return Err(Refusal::wrong_arity(name));
        }
    };
    if call.keys().read::<List>(key)?.is_none() {
        return Ok(Value::Nil);
    }
    match limit {
        None => Ok(pop_one(call.keys(), key, end)?.map_or(Value::Nil, bulk)),
        Some(limit) => Ok(items(pop_some(call.keys(), key, end, limit)?)),
    }
}

fn len(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    Ok(count(call.keys().read::<List>(key)?.map_or(0, List::len)))
}

fn range(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, start, stop) = (call.word(1)?, call.int(2)?, call.int(3)?);
    let Some(list) = call.keys().read::<List>(key)? else { return Ok(Value::Array(Vec::new())) };
    Ok(items(list.range(span(start, stop, list.len())).cloned()))
}

fn index(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, index) = (call.word(1)?, call.int(2));
    let Some(list) = call.keys().read::<List>(key)? else { return Ok(Value::Nil) };
    let found = at(index?, list.len()).and_then(|index| list.get(index));
    Ok(found.cloned().map_or(Value::Nil, bulk))
}

fn set(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, index, item) = (call.word(1)?, call.int(2), call.key(3)?);
    let list = call.keys().read::<List>(key)?.ok_or(Refusal::NO_SUCH_KEY)?;
    let index = at(index?, list.len()).ok_or(Refusal::INDEX_OUT_OF_RANGE)?;
    if let Some(list) = call.keys().write::<List>(key)? {
        list.set(index, item);
    }
    Ok(Value::Okay)
}

/// Counts as a change even where nothing goes, as in Redis.
fn trim(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, start, stop) = (call.word(1)?, call.int(2)?, call.int(3)?);
    if let Some(list) = call.keys().write::<List>(key)? {
        list.keep(span(start, stop, list.len()));
        call.keys().drop_if_hollow(key);
    }
    Ok(Value::Okay)
}

/// Takes an item out of a list that is there, and the list away with its last one.
fn pop_one(keys: &mut Keyspace, key: &[u8], end: End) -> Result<Option<Key>, Refusal> {
    let item = keys.write::<List>(key)?.and_then(|list| end.pop(list));
    keys.drop_if_hollow(key);
    Ok(item)
}

/// The indices from `start` to `stop`, both included; those below zero count from the end.
fn span(start: i64, stop: i64, len: usize) -> Range<usize> {
    let from_front = |index: i64| match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let start = from_front(start).unwrap_or(0);
    let end = from_front(stop).map_or(0, |stop| stop.saturating_add(1)).min(len);
    start.min(end)..end
}

/// The place of an index, of which those below zero count from the end.
fn at(index: i64, len: usize) -> Option<usize> {
    let index = match usize::try_from(index) {
        Ok(index) => index,
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
    };
    (index < len).then_some(index)
}

/// A number of which there cannot be fewer than none.
fn size(number: Result<i64, Refusal>) -> Option<usize> {
    usize::try_from(number.ok()?).ok()
}

fn count(len: usize) -> Value {
    Value::Int(i64::try_from(len).unwrap_or(i64::MAX))
}

fn bulk(item: impl AsRef<[u8]>) -> Value {
    Value::BulkString(item.as_ref().to_vec())
}

fn items(items: impl IntoIterator<Item = Key>) -> Value {
    Value::Array(items.into_iter().map(bulk).collect())
}

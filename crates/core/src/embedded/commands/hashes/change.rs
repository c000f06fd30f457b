//! HSET, HDEL, HINCRBY and what else changes fields.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::commands::reply::{count, flag};
use crate::embedded::number::{self, LongDouble};
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Hash, Key};

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Refusal> {
    set_all(call, "hset").map(count)
}

pub(super) fn set_many(call: &mut Call<'_>) -> Result<Value, Refusal> {
    set_all(call, "hmset").map(|_| Value::Okay)
}

/// Sets the fields that follow the key. How many were not there yet.
fn set_all(call: &mut Call<'_>, command: &str) -> Result<usize, Refusal> {
    let (key, pairs) = (call.word(1)?, call.rest(2).chunks_exact(2));
    if !pairs.remainder().is_empty() {
        return Err(Refusal::wrong_arity(command));
    }
    let hash = call.keys().write_or_new::<Hash>(key)?;
    let is_new = |pair: &&[&[u8]]| match pair {
        [name, value] => hash.set(Key::from(*name), Key::from(*value)),
        _ => false,
    };
    Ok(pairs.filter(is_new).count())
}

pub(super) fn set_if_missing(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, name) = (call.word(1)?, call.word(2)?);
    if call.keys().read::<Hash>(key)?.is_some_and(|hash| hash.get(name).is_some()) {
        return Ok(flag(false));
    }
    let value = call.key(3)?;
    Ok(flag(call.keys().write_or_new::<Hash>(key)?.set(name.into(), value)))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, names) = (call.word(1)?, call.rest(2));
    let known = call.keys().read::<Hash>(key)?;
    if !known.is_some_and(|hash| names.iter().any(|name| hash.get(name).is_some())) {
        return Ok(count(0));
    }
    let hash = call.keys().write::<Hash>(key)?;
    let removed = hash.map_or(0, |hash| names.iter().filter(|name| hash.remove(name).is_some()).count());
    call.keys().drop_if_hollow(key);
    Ok(count(removed))
}

pub(super) fn increase(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, name, by) = (call.word(1)?, call.word(2)?, call.int(3)?);
    let before = match call.keys().read::<Hash>(key)?.and_then(|hash| hash.get(name)) {
        Some(value) => number::integer(value).ok_or(Refusal::fixed("ERR hash value is not an integer"))?,
        None => 0,
    };
    let sum = before.checked_add(by).ok_or(Refusal::OVERFLOW)?;
    let text = sum.to_string().into_bytes();
    call.keys().write_or_new::<Hash>(key)?.set_value(name.into(), text.into());
    Ok(Value::Int(sum))
}

pub(super) fn increase_float(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, name) = (call.word(1)?, call.word(2)?);
    let by = LongDouble::read(call.word(3)?).ok_or(Refusal::NO_FLOAT)?;
    if !by.is_finite() {
        return Err(Refusal::fixed("ERR value is NaN or Infinity"));
    }
    let before = match call.keys().read::<Hash>(key)?.and_then(|hash| hash.get(name)) {
        Some(value) => LongDouble::read(value),
        None => LongDouble::read(b"0"),
    };
    let before = before.ok_or(Refusal::fixed("ERR hash value is not a float"))?;
    let sum = before.plus(by).ok_or(Refusal::fixed("ERR increment would produce NaN or Infinity"))?;
    let text = sum.text().into_bytes();
    call.keys().write_or_new::<Hash>(key)?.set_value(name.into(), text.as_slice().into());
    Ok(Value::BulkString(text))
}

//! INCR and its kind: a string that is a number.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::number::{self, LongDouble};
use crate::embedded::refusal::Refusal;

pub(super) fn incr(call: &mut Call<'_>) -> Result<Value, Refusal> {
    add(call, 1)
}

pub(super) fn decr(call: &mut Call<'_>) -> Result<Value, Refusal> {
    add(call, -1)
}

pub(super) fn incrby(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let by = call.int(2)?;
    add(call, by)
}

pub(super) fn decrby(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let by = call.int(2)?.checked_neg().ok_or(Refusal::fixed("ERR decrement would overflow"))?;
    add(call, by)
}

fn add(call: &mut Call<'_>, by: i64) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let before = match call.keys().read::<Vec<u8>>(key)? {
        Some(value) => number::integer(value).ok_or(Refusal::NO_INTEGER)?,
        None => 0,
    };
    let sum = before.checked_add(by).ok_or(Refusal::OVERFLOW)?;
    *call.keys().write_or_new::<Vec<u8>>(key)? = sum.to_string().into_bytes();
    Ok(Value::Int(sum))
}

pub(super) fn incrbyfloat(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, by) = (call.word(1)?, call.word(2)?);
    let before = match call.keys().read::<Vec<u8>>(key)? {
        Some(value) => LongDouble::read(value),
        None => LongDouble::read(b"0"),
    };
    let (before, by) = before.zip(LongDouble::read(by)).ok_or(Refusal::NO_FLOAT)?;
    let sum = before.plus(by).ok_or(Refusal::fixed("ERR increment would produce NaN or Infinity"))?;
    let text = sum.text().into_bytes();
    call.keys().write_or_new::<Vec<u8>>(key)?.clone_from(&text);
    Ok(Value::BulkString(text))
}

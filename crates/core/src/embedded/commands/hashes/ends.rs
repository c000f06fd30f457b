//! HEXPIRE, HTTL, HPERSIST and their variants: how long a field lives.

use redis::Value;

use super::fields::{self, NOT_ABOVE_ZERO, NOT_POSITIVE};
use crate::embedded::call::Call;
use crate::embedded::commands::expiry::{Conditions, From, Unit, invalid_time, unix_ms};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Field, Hash};

/// The latest time at which a field can expire: Redis keeps these in 46 bits.
const END_MAX_MS: i64 = (1 << 46) - 1;

/// There is no such field.
const MISSING: i64 = -2;
/// The field has no end.
const IMMORTAL: i64 = -1;
/// The conditions were not met.
const REFUSED: i64 = 0;
const DONE: i64 = 1;
/// The time was past, so the field is gone.
const DELETED: i64 = 2;

/// When a field ends whose life a word says, by unix time in milliseconds.
pub(super) fn end(
    word: &[u8],
    from: From,
    unit: Unit,
    now_ms: i64,
    command: impl FnOnce() -> String,
) -> Result<i64, Refusal> {
    let count = number::integer(word).ok_or(Refusal::NO_INTEGER)?;
    if count < 0 {
        return Err(Refusal::fixed("ERR invalid expire time, must be >= 0"));
    }
    let end = unix_ms(count, from, unit, now_ms).filter(|end| *end <= END_MAX_MS);
    end.ok_or_else(|| invalid_time(&command()))
}

/// Gives a field that is there this end. Whether it is still there: a time that is past removes it.
pub(super) fn set_end(hash: &mut Hash, name: &[u8], end: i64, now_ms: i64) -> bool {
    if end <= now_ms {
        hash.remove(name);
        return false;
    }
    hash.set_expiry(name, Some(end));
    true
}

pub(super) fn expire(call: &mut Call<'_>, from: From, unit: Unit) -> Result<Value, Refusal> {
    let (key, now_ms) = (call.word(1)?, call.now_ms());
    call.keys().read::<Hash>(key)?;
    let command = call.word(0)?.to_ascii_lowercase();
    let end = end(call.word(2)?, from, unit, now_ms, || String::from_utf8_lossy(&command).into_owned())?;
    let (condition, words) = if call.is(3, "FIELDS") { (&[][..], call.rest(3)) } else { split(call.rest(3)) };
    let conditions = Conditions::read(condition).map_err(|_| fields::missing())?;
    let names = fields::read(words, NOT_ABOVE_ZERO)?;
    let Some(known) = call.keys().read::<Hash>(key)? else { return Ok(all(names, |_| MISSING)) };
    let is_allowed = |field: &Field| conditions.allow(field.expires_at, end);
    if !names.iter().any(|name| known.field(name).is_some_and(is_allowed)) {
        return Ok(all(names, |name| if known.field(name).is_some() { REFUSED } else { MISSING }));
    }
    let Some(hash) = call.keys().write::<Hash>(key)? else { return Ok(Value::Nil) };
    let told = all(names, |name| match hash.field(name).map(is_allowed) {
        None => MISSING,
        Some(false) => REFUSED,
        Some(true) if set_end(hash, name, end, now_ms) => DONE,
        Some(true) => DELETED,
    });
    call.keys().expect_fields(key, Some(end));
    call.keys().drop_if_hollow(key);
    Ok(told)
}

/// The first word, and those behind it.
fn split<'w, 'a>(words: &'w [&'a [u8]]) -> (&'w [&'a [u8]], &'w [&'a [u8]]) {
    words.split_at_checked(1).unwrap_or_default()
}

pub(super) fn left(call: &mut Call<'_>, from: From, unit: Unit) -> Result<Value, Refusal> {
    let (key, words, now_ms) = (call.word(1)?, call.rest(2), call.now_ms());
    let hash = call.keys().read::<Hash>(key)?;
    let names = fields::read(words, NOT_POSITIVE)?;
    let told = |name: &[u8]| match hash.and_then(|hash| hash.field(name)).map(|field| field.expires_at) {
        None => MISSING,
        Some(None) => IMMORTAL,
        Some(Some(at)) => {
            let ms = match from {
                From::Now => at.saturating_sub(now_ms),
                From::Epoch => at,
            };
            match unit {
                // Rounded up, unlike the life of a key.
                Unit::Seconds => ms.saturating_add(999) / 1000,
                Unit::Milliseconds => ms,
            }
        }
    };
    Ok(all(names, told))
}

pub(super) fn persist(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, words) = (call.word(1)?, call.rest(2));
    let known = call.keys().read::<Hash>(key)?;
    let is_mortal = |name: &&[u8]| known?.field(name)?.expires_at;
    let names = fields::read(words, NOT_POSITIVE)?;
    if !names.iter().any(|name| is_mortal(name).is_some()) {
        let is_there = |name: &[u8]| known.is_some_and(|hash| hash.field(name).is_some());
        return Ok(all(names, |name| if is_there(name) { IMMORTAL } else { MISSING }));
    }
    let Some(hash) = call.keys().write::<Hash>(key)? else { return Ok(Value::Nil) };
    Ok(all(names, |name| match hash.field(name).map(|field| field.expires_at) {
        None => MISSING,
        Some(None) => IMMORTAL,
        Some(Some(_)) => {
            hash.set_expiry(name, None);
            DONE
        }
    }))
}

/// One number a field.
fn all(names: &[&[u8]], told: impl FnMut(&[u8]) -> i64) -> Value {
    let mut told = told;
    Value::Array(names.iter().map(|name| Value::Int(told(name))).collect())
}

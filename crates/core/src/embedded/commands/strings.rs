//! Strings: GET, SET and what else works on a value as a sequence of bytes, or as a number.

mod count;
mod lcs;
mod many;
mod range;
mod set;
#[cfg(test)]
mod tests;

use redis::Value;

use super::life::Life;
use super::{bulk, integer};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::Stored;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("append", 3, Keys::FIRST, append),
    Spec::write("decr", 2, Keys::FIRST, count::decr),
    Spec::write("decrby", 3, Keys::FIRST, count::decrby),
    Spec::read("get", 2, Keys::FIRST, get),
    Spec::write("getdel", 2, Keys::FIRST, getdel),
    Spec::write("getex", -2, Keys::FIRST, getex),
    Spec::read("getrange", 4, Keys::FIRST, range::getrange),
    Spec::write("getset", 3, Keys::FIRST, getset),
    Spec::write("incr", 2, Keys::FIRST, count::incr),
    Spec::write("incrby", 3, Keys::FIRST, count::incrby),
    Spec::write("incrbyfloat", 3, Keys::FIRST, count::incrbyfloat),
    Spec::read("lcs", -3, Keys::FIRST_TWO, lcs::lcs),
    Spec::read("mget", -2, Keys::ALL, many::mget),
    Spec::write("mset", -3, many::PAIRS, many::mset),
    Spec::write("msetnx", -3, many::PAIRS, many::msetnx),
    Spec::write("psetex", 4, Keys::FIRST, set::psetex),
    Spec::write("set", -3, Keys::FIRST, set::set),
    Spec::write("setex", 4, Keys::FIRST, set::setex),
    Spec::write("setnx", 3, Keys::FIRST, set::setnx),
    Spec::write("setrange", 4, Keys::FIRST, range::setrange),
    Spec::read("strlen", 2, Keys::FIRST, strlen),
    Spec::read("substr", 4, Keys::FIRST, range::getrange),
];

/// The longest string: `proto-max-bulk-len` as it is by default.
pub(super) const STRING_MAX_BYTES: usize = 512 * 1024 * 1024;

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    value(call, key)
}

fn strlen(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    Ok(integer(call.keys().read::<Vec<u8>>(key)?.map_or(0, Vec::len)))
}

fn getset(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, new) = (call.key(1)?, call.word(2)?.to_vec());
    let before = value(call, &key)?;
    call.keys().set(key, Stored::String(new), None);
    Ok(before)
}

fn getdel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let before = value(call, key)?;
    call.keys().remove(key);
    Ok(before)
}

fn getex(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, now_ms) = (call.word(1)?, call.now_ms());
    let (mut life, mut words) = (Life::Unsaid, call.rest(2));
    while !words.is_empty() {
        (life, words) = life.option(words, "PERSIST", Life::Persist).ok_or(Refusal::SYNTAX)?;
    }
    let value = value(call, key)?;
    let Some(before) = call.keys().entry(key).map(|entry| entry.expires_at) else { return Ok(value) };
    let end = life.end(now_ms, "getex")?;
    if end.is_some() || (life == Life::Persist && before.is_some()) {
        call.keys().set_expiry(key, end);
    }
    Ok(value)
}

fn append(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, more) = (call.word(1)?, call.word(2)?);
    let before = call.keys().read::<Vec<u8>>(key)?.map_or(0, Vec::len);
    check_len(before, more.len())?;
    let value = call.keys().write_or_new::<Vec<u8>>(key)?;
    value.extend_from_slice(more);
    Ok(integer(value.len()))
}

/// The value of a key as a reply.
fn value(call: &mut Call<'_>, key: &[u8]) -> Result<Value, Refusal> {
    Ok(call.keys().read::<Vec<u8>>(key)?.map_or(Value::Nil, bulk))
}

/// Whether there may be `more` bytes behind the first `before`.
fn check_len(before: usize, more: usize) -> Result<(), Refusal> {
    match before.checked_add(more) {
        Some(sum) if sum <= STRING_MAX_BYTES => Ok(()),
        Some(_) | None => Err(Refusal::TOO_LONG),
    }
}

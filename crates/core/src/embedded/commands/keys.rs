//! DEL, EXISTS, RENAME, COPY and what else concerns keys whatever they hold.

#[cfg(test)]
mod tests;

use redis::Value;

use super::databases;
use crate::embedded::call::Call;
use crate::embedded::glob;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::Key;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("copy", -3, Keys::FIRST_TWO, copy),
    Spec::write("del", -2, Keys::ALL, delete),
    Spec::read("exists", -2, Keys::ALL, exists),
    Spec::read("keys", 2, Keys::None, keys),
    Spec::write("move", 3, Keys::FIRST, move_away),
    Spec::read("randomkey", 1, Keys::None, random_key),
    Spec::write("rename", 3, Keys::FIRST_TWO, rename),
    Spec::write("renamenx", 3, Keys::FIRST_TWO, rename_if_free),
    Spec::read("touch", -2, Keys::ALL, touch),
    Spec::read("type", 2, Keys::FIRST, type_of),
    Spec::write("unlink", -2, Keys::ALL, delete),
];

const SAME_KEY: Refusal = Refusal::fixed("ERR source and destination objects are the same");

/// How many of the keys `is_one` is true of, those that are named twice counted twice.
fn count(call: &mut Call<'_>, mut is_one: impl FnMut(&mut Call<'_>, &[u8]) -> bool) -> Value {
    let keys = call.rest(1).iter();
    super::integer(keys.filter(|key| is_one(call, key)).count())
}

fn delete(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(count(call, |call, key| call.keys().remove(key).is_some()))
}

fn exists(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(count(call, |call, key| call.keys().contains(key)))
}

fn touch(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(count(call, |call, key| {
        call.keys().mark_used(key);
        call.keys().contains(key)
    }))
}

fn type_of(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let name = call.keys().entry(key).map_or("none", |entry| entry.value.type_name());
    Ok(Value::SimpleString(name.into()))
}

fn keys(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let pattern = call.word(1)?;
    let all = call.keys().iter().map(|(key, _)| key);
    let found = all.filter(|key| pattern == b"*" || glob::matches(pattern, key));
    Ok(Value::Array(found.map(super::bulk).collect()))
}

fn random_key(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let len = call.keys().len();
    if len == 0 {
        return Ok(Value::Nil);
    }
    let place = call.data.random.usize(..len);
    Ok(call.keys().nth(place).map_or(Value::Nil, super::bulk))
}

fn rename(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = (call.key(1)?, call.key(2)?);
    if !call.keys().contains(&from) {
        return Err(Refusal::NO_SUCH_KEY);
    }
    carry(call, &from, to);
    Ok(Value::Okay)
}

fn rename_if_free(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = (call.key(1)?, call.key(2)?);
    if !call.keys().contains(&from) {
        return Err(Refusal::NO_SUCH_KEY);
    }
    let is_free = !call.keys().contains(&to);
    if is_free {
        carry(call, &from, to);
    }
    Ok(Value::Int(is_free.into()))
}

/// Gives what `from` holds to `to`, with what is left of its life. To itself it changes nothing.
fn carry(call: &mut Call<'_>, from: &Key, to: Key) {
    if *from == to {
        return;
    }
    if let Some(entry) = call.keys().remove(from) {
        // It is a new key: those who wait for such a value are served.
        call.keys().remove(&to);
        call.keys().set(to, entry.value, entry.expires_at);
    }
}

fn copy(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (mut is_replacing, mut at) = (false, 3);
    while at < call.words.len() {
        if call.is(at, "REPLACE") {
            is_replacing = true;
        } else if call.is(at, "DB") && at + 1 < call.words.len() {
            at += 1;
            databases::index(call.word(at)?)?;
        } else {
            return Err(Refusal::SYNTAX);
        }
        at += 1;
    }
    let (from, to) = (call.word(1)?, call.key(2)?);
    if *from == *to {
        return Err(SAME_KEY);
    }
    call.keys().mark_used(from);
    let Some(entry) = call.keys().entry(from).cloned() else { return Ok(Value::Int(0)) };
    if call.keys().contains(&to) && !is_replacing {
        return Ok(Value::Int(0));
    }
    call.keys().remove(&to);
    call.keys().set(to, entry.value, entry.expires_at);
    Ok(Value::Int(1))
}

/// There is no other database that it could be moved to.
fn move_away(call: &mut Call<'_>) -> Result<Value, Refusal> {
    databases::index(call.word(2)?)?;
    Err(SAME_KEY)
}

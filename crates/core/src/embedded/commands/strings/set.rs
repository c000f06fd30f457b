//! SET with its options, and the older commands that are SET with one of them.

use redis::Value;

use super::{Life, value};
use crate::embedded::call::Call;
use crate::embedded::commands::expiry::{From, Unit};
use crate::embedded::refusal::Refusal;
use crate::embedded::store::Stored;

/// What a key must be, so that it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Missing,
    There,
}

/// How a key is to be set.
#[derive(Debug)]
struct Options<'a> {
    only: Option<Only>,
    wants_old: bool,
    life: Life<'a>,
}

impl<'a> Options<'a> {
    fn read(mut words: &[&'a [u8]]) -> Result<Self, Refusal> {
        let mut options = Self { only: None, wants_old: false, life: Life::Unsaid };
        while let Some((word, rest)) = words.split_first() {
            let only = match () {
                () if word.eq_ignore_ascii_case(b"NX") => Some(Only::Missing),
                () if word.eq_ignore_ascii_case(b"XX") => Some(Only::There),
                () => None,
            };
            if only.is_some() && (options.only.is_none() || options.only == only) {
                (options.only, words) = (only, rest);
            } else if word.eq_ignore_ascii_case(b"GET") {
                (options.wants_old, words) = (true, rest);
            } else {
                let read = options.life.option(words, "KEEPTTL", Life::Keep);
                (options.life, words) = read.ok_or(Refusal::SYNTAX)?;
            }
        }
        Ok(options)
    }
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let options = Options::read(call.rest(3))?;
    let end = options.life.end(call.now_ms(), "set")?;
    let old = if options.wants_old { value(call, key)? } else { Value::Nil };
    let is_there = call.keys().contains(key);
    if options.only.is_some_and(|only| is_there != (only == Only::There)) {
        return Ok(old);
    }
    let end = match options.life {
        Life::Keep => call.keys().entry(key).and_then(|entry| entry.expires_at),
        Life::Unsaid | Life::Persist | Life::Until { .. } => end,
    };
    put(call, 2, end)?;
    Ok(if options.wants_old { old } else { Value::Okay })
}

pub(super) fn setnx(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    if call.keys().contains(key) {
        return Ok(Value::Int(0));
    }
    put(call, 2, None)?;
    Ok(Value::Int(1))
}

pub(super) fn setex(call: &mut Call<'_>) -> Result<Value, Refusal> {
    set_until(call, "setex", Unit::Seconds)
}

pub(super) fn psetex(call: &mut Call<'_>) -> Result<Value, Refusal> {
    set_until(call, "psetex", Unit::Milliseconds)
}

fn set_until(call: &mut Call<'_>, command: &str, unit: Unit) -> Result<Value, Refusal> {
    let end = Life::Until { count: call.word(2)?, unit, from: From::Now }.end(call.now_ms(), command)?;
    put(call, 3, end)?;
    Ok(Value::Okay)
}

/// Sets the key to the word at `index`.
fn put(call: &mut Call<'_>, index: usize, end: Option<i64>) -> Result<(), Refusal> {
    let (key, value) = (call.key(1)?, call.word(index)?.to_vec());
    call.keys().set(key, Stored::String(value), end);
    Ok(())
}

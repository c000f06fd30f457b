//! HGETDEL, HGETEX and HSETEX: values and lives of fields at once.

use redis::Value;

use super::ends::{end, set_end};
use super::fields::{self, NOT_POSITIVE};
use crate::embedded::call::Call;
use crate::embedded::commands::life::Life;
use crate::embedded::commands::reply::{bulk_or_nil, flag};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Hash, Key};

pub(super) fn get_and_delete(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    call.keys().read::<Hash>(key)?;
    let names = fields::read(call.rest(2), NOT_POSITIVE)?;
    let told = values(call, names)?;
    if told.iter().any(|value| *value != Value::Nil)
        && let Some(hash) = call.keys().write::<Hash>(key)?
    {
        // A field that is named twice is gone the second time.
        let told = names.iter().map(|name| bulk_or_nil(hash.remove(name))).collect();
        call.keys().drop_if_hollow(key);
        return Ok(Value::Array(told));
    }
    Ok(Value::Array(told))
}

pub(super) fn get_and_set_life(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, now_ms) = (call.word(1)?, call.now_ms());
    call.keys().read::<Hash>(key)?;
    let option = Life::Unsaid.option(call.rest(2), "PERSIST", Life::Persist);
    let (life, words) = option.unwrap_or_else(|| (Life::Unsaid, call.rest(2)));
    let end = end_of(life, now_ms, "hgetex")?;
    let names = fields::read(words, NOT_POSITIVE)?;
    let told = values(call, names)?;
    if life == Life::Unsaid || told.iter().all(|value| *value == Value::Nil) {
        return Ok(Value::Array(told));
    }
    let is_mortal = |hash: &Hash, name| hash.field(name).is_some_and(|field| field.expires_at.is_some());
    let known = call.keys().read::<Hash>(key)?;
    if end.is_none() && !names.iter().any(|name| known.is_some_and(|hash| is_mortal(hash, name))) {
        return Ok(Value::Array(told));
    }
    let Some(hash) = call.keys().write::<Hash>(key)? else { return Ok(Value::Array(told)) };
    let mut told = Vec::with_capacity(names.len());
    for name in names {
        told.push(bulk_or_nil(hash.get(name)));
        match end {
            None => hash.set_expiry(name, None),
            Some(end) => {
                set_end(hash, name, end, now_ms);
            }
        }
    }
    call.keys().expect_fields(key, end);
    call.keys().drop_if_hollow(key);
    Ok(Value::Array(told))
}

/// The values of these fields.
fn values(call: &mut Call<'_>, names: &[&[u8]]) -> Result<Vec<Value>, Refusal> {
    let key = call.word(1)?;
    let hash = call.keys().read::<Hash>(key)?;
    Ok(names.iter().map(|name| bulk_or_nil(hash.and_then(|hash| hash.get(name)))).collect())
}

/// When a life ends, if an end is said.
fn end_of(life: Life<'_>, now_ms: i64, command: &str) -> Result<Option<i64>, Refusal> {
    match life {
        Life::Unsaid | Life::Keep | Life::Persist => Ok(None),
        Life::Until { count, unit, from } => end(count, from, unit, now_ms, || command.to_owned()).map(Some),
    }
}

/// What all fields must be, so that any is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Missing,
    There,
}

/// What HSETEX is to do.
#[derive(Debug)]
struct Order<'w, 'a> {
    only: Option<Only>,
    life: Life<'a>,
    end: Option<i64>,
    /// Names and values by turns.
    pairs: &'w [&'a [u8]],
}

impl<'w, 'a> Order<'w, 'a> {
    fn read(mut words: &'w [&'a [u8]], now_ms: i64) -> Result<Self, Refusal> {
        let mut order = Self { only: None, life: Life::Unsaid, end: None, pairs: &[] };
        while let Some((word, rest)) = words.split_first() {
            let only = match () {
                () if word.eq_ignore_ascii_case(b"FNX") => Some(Only::Missing),
                () if word.eq_ignore_ascii_case(b"FXX") => Some(Only::There),
                () => None,
            };
            if word.eq_ignore_ascii_case(b"FIELDS") {
                order.pairs = pairs(rest)?;
                return Ok(order);
            }
            if only.is_some() {
                if order.only.is_some() {
                    return Err(Refusal::fixed("ERR Only one of FXX or FNX arguments can be specified"));
                }
                (order.only, words) = (only, rest);
                continue;
            }
            let Some((life, rest)) = Life::Unsaid.option(words, "KEEPTTL", Life::Keep) else {
                return Err(unreadable(word, rest, order.life));
            };
            if order.life != Life::Unsaid {
                return Err(second_life());
            }
            (order.end, order.life, words) = (end_of(life, now_ms, "hsetex")?, life, rest);
        }
        Err(Refusal::wrong_arity("hsetex"))
    }
}

/// The refusal of an option that could not be read: one that is not known, or a time without a number.
fn unreadable(word: &[u8], rest: &[&[u8]], life: Life<'_>) -> Refusal {
    let is_time = Life::Unsaid.option(&[word, b"0"], "KEEPTTL", Life::Keep).is_some();
    match is_time && rest.is_empty() {
        true if life != Life::Unsaid => second_life(),
        true => Refusal::wrong_arity("hsetex"),
        false => Refusal::new(format!("ERR unknown argument: {}", Refusal::shown(word))),
    }
}

fn second_life() -> Refusal {
    Refusal::fixed("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
}

/// The names and values behind FIELDS, of which the first word tells the number.
fn pairs<'w, 'a>(words: &'w [&'a [u8]]) -> Result<&'w [&'a [u8]], Refusal> {
    let [number, pairs @ ..] = words else { return Err(Refusal::wrong_arity("hsetex")) };
    if pairs.len() < 2 {
        return Err(Refusal::wrong_arity("hsetex"));
    }
    let number = number::integer(number).and_then(|number| i32::try_from(number).ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or(Refusal::fixed("ERR invalid number of fields"))?;
    let is_right = usize::try_from(i64::from(number) * 2) == Ok(pairs.len());
    if is_right { Ok(pairs) } else { Err(Refusal::wrong_arity("hsetex")) }
}

pub(super) fn set_with_life(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, now_ms) = (call.word(1)?, call.now_ms());
    let Order { only, life, end, pairs } = Order::read(call.rest(2), now_ms)?;
    let hash = call.keys().read::<Hash>(key)?;
    let is_there = |name: &[u8]| hash.is_some_and(|hash| hash.get(name).is_some());
    let mut names = pairs.iter().step_by(2);
    if only.is_some_and(|only| names.any(|name| is_there(name) != (only == Only::There))) {
        return Ok(flag(false));
    }
    let hash = call.keys().write_or_new::<Hash>(key)?;
    for pair in pairs.chunks_exact(2) {
        let [name, value] = *pair else { continue };
        let value = Key::from(value);
        if life == Life::Keep {
            hash.set_value(name.into(), value);
        } else {
            hash.set(name.into(), value);
        }
        if let Some(end) = end {
            set_end(hash, name, end, now_ms);
        }
    }
    call.keys().expect_fields(key, end);
    call.keys().drop_if_hollow(key);
    Ok(flag(true))
}

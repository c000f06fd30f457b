//! BLPOP, BLMOVE, BLMPOP, BZPOPMIN and what else waits until there is something to take.

#[cfg(test)]
mod tests;

use std::time::Duration;

use redis::Value;

use super::lists::{End, count_of, counted_keys, move_item, pop_some};
use super::reply::{bulk, bulks};
use super::sorted_sets::pop;
use crate::embedded::call::{Call, Need, Wait};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, List};

const ALL_BUT_LAST: Keys = Keys::Range { first: 1, last: -2, step: 1 };
const COUNTED: Keys = Keys::Counted { count: 2, also: None };

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("blpop", -3, ALL_BUT_LAST, |call| pop_item(call, End::Left)),
    Spec::write("brpop", -3, ALL_BUT_LAST, |call| pop_item(call, End::Right)),
    Spec::write("blmpop", -5, COUNTED, pop_many),
    Spec::write("blmove", 6, Keys::FIRST_TWO, lmove),
    Spec::write("brpoplpush", 4, Keys::FIRST_TWO, rpoplpush),
    Spec::write("bzpopmin", -3, ALL_BUT_LAST, |call| pop_scored(call, pop::End::Min)),
    Spec::write("bzpopmax", -3, ALL_BUT_LAST, |call| pop_scored(call, pop::End::Max)),
    Spec::write("bzmpop", -5, COUNTED, pop_many_scored),
];

/// Nothing is there, so the command waits until one of the keys is what it needs.
pub(super) fn wait(call: &mut Call<'_>, needs: Need, keys: &[&[u8]], until: Option<i64>) -> Value {
    let keys = keys.iter().map(|key| Key::from(*key)).collect();
    call.wait = Some(Wait { needs, keys, until, again: None });
    Value::Nil
}

fn pop_item(call: &mut Call<'_>, end: End) -> Result<Value, Refusal> {
    let (keys, until) = keys_and_limit(call)?;
    for key in keys {
        if call.keys().read::<List>(key)?.is_some() {
            let popped = pop_some(call.keys(), key, end, 1)?;
            return Ok(bulks([Key::from(*key)].into_iter().chain(popped)));
        }
    }
    Ok(wait(call, Need::List, keys, until))
}

fn pop_many(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (keys, after) = counted_keys(call, 2)?;
    let end = End::read(call.word(after)?)?;
    let limit = count_of(call, after + 1)?;
    let until = until(call, 1)?;
    for key in keys {
        if call.keys().read::<List>(key)?.is_some() {
            let popped = bulks(pop_some(call.keys(), key, end, limit)?);
            return Ok(Value::Array(vec![bulk(key), popped]));
        }
    }
    Ok(wait(call, Need::List, keys, until))
}

fn lmove(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = (End::read(call.word(3)?)?, End::read(call.word(4)?)?);
    move_or_wait(call, from, to, 5)
}

fn rpoplpush(call: &mut Call<'_>) -> Result<Value, Refusal> {
    move_or_wait(call, End::Right, End::Left, 3)
}

fn move_or_wait(call: &mut Call<'_>, from: End, to: End, limit_at: usize) -> Result<Value, Refusal> {
    let (source, until) = (call.word(1)?, until(call, limit_at)?);
    match move_item(call, from, to)? {
        Some(moved) => Ok(moved),
        None => Ok(wait(call, Need::List, &[source], until)),
    }
}

fn pop_scored(call: &mut Call<'_>, end: pop::End) -> Result<Value, Refusal> {
    let (keys, until) = keys_and_limit(call)?;
    for key in keys {
        if let Some((member, score)) = pop::take(call, key, end, 1)?.pop() {
            return Ok(Value::Array(vec![bulk(key), bulk(member), Value::Double(score)]));
        }
    }
    Ok(wait(call, Need::SortedSet, keys, until))
}

fn pop_many_scored(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let wanted = pop::wanted(call, 2)?;
    let until = until(call, 1)?;
    let taken = pop::take_first(call, wanted)?;
    let is_there = taken != Value::Nil;
    Ok(if is_there { taken } else { wait(call, Need::SortedSet, wanted.keys, until) })
}

/// The keys of a command whose last word is its limit.
fn keys_and_limit<'a>(call: &Call<'a>) -> Result<(&'a [&'a [u8]], Option<i64>), Refusal> {
    let last = call.words.len().saturating_sub(1);
    Ok((call.words.get(1..last).unwrap_or_default(), until(call, last)?))
}

/// Until when a command waits whose word at `index` says how many seconds; for ever, if it says none.
fn until(call: &Call<'_>, index: usize) -> Result<Option<i64>, Refusal> {
    const NO_NUMBER: Refusal = Refusal::fixed("ERR timeout is not a float or out of range");
    let word = call.word(index)?;
    let Some(seconds) = number::double(word) else {
        // Redis reads a longer number here.
        let is_beyond = number::LongDouble::read(word).is_some();
        return Err(if !is_beyond {
            NO_NUMBER
        } else if word.starts_with(b"-") {
            NEGATIVE
        } else {
            TOO_LONG
        });
    };
    // What is closer to none than a millisecond is none from below, and one from above.
    if (seconds * 1000.0).ceil() < 0.0 {
        return Err(NEGATIVE);
    }
    if seconds <= 0.0 {
        return Ok(None);
    }
    let limit = Duration::try_from_secs_f64(seconds).map_err(|_| TOO_LONG)?;
    let limit_ms = i64::try_from(limit.as_nanos().div_ceil(1_000_000).max(1)).map_err(|_| TOO_LONG)?;
    call.now_ms().checked_add(limit_ms).map(Some).ok_or(TOO_LONG)
}

const NEGATIVE: Refusal = Refusal::fixed("ERR timeout is negative");
const TOO_LONG: Refusal = Refusal::fixed("ERR timeout is out of range");

/// The same, for a number of milliseconds.
pub(super) fn until_ms(call: &Call<'_>, index: usize) -> Result<Option<i64>, Refusal> {
    const NO_NUMBER: Refusal = Refusal::fixed("ERR timeout is not an integer or out of range");
    let limit_ms = call.int(index).map_err(|_| NO_NUMBER)?;
    if limit_ms < 0 {
        return Err(NEGATIVE);
    }
    if limit_ms == 0 {
        return Ok(None);
    }
    call.now_ms().checked_add(limit_ms).map(Some).ok_or(TOO_LONG)
}

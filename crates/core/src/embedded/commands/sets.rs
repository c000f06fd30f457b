//! Sets, one at a time.

mod algebra;
#[cfg(test)]
mod tests;

use redis::Value;

use super::reply::{bulk, bulk_or_nil, bulks, count, flag};
use super::scan::{self, Over, Walk};
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, Set};

pub(super) use algebra::COMMANDS as ALGEBRA;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("sadd", -3, Keys::FIRST, add),
    Spec::read("scard", 2, Keys::FIRST, cardinality),
    Spec::read("sismember", 3, Keys::FIRST, is_member),
    Spec::read("smembers", 2, Keys::FIRST, members),
    Spec::read("smismember", -3, Keys::FIRST, are_members),
    Spec::write("smove", 4, Keys::FIRST_TWO, move_member),
    Spec::write("spop", -2, Keys::FIRST, pop),
    Spec::read("srandmember", -2, Keys::FIRST, random_member),
    Spec::write("srem", -3, Keys::FIRST, remove),
    Spec::read("sscan", -3, Keys::FIRST, scan_members),
];

fn add(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, members) = (call.word(1)?, call.rest(2));
    let known = call.keys().read::<Set>(key)?;
    let is_new = |member: &[u8]| known.is_none_or(|set| !set.contains(member));
    if !members.iter().any(|member| is_new(member)) {
        return Ok(count(0));
    }
    let set = call.keys().write_or_new::<Set>(key)?;
    Ok(count(members.iter().filter(|member| set.insert(Key::from(**member))).count()))
}

fn remove(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, members) = (call.word(1)?, call.rest(2));
    let known = call.keys().read::<Set>(key)?;
    if !known.is_some_and(|set| members.iter().any(|member| set.contains(member))) {
        return Ok(count(0));
    }
    let set = call.keys().write::<Set>(key)?;
    let removed = set.map_or(0, |set| members.iter().filter(|member| set.remove(member)).count());
    call.keys().drop_if_hollow(key);
    Ok(count(removed))
}

fn cardinality(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    Ok(count(call.keys().read::<Set>(key)?.map_or(0, Set::len)))
}

fn is_member(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, member) = (call.word(1)?, call.word(2)?);
    Ok(flag(call.keys().read::<Set>(key)?.is_some_and(|set| set.contains(member))))
}

fn are_members(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, members) = (call.word(1)?, call.rest(2));
    let set = call.keys().read::<Set>(key)?;
    let told = members.iter().map(|member| flag(set.is_some_and(|set| set.contains(member))));
    Ok(Value::Array(told.collect()))
}

fn members(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let set = call.keys().read::<Set>(key)?;
    Ok(Value::Set(set.into_iter().flat_map(Set::iter).map(bulk).collect()))
}

fn move_member(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to, member) = (call.word(1)?, call.word(2)?, call.word(3)?);
    if !call.keys().contains(from) {
        return Ok(flag(false));
    }
    let has = call.keys().read::<Set>(from)?.is_some_and(|set| set.contains(member));
    let target_has = call.keys().read::<Set>(to)?.is_some_and(|set| set.contains(member));
    if !has || from == to {
        return Ok(flag(has));
    }
    if let Some(set) = call.keys().write::<Set>(from)? {
        set.remove(member);
    }
    call.keys().drop_if_hollow(from);
    if !target_has {
        call.keys().write_or_new::<Set>(to)?.insert(member.into());
    }
    Ok(flag(true))
}

fn pop(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let wanted = match call.rest(2) {
        [] => None,
        [wanted] => Some(
            number::integer(wanted)
                .and_then(|wanted| usize::try_from(wanted).ok())
                .ok_or_else(out_of_range)?,
        ),
        [_, _, ..] => return Err(Refusal::SYNTAX),
    };
    let len = call.keys().read::<Set>(key)?.map_or(0, Set::len);
    let mut popped = Vec::new();
    for left in (1..=len).rev().take(wanted.unwrap_or(1)) {
        let place = call.data.random.usize(..left);
        let member = call.keys().read::<Set>(key)?.and_then(|set| set.nth(place)).cloned();
        if let Some(member) = member
            && let Some(set) = call.keys().write::<Set>(key)?
        {
            set.remove(&member);
            popped.push(member);
        }
    }
    call.keys().drop_if_hollow(key);
    Ok(match wanted {
        None => bulk_or_nil(popped.pop()),
        Some(_) => Value::Set(popped.into_iter().map(bulk).collect()),
    })
}

fn out_of_range() -> Refusal {
    Refusal::fixed("ERR value is out of range, must be positive")
}

/// One member; or so many different ones; or, for a number below zero, so many that may be the same.
fn random_member(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let wanted = match call.rest(2) {
        [] => None,
        [_] => Some(call.int(2)?),
        [_, _, ..] => return Err(Refusal::SYNTAX),
    };
    if wanted.is_some_and(|wanted| wanted == i64::MIN) {
        return Err(super::random::FARTHER_THAN_ANY);
    }
    let len = call.keys().read::<Set>(key)?.map_or(0, Set::len);
    let places = super::random::places(&mut call.data.random, len, wanted.unwrap_or(1))?;
    let set = call.keys().read::<Set>(key)?;
    let mut chosen = places.into_iter().filter_map(|place| set?.nth(place));
    Ok(match wanted {
        None => bulk_or_nil(chosen.next()),
        Some(_) => bulks(chosen),
    })
}

fn scan_members(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let Some(walk) = Walk::within::<Set>(call, Over::Members)? else { return Ok(scan::reply(0, Vec::new())) };
    let set = call.keys().read::<Set>(key)?;
    let (next, found) = set.map_or((0, Vec::new()), |set| set.scan(walk.cursor, walk.count));
    let wanted = found.into_iter().filter(|member| walk.wants(member));
    Ok(scan::reply(next, wanted.map(bulk).collect()))
}

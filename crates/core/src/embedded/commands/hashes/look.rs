//! HGET and what else looks at fields and changes none.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::commands::random;
use crate::embedded::commands::reply::{bulk, bulk_or_nil, bulks, count, flag};
use crate::embedded::commands::scan::{self, Over, Walk};
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Hash, Key};

/// The hash that the key holds, if there is the key.
fn hash<'a>(call: &'a mut Call<'_>) -> Result<Option<&'a Hash>, Refusal> {
    let key = call.word(1)?;
    call.keys().read(key)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let name = call.word(2)?;
    Ok(bulk_or_nil(hash(call)?.and_then(|hash| hash.get(name))))
}

pub(super) fn get_many(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let names = call.rest(2);
    let hash = hash(call)?;
    Ok(Value::Array(names.iter().map(|name| bulk_or_nil(hash.and_then(|hash| hash.get(name)))).collect()))
}

pub(super) fn get_all(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let all = hash(call)?.into_iter().flat_map(Hash::iter);
    Ok(Value::Map(all.map(|(name, field)| (bulk(name), bulk(&field.value))).collect()))
}

pub(super) fn names(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(bulks(hash(call)?.into_iter().flat_map(Hash::iter).map(|(name, _)| name)))
}

pub(super) fn values(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(bulks(hash(call)?.into_iter().flat_map(Hash::iter).map(|(_, field)| &field.value)))
}

pub(super) fn len(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(count(hash(call)?.map_or(0, Hash::len)))
}

pub(super) fn exists(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let name = call.word(2)?;
    Ok(flag(hash(call)?.is_some_and(|hash| hash.get(name).is_some())))
}

pub(super) fn value_len(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let name = call.word(2)?;
    Ok(count(hash(call)?.and_then(|hash| hash.get(name)).map_or(0, |value| value.len())))
}

/// One field; or so many different ones; or, for a number below zero, so many that may be the same.
pub(super) fn random(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let wanted = if call.words.len() > 2 { Some(call.int(2)?) } else { None };
    if wanted == Some(i64::MIN) {
        return Err(random::FARTHER_THAN_ANY);
    }
    let with_values = match call.rest(3) {
        [] => false,
        [_] if call.is(3, "WITHVALUES") => true,
        [..] => return Err(Refusal::SYNTAX),
    };
    let is_too_far = |wanted: i64| !(-i64::MAX / 2..=i64::MAX / 2).contains(&wanted);
    if with_values && wanted.is_some_and(is_too_far) {
        return Err(Refusal::fixed("ERR value is out of range"));
    }
    let is_resp3 = call.is_resp3();
    let len = hash(call)?.map_or(0, Hash::len);
    let places = random::places(&mut call.data.random, len, wanted.unwrap_or(1))?;
    let hash = hash(call)?;
    let mut chosen = places.into_iter().filter_map(|place| hash?.nth(place));
    Ok(match wanted {
        None => bulk_or_nil(chosen.next().map(|(name, _)| name)),
        Some(_) if !with_values => bulks(chosen.map(|(name, _)| name)),
        Some(_) => {
            let pairs = chosen.map(|(name, field)| [bulk(name), bulk(&field.value)]);
            Value::Array(if is_resp3 {
                pairs.map(|pair| Value::Array(pair.into())).collect()
            } else {
                pairs.flatten().collect()
            })
        }
    })
}

pub(super) fn scan(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let Some(walk) = Walk::within::<Hash>(call, Over::Fields)? else {
        return Ok(scan::reply(0, Vec::new()));
    };
    let (next, found) = hash(call)?.map_or((0, Vec::new()), |hash| hash.scan(walk.cursor, walk.count));
    let mut parts = Vec::with_capacity(found.len() * 2);
    for (name, field) in found.into_iter().filter(|(name, _): &(&Key, _)| walk.wants(name)) {
        parts.push(bulk(name));
        if !walk.is_without_values {
            parts.push(bulk(&field.value));
        }
    }
    Ok(scan::reply(next, parts))
}

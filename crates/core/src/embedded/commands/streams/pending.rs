//! XACK and XPENDING: what was delivered and not acknowledged.

use redis::Value;

use super::{id, ids, no_group};
use crate::embedded::call::Call;
use crate::embedded::commands::reply::{bulk, count};
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Group, Pending, Stream, StreamId};

pub(super) fn acknowledge(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, name) = (call.word(1)?, call.word(2)?);
    if call.keys().read::<Stream>(key)?.is_none_or(|stream| stream.group(name).is_none()) {
        return Ok(Value::Int(0));
    }
    let ids = call.rest(3).iter().map(|word| ids::exact(word)).collect::<Result<Vec<_>, _>>()?;
    let stream = call.keys().write_quietly::<Stream>(key)?;
    let Some(group) = stream.and_then(|stream| stream.group_mut(name)) else { return Ok(Value::Int(0)) };
    Ok(count(ids.into_iter().filter(|id| group.forget(*id)).count()))
}

/// Which entries are asked for.
struct Wanted<'a> {
    idle_ms: i64,
    start: StreamId,
    end: StreamId,
    limit: usize,
    consumer: Option<&'a [u8]>,
}

pub(super) fn pending(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let wanted = match call.words.len() {
        3 => None,
        6..=9 => Some(wanted(call)?),
        _ => return Err(Refusal::SYNTAX),
    };
    let (key, name, now_ms) = (call.word(1)?, call.word(2)?, call.now_ms());
    let group = call.keys().read::<Stream>(key)?.and_then(|stream| stream.group(name));
    let group = group.ok_or_else(|| no_group(key, name, ""))?;
    Ok(wanted.map_or_else(|| summary(group), |wanted| list(group, &wanted, now_ms)))
}

fn wanted<'a>(call: &Call<'a>) -> Result<Wanted<'a>, Refusal> {
    let (idle_ms, at) = if call.is(3, "IDLE") {
        let idle_ms = call.int(4)?;
        if call.words.len() < 8 {
            return Err(Refusal::SYNTAX);
        }
        (idle_ms, 5)
    } else {
        (0, 3)
    };
    let limit = usize::try_from(call.int(at + 2)?).unwrap_or_default();
    let (start, end) = (ids::start(call.word(at)?)?, ids::end(call.word(at + 1)?)?);
    Ok(Wanted { idle_ms, start, end, limit, consumer: call.words.get(at + 3).copied() })
}

/// How many there are, from where to where, and how many each consumer has.
fn summary(group: &Group) -> Value {
    let mut all = group.pending_from(StreamId::ZERO);
    let Some(first) = all.next() else {
        return Value::Array(vec![Value::Int(0), Value::Nil, Value::Nil, Value::Nil]);
    };
    let last = all.next_back().unwrap_or(first);
    let with_some = group.consumers().filter(|(_, consumer)| consumer.pending() > 0);
    let consumers = with_some
        .map(|(name, consumer)| Value::Array(vec![bulk(name), bulk(consumer.pending().to_string())]));
    Value::Array(vec![count(group.pending()), id(first.id), id(last.id), Value::Array(consumers.collect())])
}

fn list(group: &Group, wanted: &Wanted<'_>, now_ms: i64) -> Value {
    let idle = |pending: &Pending| now_ms.saturating_sub(pending.delivered_at).max(0);
    let row = |pending: &Pending| {
        let deliveries = Value::Int(pending.deliveries);
        Value::Array(vec![id(pending.id), bulk(&pending.consumer), Value::Int(idle(pending)), deliveries])
    };
    let is_wanted = |pending: &&Pending| idle(pending) >= wanted.idle_ms;
    let rows = match wanted.consumer {
        None => {
            let all = group.pending_from(wanted.start).take_while(|pending| pending.id <= wanted.end);
            all.filter(is_wanted).take(wanted.limit).map(row).collect()
        }
        Some(name) => {
            let of_consumer = group.consumer(name).into_iter();
            let ids = of_consumer.flat_map(|consumer| consumer.pending_from(wanted.start));
            let ids = ids.take_while(|id| *id <= wanted.end);
            let all = ids.filter_map(|id| group.pending_of(id));
            all.filter(is_wanted).take(wanted.limit).map(row).collect()
        }
    };
    Value::Array(rows)
}

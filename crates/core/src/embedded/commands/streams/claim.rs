//! XCLAIM and XAUTOCLAIM: what one consumer got and did not acknowledge becomes another's.

use redis::Value;

use super::{id, ids, no_group};
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Key, Pending, Stream, StreamId};

/// How many entries XAUTOCLAIM looks at for each that it may claim.
const LOOKS: usize = 10;

/// What XCLAIM's options say.
struct Options {
    ids: Vec<StreamId>,
    /// When the entries count as delivered.
    delivered_at: i64,
    /// How often they count as delivered.
    deliveries: Option<i64>,
    /// Whether an entry becomes the consumer's that was nobody's.
    is_forced: bool,
    only_ids: bool,
    last: StreamId,
}

/// Whose something becomes, and how long it must have been idle.
struct Claim<'a> {
    key: &'a [u8],
    group: &'a [u8],
    consumer: Key,
    idle_ms: i64,
    now_ms: i64,
}

impl<'a> Claim<'a> {
    fn read(call: &Call<'a>, command: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::new(format!("ERR Invalid min-idle-time argument for {command}"));
        let idle_ms = number::integer(call.word(4)?).ok_or_else(wrong)?.max(0);
        let (key, group, consumer) = (call.word(1)?, call.word(2)?, call.key(3)?);
        Ok(Self { key, group, consumer, idle_ms, now_ms: call.now_ms() })
    }

    fn is_idle(&self, pending: &Pending) -> bool {
        self.idle_ms == 0 || self.now_ms.saturating_sub(pending.delivered_at) >= self.idle_ms
    }
}

fn must_have_group(call: &mut Call<'_>) -> Result<(), Refusal> {
    let (key, name) = (call.word(1)?, call.word(2)?);
    let stream = call.keys().read::<Stream>(key)?;
    if stream.is_some_and(|stream| stream.group(name).is_some()) {
        Ok(())
    } else {
        Err(no_group(key, name, ""))
    }
}

pub(super) fn claim(call: &mut Call<'_>) -> Result<Value, Refusal> {
    must_have_group(call)?;
    let claim = Claim::read(call, "XCLAIM")?;
    let options = options(call, claim.now_ms)?;
    let mut claimed = Vec::new();
    let Some(stream) = call.keys().write_quietly::<Stream>(claim.key)? else {
        return Ok(Value::Array(claimed));
    };
    let Some(group) = stream.group_mut(claim.group) else { return Ok(Value::Array(claimed)) };
    group.last = group.last.max(options.last);
    group.see(&claim.consumer, claim.now_ms);
    for wanted in options.ids {
        let entry = stream.get(wanted).cloned();
        let Some(group) = stream.group_mut(claim.group) else { break };
        let Some(entry) = entry else {
            group.forget(wanted);
            continue;
        };
        let before = match group.pending_of(wanted) {
            Some(pending) if !claim.is_idle(pending) => continue,
            Some(pending) => pending.deliveries,
            None if options.is_forced => 1,
            None => continue,
        };
        let counted = before.saturating_add(i64::from(!options.only_ids));
        group.assign(Pending {
            id: wanted,
            consumer: Key::clone(&claim.consumer),
            delivered_at: options.delivered_at,
            deliveries: options.deliveries.unwrap_or(counted),
        });
        group.mark_active(&claim.consumer, claim.now_ms);
        claimed.push(if options.only_ids { id(wanted) } else { super::entry(&entry) });
    }
    Ok(Value::Array(claimed))
}

/// Reads the ids, which end where a word is none, and the options behind them.
fn options(call: &Call<'_>, now_ms: i64) -> Result<Options, Refusal> {
    let ids: Vec<_> = call.rest(5).iter().map_while(|word| ids::exact(word).ok()).collect();
    let mut at = 5 + ids.len();
    let mut read = Options {
        ids,
        delivered_at: now_ms,
        deliveries: None,
        is_forced: false,
        only_ids: false,
        last: StreamId::ZERO,
    };
    let number = |at: usize, name: &str| {
        let wrong = || Refusal::new(format!("ERR Invalid {name} option argument for XCLAIM"));
        number::integer(call.word(at)?).ok_or_else(wrong)
    };
    // A time that has not come yet, or is before all times, is now.
    let past = |time: i64| if (0..=now_ms).contains(&time) { time } else { now_ms };
    while at < call.words.len() {
        let has_value = at + 1 < call.words.len();
        if call.is(at, "FORCE") {
            read.is_forced = true;
        } else if call.is(at, "JUSTID") {
            read.only_ids = true;
        } else if call.is(at, "IDLE") && has_value {
            at += 1;
            read.delivered_at = past(now_ms.saturating_sub(number(at, "IDLE")?));
        } else if call.is(at, "TIME") && has_value {
            at += 1;
            read.delivered_at = past(number(at, "TIME")?);
        } else if call.is(at, "RETRYCOUNT") && has_value {
            at += 1;
            read.deliveries = Some(number(at, "RETRYCOUNT")?).filter(|deliveries| *deliveries >= 0);
        } else if call.is(at, "LASTID") && has_value {
            at += 1;
            read.last = ids::exact(call.word(at)?)?;
        } else {
            let option = Refusal::shown(call.word(at)?).into_owned();
            return Err(Refusal::new(format!("ERR Unrecognized XCLAIM option '{option}'")));
        }
        at += 1;
    }
    Ok(read)
}

pub(super) fn claim_overdue(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let claim = Claim::read(call, "XAUTOCLAIM")?;
    let start = ids::start(call.word(5)?)?;
    let (limit, only_ids) = overdue_options(call)?;
    must_have_group(call)?;
    let (mut claimed, mut deleted) = (Vec::new(), Vec::new());
    let mut next = StreamId::ZERO;
    if let Some(stream) = call.keys().write_quietly::<Stream>(claim.key)?
        && let Some(group) = stream.group_mut(claim.group)
    {
        group.see(&claim.consumer, claim.now_ms);
        let (found, rest) = overdue(stream, &claim, start, limit);
        next = rest;
        for mut pending in found {
            let entry = stream.get(pending.id).cloned();
            let Some(group) = stream.group_mut(claim.group) else { break };
            let Some(entry) = entry else {
                group.forget(pending.id);
                deleted.push(id(pending.id));
                continue;
            };
            claimed.push(if only_ids { id(pending.id) } else { super::entry(&entry) });
            pending.consumer = Key::clone(&claim.consumer);
            pending.delivered_at = claim.now_ms;
            pending.deliveries = pending.deliveries.saturating_add(i64::from(!only_ids));
            group.assign(pending);
            group.mark_active(&claim.consumer, claim.now_ms);
        }
    }
    Ok(Value::Array(vec![id(next), Value::Array(claimed), Value::Array(deleted)]))
}

/// What may be claimed or does not exist any more, from `start` on and up to `limit`, and where to look next.
fn overdue(stream: &Stream, claim: &Claim<'_>, start: StreamId, limit: usize) -> (Vec<Pending>, StreamId) {
    let mut found = Vec::new();
    let all = stream.group(claim.group).into_iter().flat_map(|group| group.pending_from(start));
    for (looked, pending) in all.enumerate() {
        if found.len() >= limit || looked >= limit.saturating_mul(LOOKS) {
            return (found, pending.id);
        }
        if stream.get(pending.id).is_none() || claim.is_idle(pending) {
            found.push(pending.clone());
        }
    }
    (found, StreamId::ZERO)
}

fn overdue_options(call: &Call<'_>) -> Result<(usize, bool), Refusal> {
    const NOT_POSITIVE: Refusal = Refusal::fixed("ERR COUNT must be > 0");
    const TOO_HIGH: Refusal =
        Refusal::fixed("ERR Insufficient memory, failed allocating transient memory, COUNT too high.");
    // Redis allocates 16 bytes for each, of which there are 2^63 at most in theory, and 2^47 in practice.
    const COUNT_MAX: i64 = (1 << 59) - 1;
    const ALLOCATED_MAX: i64 = 1 << 43;
    let (mut limit, mut only_ids, mut at) = (100, false, 6);
    while at < call.words.len() {
        if call.is(at, "COUNT") && at + 1 < call.words.len() {
            let number = number::integer(call.word(at + 1)?);
            limit = number.filter(|number| (1..=COUNT_MAX).contains(number)).ok_or(NOT_POSITIVE)?;
            at += 2;
        } else if call.is(at, "JUSTID") {
            only_ids = true;
            at += 1;
        } else {
            return Err(Refusal::SYNTAX);
        }
    }
    let limit = if limit < ALLOCATED_MAX { usize::try_from(limit).ok() } else { None };
    limit.map(|limit| (limit, only_ids)).ok_or(TOO_HIGH)
}

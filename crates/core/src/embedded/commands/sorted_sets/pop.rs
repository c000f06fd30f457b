//! ZPOPMIN, ZPOPMAX and ZMPOP.

use redis::Value;

use super::scored;
use crate::embedded::call::Call;
use crate::embedded::commands::reply::bulk;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, SortedSet};

pub(in crate::embedded::commands) const COMMANDS: &[Spec] = &[
    Spec::write("zmpop", -4, Keys::Counted { count: 1, also: None }, pop_first),
    Spec::write("zpopmax", -2, Keys::FIRST, |call| pop(call, End::Max)),
    Spec::write("zpopmin", -2, Keys::FIRST, |call| pop(call, End::Min)),
];

/// From which end members are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::embedded::commands) enum End {
    Min,
    Max,
}

/// What is to be taken from the first of several keys that has anything.
#[derive(Clone, Copy, Debug)]
pub(in crate::embedded::commands) struct Wanted<'a> {
    pub(in crate::embedded::commands) keys: &'a [&'a [u8]],
    pub(in crate::embedded::commands) end: End,
    pub(in crate::embedded::commands) number: usize,
}

fn pop(call: &mut Call<'_>, end: End) -> Result<Value, Refusal> {
    let number = match call.rest(2) {
        [] => None,
        [number] => {
            let number = number::integer(number).and_then(|number| usize::try_from(number).ok());
            Some(number.ok_or(Refusal::fixed("ERR value is out of range, must be positive"))?)
        }
        [_, _, ..] => return Err(Refusal::SYNTAX),
    };
    let popped = take(call, call.word(1)?, end, number.unwrap_or(1))?;
    if number.is_some() {
        return Ok(scored(call, popped));
    }
    let parts = popped.into_iter().flat_map(|(member, score)| [bulk(member), Value::Double(score)]);
    Ok(Value::Array(parts.collect()))
}

fn pop_first(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let wanted = wanted(call, 1)?;
    take_first(call, wanted)
}

/// Reads `numkeys key [key ..] MIN|MAX [COUNT count]`, from the word at `index` on.
pub(in crate::embedded::commands) fn wanted<'a>(
    call: &Call<'a>,
    index: usize,
) -> Result<Wanted<'a>, Refusal> {
    let positive = |index: usize, text: &'static str| {
        let number = number::integer(call.word(index)?).and_then(|number| usize::try_from(number).ok());
        number.filter(|number| *number > 0).ok_or_else(|| Refusal::fixed(text))
    };
    let numkeys = positive(index, "ERR numkeys should be greater than 0")?;
    let rest = call.rest(index + 1);
    let keys = rest.get(..numkeys).ok_or(Refusal::SYNTAX)?;
    let after = index + 1 + numkeys;
    let end = if call.is(after, "MIN") {
        End::Min
    } else if call.is(after, "MAX") {
        End::Max
    } else {
        return Err(Refusal::SYNTAX);
    };
    let number = match call.rest(after + 1) {
        [] => 1,
        [_, _, behind @ ..] if call.is(after + 1, "COUNT") => {
            let number = positive(after + 2, "ERR count should be greater than 0")?;
            if !behind.is_empty() {
                return Err(Refusal::SYNTAX);
            }
            number
        }
        _ => return Err(Refusal::SYNTAX),
    };
    Ok(Wanted { keys, end, number })
}

/// Takes from the first key that has anything: its name and pairs, or nil.
pub(in crate::embedded::commands) fn take_first(
    call: &mut Call<'_>,
    wanted: Wanted<'_>,
) -> Result<Value, Refusal> {
    for key in wanted.keys {
        let popped = take(call, key, wanted.end, wanted.number)?;
        if !popped.is_empty() {
            let pair = |(member, score): (Key, f64)| Value::Array(vec![bulk(member), Value::Double(score)]);
            let pairs = Value::Array(popped.into_iter().map(pair).collect());
            return Ok(Value::Array(vec![bulk(key), pairs]));
        }
    }
    Ok(Value::Nil)
}

/// Takes up to `number` members from one end.
pub(in crate::embedded::commands) fn take(
    call: &mut Call<'_>,
    key: &[u8],
    end: End,
    number: usize,
) -> Result<Vec<(Key, f64)>, Refusal> {
    let Some(set) = call.keys().read::<SortedSet>(key)? else { return Ok(Vec::new()) };
    let len = set.len();
    let owned = |(member, score): (&Key, f64)| (Key::clone(member), score);
    let chosen: Vec<_> = match end {
        End::Min => set.by_rank(0..number.min(len)).map(owned).collect(),
        End::Max => set.by_rank(len.saturating_sub(number)..len).rev().map(owned).collect(),
    };
    if !chosen.is_empty()
        && let Some(set) = call.keys().write::<SortedSet>(key)?
    {
        for (member, _) in &chosen {
            set.remove(member);
        }
        call.keys().drop_if_hollow(key);
    }
    Ok(chosen)
}

//! ZADD and ZINCRBY.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::commands::reply::count;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, SortedSet};

pub(in crate::embedded::commands) const COMMANDS: &[Spec] =
    &[Spec::write("zadd", -4, Keys::FIRST, add), Spec::write("zincrby", 4, Keys::FIRST, increment)];

/// Up to this size, Redis keeps a set in a form that knows no negative zero.
const MAX_COMPACT: usize = 128;

/// When a score is set.
#[derive(Clone, Copy, Debug, Default)]
struct Conditions {
    is_new: bool,
    is_known: bool,
    is_greater: bool,
    is_less: bool,
    counts_changes: bool,
    increments: bool,
}

/// What became of one member.
enum Change {
    None,
    Added(f64),
    Updated(f64),
    Same(f64),
}

fn add(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (conditions, first) = conditions(call)?;
    let rest = call.rest(first);
    if rest.is_empty() || !rest.len().is_multiple_of(2) {
        return Err(Refusal::SYNTAX);
    }
    if conditions.is_new && conditions.is_known {
        return Err(Refusal::fixed("ERR XX and NX options at the same time are not compatible"));
    }
    let exclusive = [conditions.is_new, conditions.is_greater, conditions.is_less];
    if exclusive.iter().filter(|is_set| **is_set).count() > 1 {
        return Err(Refusal::fixed("ERR GT, LT, and/or NX options at the same time are not compatible"));
    }
    if conditions.increments && rest.len() > 2 {
        return Err(Refusal::fixed("ERR INCR option supports a single increment-element pair"));
    }
    set_all(call, rest, conditions)
}

fn increment(call: &mut Call<'_>) -> Result<Value, Refusal> {
    set_all(call, call.rest(2), Conditions { increments: true, ..Conditions::default() })
}

/// The conditions, and where the scores begin.
fn conditions(call: &Call<'_>) -> Result<(Conditions, usize), Refusal> {
    let mut conditions = Conditions::default();
    let mut index = 2;
    loop {
        let option = match call.word(index)?.to_ascii_uppercase().as_slice() {
            b"NX" => &mut conditions.is_new,
            b"XX" => &mut conditions.is_known,
            b"GT" => &mut conditions.is_greater,
            b"LT" => &mut conditions.is_less,
            b"CH" => &mut conditions.counts_changes,
            b"INCR" => &mut conditions.increments,
            _ => return Ok((conditions, index)),
        };
        *option = true;
        index += 1;
    }
}

fn set_all(call: &mut Call<'_>, rest: &[&[u8]], conditions: Conditions) -> Result<Value, Refusal> {
    let mut pairs = Vec::with_capacity(rest.len() / 2);
    for pair in rest.chunks_exact(2) {
        if let [score, member] = pair {
            pairs.push((number::double(score).ok_or(Refusal::NO_FLOAT)?, *member));
        }
    }
    let key = call.word(1)?;
    let (mut added, mut updated, mut last) = (0, 0, Value::Nil);
    for (score, member) in pairs {
        let known = call.keys().read::<SortedSet>(key)?;
        let change = change(known, member, score, conditions)?;
        if let Change::Added(score) | Change::Updated(score) = change {
            call.keys().write_or_new::<SortedSet>(key)?.insert(Key::from(member), score);
        }
        added += usize::from(matches!(change, Change::Added(_)));
        updated += usize::from(matches!(change, Change::Updated(_)));
        last = match change {
            Change::None => Value::Nil,
            Change::Added(score) | Change::Updated(score) | Change::Same(score) => Value::Double(score),
        };
    }
    Ok(match conditions {
        Conditions { increments: true, .. } => last,
        Conditions { counts_changes: true, .. } => count(added + updated),
        _ => count(added),
    })
}

/// What is to become of a member.
fn change(
    set: Option<&SortedSet>,
    member: &[u8],
    score: f64,
    conditions: Conditions,
) -> Result<Change, Refusal> {
    // The sum makes a positive zero of a negative one.
    let stored = |score: f64| {
        if set.is_none_or(|set| set.len() <= MAX_COMPACT) { score + 0.0 } else { score }
    };
    let Some(before) = set.and_then(|set| set.score(member)) else {
        return Ok(if conditions.is_known { Change::None } else { Change::Added(stored(score)) });
    };
    if conditions.is_new {
        return Ok(Change::None);
    }
    let after = if conditions.increments { before + score } else { score };
    if after.is_nan() {
        return Err(Refusal::fixed("ERR resulting score is not a number (NaN)"));
    }
    if (conditions.is_greater && after <= before) || (conditions.is_less && after >= before) {
        return Ok(Change::None);
    }
    #[expect(clippy::float_cmp, reason = "only the very same score changes nothing")]
    Ok(if after == before { Change::Same(before) } else { Change::Updated(stored(after)) })
}

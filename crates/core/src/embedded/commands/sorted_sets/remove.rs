//! ZREM and the removal of ranges.

use std::ops::Range;

use redis::Value;

use super::ends;
use crate::embedded::call::Call;
use crate::embedded::commands::reply::count;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, SortedSet};

pub(in crate::embedded::commands) const COMMANDS: &[Spec] = &[
    Spec::write("zrem", -3, Keys::FIRST, remove),
    Spec::write("zremrangebylex", 4, Keys::FIRST, by_lex),
    Spec::write("zremrangebyrank", 4, Keys::FIRST, by_rank),
    Spec::write("zremrangebyscore", 4, Keys::FIRST, by_score),
];

fn remove(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let members: Vec<Key> = call.rest(2).iter().map(|member| Key::from(*member)).collect();
    take(call, &members)
}

fn by_rank(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (first, last) = (call.int(2)?, call.int(3)?);
    remove_ranks(call, |set| ends::ranks(set.len(), first, last))
}

fn by_score(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = ends::scores(call.word(2)?, call.word(3)?)?;
    remove_ranks(call, |set| set.ranks_by_score(from, to))
}

fn by_lex(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = ends::lex(call.word(2)?, call.word(3)?)?;
    remove_ranks(call, |set| ends::ranks_by_lex(set, from, to))
}

fn remove_ranks(
    call: &mut Call<'_>,
    ranks: impl FnOnce(&SortedSet) -> Range<usize>,
) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let Some(set) = call.keys().read::<SortedSet>(key)? else { return Ok(count(0)) };
    let members: Vec<Key> = set.by_rank(ranks(set)).map(|(member, _)| member.clone()).collect();
    take(call, &members)
}

/// Removes these members of the set that the call names, and counts them.
fn take(call: &mut Call<'_>, members: &[Key]) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let known = call.keys().read::<SortedSet>(key)?;
    if !known.is_some_and(|set| members.iter().any(|member| set.contains(member))) {
        return Ok(count(0));
    }
    let set = call.keys().write::<SortedSet>(key)?;
    let removed = set.map_or(0, |set| members.iter().filter(|member| set.remove(member).is_some()).count());
    call.keys().drop_if_hollow(key);
    Ok(count(removed))
}

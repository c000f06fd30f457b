//! Unions, intersections and differences of sets.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::commands::reply::{bulk, count};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, Set, Stored};

pub(in super::super) const COMMANDS: &[Spec] = &[
    Spec::read("sdiff", -2, Keys::ALL, |call| all(call, Operation::Difference)),
    Spec::write("sdiffstore", -3, Keys::ALL, |call| store(call, Operation::Difference)),
    Spec::read("sinter", -2, Keys::ALL, |call| all(call, Operation::Intersection)),
    Spec::read("sintercard", -3, Keys::Counted { count: 1, also: None }, cardinality),
    Spec::write("sinterstore", -3, Keys::ALL, |call| store(call, Operation::Intersection)),
    Spec::read("sunion", -2, Keys::ALL, |call| all(call, Operation::Union)),
    Spec::write("sunionstore", -3, Keys::ALL, |call| store(call, Operation::Union)),
];

#[derive(Clone, Copy)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

fn all(call: &mut Call<'_>, operation: Operation) -> Result<Value, Refusal> {
    let result = compute(call, call.rest(1), operation)?;
    Ok(Value::Set(result.iter().map(bulk).collect()))
}

/// Replaces whatever the first key held; an empty result removes it.
fn store(call: &mut Call<'_>, operation: Operation) -> Result<Value, Refusal> {
    let result = compute(call, call.rest(2), operation)?;
    let (key, size) = (call.key(1)?, result.len());
    if result.is_empty() {
        call.keys().remove(&key);
    } else {
        call.keys().set(key, Stored::Set(result), None);
    }
    Ok(count(size))
}

fn cardinality(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let keys = super::super::counted::keys(call, 1)?;
    let mut limit = None;
    let mut index = 2 + keys.len();
    while index < call.words.len() {
        if !call.is(index, "LIMIT") || limit.is_some() || index + 1 >= call.words.len() {
            return Err(Refusal::SYNTAX);
        }
        let given = number::integer(call.word(index + 1)?).and_then(|given| usize::try_from(given).ok());
        limit = Some(given.ok_or(Refusal::fixed("ERR LIMIT can't be negative"))?);
        index += 2;
    }
    let size = compute(call, keys, Operation::Intersection)?.len();
    Ok(count(limit.filter(|limit| *limit > 0).map_or(size, |limit| size.min(limit))))
}

/// The members; a key that is not there is an empty set, and one of another type refuses it all.
fn compute(call: &mut Call<'_>, keys: &[&[u8]], operation: Operation) -> Result<Set, Refusal> {
    let mut sets = Vec::with_capacity(keys.len());
    for key in keys {
        // Copies share what they are copies of.
        sets.push(call.keys().read::<Set>(key)?.cloned().unwrap_or_default());
    }
    let Some((first, others)) = sets.split_first() else { return Ok(Set::default()) };
    let chosen = |keep: fn(&[Set], &Key) -> bool| first.iter().filter(|m| keep(others, m)).cloned().collect();
    Ok(match operation {
        Operation::Union => sets.iter().flat_map(Set::iter).cloned().collect(),
        Operation::Intersection => chosen(|others, member| others.iter().all(|set| set.contains(member))),
        Operation::Difference => chosen(|others, member| !others.iter().any(|set| set.contains(member))),
    })
}

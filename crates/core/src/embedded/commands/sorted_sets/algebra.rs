//! Unions, intersections and differences of sorted sets, and of sets, whose members score 1.

use redis::Value;

use super::{scored, store};
use crate::embedded::call::Call;
use crate::embedded::commands::reply::{bulks, count};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, Set, SortedSet, Stored};

const TOLD: Keys = Keys::Counted { count: 1, also: None };
const STORED: Keys = Keys::Counted { count: 2, also: Some(1) };

pub(in crate::embedded::commands) const COMMANDS: &[Spec] = &[
    Spec::read("zdiff", -3, TOLD, |call| all(call, Operation::Difference, "zdiff")),
    Spec::write("zdiffstore", -4, STORED, |call| store_all(call, Operation::Difference, "zdiffstore")),
    Spec::read("zinter", -3, TOLD, |call| all(call, Operation::Intersection, "zinter")),
    Spec::read("zintercard", -3, TOLD, cardinality),
    Spec::write("zinterstore", -4, STORED, |call| store_all(call, Operation::Intersection, "zinterstore")),
    Spec::read("zunion", -3, TOLD, |call| all(call, Operation::Union, "zunion")),
    Spec::write("zunionstore", -4, STORED, |call| store_all(call, Operation::Union, "zunionstore")),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What becomes of the scores that a member has in several sets.
#[derive(Clone, Copy, Debug)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

struct Options {
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
}

fn all(call: &mut Call<'_>, operation: Operation, name: &str) -> Result<Value, Refusal> {
    let (sets, after) = inputs(call, 1, name)?;
    let options = options(call, after, sets.len(), operation, true)?;
    let result = compute(&sets, operation, &options);
    let pairs = result.iter().map(|(member, score)| (Key::clone(member), score));
    Ok(if options.with_scores { scored(call, pairs) } else { bulks(pairs.map(|(member, _)| member)) })
}

fn store_all(call: &mut Call<'_>, operation: Operation, name: &str) -> Result<Value, Refusal> {
    let (sets, after) = inputs(call, 2, name)?;
    let options = options(call, after, sets.len(), operation, false)?;
    let key = call.key(1)?;
    Ok(count(store(call, key, compute(&sets, operation, &options))))
}

fn cardinality(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (sets, mut index) = inputs(call, 1, "zintercard")?;
    let mut limit = 0;
    while index < call.words.len() {
        if !call.is(index, "LIMIT") || index + 1 >= call.words.len() {
            return Err(Refusal::SYNTAX);
        }
        let given = number::integer(call.word(index + 1)?).and_then(|given| usize::try_from(given).ok());
        limit = given.ok_or(Refusal::fixed("ERR LIMIT can't be negative"))?;
        index += 2;
    }
    let options = Options { weights: Vec::new(), aggregate: Aggregate::Sum, with_scores: false };
    let size = compute(&sets, Operation::Intersection, &options).len();
    Ok(count(if limit > 0 { size.min(limit) } else { size }))
}

/// The sets behind the number at `index`, and where the options begin. A key that is not there is an empty set.
fn inputs(call: &mut Call<'_>, index: usize, name: &str) -> Result<(Vec<SortedSet>, usize), Refusal> {
    let number = usize::try_from(call.int(index)?).unwrap_or_default();
    if number == 0 {
        return Err(Refusal::new(format!("ERR at least 1 input key is needed for '{name}' command")));
    }
    let keys = call.rest(index + 1).get(..number).ok_or(Refusal::SYNTAX)?;
    let mut sets = Vec::with_capacity(number);
    for key in keys {
        call.keys().mark_used(key);
        sets.push(match call.keys().entry(key).map(|entry| &entry.value) {
            None => SortedSet::default(),
            // Copies share what they are copies of.
            Some(Stored::SortedSet(set)) => set.clone(),
            Some(Stored::Set(set)) => Set::iter(set).map(|member| (Key::clone(member), 1.0)).collect(),
            Some(Stored::String(_) | Stored::List(_) | Stored::Hash(_) | Stored::Stream(_)) => {
                return Err(Refusal::WRONG_TYPE);
            }
        });
    }
    Ok((sets, index + 1 + number))
}

fn options(
    call: &Call<'_>,
    mut index: usize,
    sets: usize,
    operation: Operation,
    may_have_scores: bool,
) -> Result<Options, Refusal> {
    let mut options = Options { weights: Vec::new(), aggregate: Aggregate::Sum, with_scores: false };
    let is_scored = operation != Operation::Difference;
    while index < call.words.len() {
        let left = call.words.len() - index - 1;
        if is_scored && call.is(index, "WEIGHTS") && left >= sets {
            let words = call.rest(index + 1).iter().take(sets);
            let weights = words.map(|word| number::double(word)).collect::<Option<_>>();
            options.weights = weights.ok_or(Refusal::fixed("ERR weight value is not a float"))?;
            index += sets;
        } else if is_scored && call.is(index, "AGGREGATE") && left >= 1 {
            index += 1;
            options.aggregate = match call.word(index)?.to_ascii_uppercase().as_slice() {
                b"SUM" => Aggregate::Sum,
                b"MIN" => Aggregate::Min,
                b"MAX" => Aggregate::Max,
                _ => return Err(Refusal::SYNTAX),
            };
        } else if may_have_scores && call.is(index, "WITHSCORES") {
            options.with_scores = true;
        } else {
            return Err(Refusal::SYNTAX);
        }
        index += 1;
    }
    Ok(options)
}

fn compute(sets: &[SortedSet], operation: Operation, options: &Options) -> SortedSet {
    let Some((first, others)) = sets.split_first() else { return SortedSet::default() };
    match operation {
        Operation::Difference => {
            let is_only = |member: &Key| !others.iter().any(|set| set.contains(member));
            first
                .iter()
                .filter(|(member, _)| is_only(member))
                .map(|(member, s)| (Key::clone(member), s))
                .collect()
        }
        Operation::Intersection => {
            // As Redis does it, from the smallest set on: that decides in which order scores are added.
            let mut order: Vec<usize> = (0..sets.len()).collect();
            order.sort_by_key(|index| sets.get(*index).map_or(0, SortedSet::len));
            let members =
                order.first().and_then(|smallest| sets.get(*smallest)).into_iter().flat_map(SortedSet::iter);
            let total = |member: &Key| {
                let mut scores = order.iter().map(|index| weighed(sets, *index, member, options));
                let first = scores.next()??;
                scores.try_fold(first, |sum, score| Some(aggregate(options.aggregate, sum, score?)))
            };
            members.filter_map(|(member, _)| Some((Key::clone(member), total(member)?))).collect()
        }
        Operation::Union => {
            let mut result = SortedSet::default();
            let mut order: Vec<usize> = (0..sets.len()).collect();
            order.sort_by_key(|index| sets.get(*index).map_or(0, SortedSet::len));
            for index in order {
                for (member, _) in sets.get(index).into_iter().flat_map(SortedSet::iter) {
                    let Some(score) = weighed(sets, index, member, options) else { continue };
                    let before = result.score(member);
                    let total = before.map_or(score, |before| aggregate(options.aggregate, before, score));
                    result.insert(Key::clone(member), total);
                }
            }
            result
        }
    }
}

/// The score that a member has in one of the sets, times that set's weight.
fn weighed(sets: &[SortedSet], index: usize, member: &[u8], options: &Options) -> Option<f64> {
    let weight = options.weights.get(index).copied().unwrap_or(1.0);
    let score = sets.get(index)?.score(member)? * weight;
    Some(if score.is_nan() { 0.0 } else { score })
}

fn aggregate(aggregate: Aggregate, a: f64, b: f64) -> f64 {
    match aggregate {
        // Infinities of both signs make nothing.
        Aggregate::Sum if (a + b).is_nan() => 0.0,
        Aggregate::Sum => a + b,
        Aggregate::Min => a.min(b),
        Aggregate::Max => a.max(b),
    }
}

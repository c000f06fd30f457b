//! Scores, ranks, counts and random members.

use redis::Value;

use super::{ends, scored};
use crate::embedded::call::Call;
use crate::embedded::commands::random;
use crate::embedded::commands::reply::{bulk, bulk_or_nil, bulks, count};
use crate::embedded::commands::scan::{self, Over, Walk};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, SortedSet};

pub(in crate::embedded::commands) const COMMANDS: &[Spec] = &[
    Spec::read("zcard", 2, Keys::FIRST, cardinality),
    Spec::read("zcount", 4, Keys::FIRST, count_scores),
    Spec::read("zlexcount", 4, Keys::FIRST, count_lex),
    Spec::read("zmscore", -3, Keys::FIRST, scores),
    Spec::read("zrandmember", -2, Keys::FIRST, random_member),
    Spec::read("zrank", -3, Keys::FIRST, |call| rank(call, false)),
    Spec::read("zrevrank", -3, Keys::FIRST, |call| rank(call, true)),
    Spec::read("zscan", -3, Keys::FIRST, scan_members),
    Spec::read("zscore", 3, Keys::FIRST, score),
];

fn cardinality(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    Ok(count(call.keys().read::<SortedSet>(key)?.map_or(0, SortedSet::len)))
}

fn count_scores(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = ends::scores(call.word(2)?, call.word(3)?)?;
    let key = call.word(1)?;
    Ok(count(call.keys().read::<SortedSet>(key)?.map_or(0, |set| set.ranks_by_score(from, to).len())))
}

fn count_lex(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = ends::lex(call.word(2)?, call.word(3)?)?;
    let key = call.word(1)?;
    let set = call.keys().read::<SortedSet>(key)?;
    Ok(count(set.map_or(0, |set| ends::ranks_by_lex(set, from, to).len())))
}

fn score(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, member) = (call.word(1)?, call.word(2)?);
    let score = call.keys().read::<SortedSet>(key)?.and_then(|set| set.score(member));
    Ok(score.map_or(Value::Nil, Value::Double))
}

fn scores(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, members) = (call.word(1)?, call.rest(2));
    let set = call.keys().read::<SortedSet>(key)?;
    let score = |member: &&[u8]| set.and_then(|set| set.score(member)).map_or(Value::Nil, Value::Double);
    Ok(Value::Array(members.iter().map(score).collect()))
}

fn rank(call: &mut Call<'_>, is_reversed: bool) -> Result<Value, Refusal> {
    let with_score = match call.rest(3) {
        [] => false,
        [_] if call.is(3, "WITHSCORE") => true,
        [_] => return Err(Refusal::SYNTAX),
        [_, _, ..] => return Err(Refusal::wrong_arity(if is_reversed { "zrevrank" } else { "zrank" })),
    };
    let (key, member) = (call.word(1)?, call.word(2)?);
    let found = call.keys().read::<SortedSet>(key)?.and_then(|set| {
        let rank = set.rank(member)?;
        Some((if is_reversed { set.len() - 1 - rank } else { rank }, set.score(member)?))
    });
    Ok(match found {
        None => Value::Nil,
        Some((rank, score)) if with_score => Value::Array(vec![count(rank), Value::Double(score)]),
        Some((rank, _)) => count(rank),
    })
}

/// One member; or so many different ones; or, for a number below zero, so many that may be the same.
fn random_member(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let wanted = if call.words.len() > 2 { Some(call.int(2)?) } else { None };
    if wanted == Some(i64::MIN) {
        return Err(random::FARTHER_THAN_ANY);
    }
    let with_scores = match call.rest(3) {
        [] => false,
        [_] if call.is(3, "WITHSCORES") => true,
        [..] => return Err(Refusal::SYNTAX),
    };
    let limit = i64::MAX / 2;
    if with_scores && wanted.is_some_and(|wanted| !(-limit..=limit).contains(&wanted)) {
        return Err(Refusal::fixed("ERR value is out of range"));
    }
    let len = call.keys().read::<SortedSet>(key)?.map_or(0, SortedSet::len);
    let places = random::places(&mut call.data.random, len, wanted.unwrap_or(1))?;
    let set = call.keys().read::<SortedSet>(key)?;
    let owned = |(member, score): (&Key, f64)| (Key::clone(member), score);
    let mut chosen = places.into_iter().filter_map(|place| set?.nth(place)).map(owned);
    if wanted.is_none() {
        return Ok(bulk_or_nil(chosen.next().map(|(member, _)| member)));
    }
    let chosen: Vec<_> = chosen.collect();
    Ok(if with_scores { scored(call, chosen) } else { bulks(chosen.into_iter().map(|(member, _)| member)) })
}

fn scan_members(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let walk = Walk::within::<SortedSet>(call, Over::Members)?;
    let Some(walk) = walk else { return Ok(scan::reply(0, Vec::new())) };
    let set = call.keys().read::<SortedSet>(key)?;
    let (next, found) = set.map_or((0, Vec::new()), |set| set.scan(walk.cursor, walk.count));
    let wanted = found.into_iter().filter(|(member, _)| walk.wants(member));
    let parts = wanted.flat_map(|(member, score)| [bulk(member), bulk(number::double_text(score))]);
    Ok(scan::reply(next, parts.collect()))
}

//! What a key holds, in one form for the same value, whatever server holds it and however.

use redfleet_core::{Error, Result, convert};
use redis::{Cmd, Value, cmd};

use super::side::{Failed, Side};
use crate::effect::Key;

type Word = Vec<u8>;

/// A value in the form that is the same wherever it is.
#[derive(Debug, PartialEq)]
pub(super) enum Canonical {
    Text(Word),
    List(Vec<Word>),
    Set(Vec<Word>),
    /// Members with their scores, in the order of the members.
    SortedSet(Vec<(Word, f64)>),
    /// Fields with their values and ends of life (-1: none), in their order.
    Hash(Vec<(Word, Word, i64)>),
    /// Entries with their ids; and the last id that there was, how many entries there ever were, and where each group is.
    Stream(Vec<Word>, Vec<Word>),
}

/// What the key holds; none if it is gone, or of a type that has no such form.
///
/// # Cost
///
/// Two or three round trips, and the whole value in memory.
pub(super) async fn read(side: Side<'_>, key: &Key) -> Result<Option<Canonical>, Failed> {
    let kind: String = side.query(&of("TYPE", key)).await?;
    let value = match kind.as_str() {
        "string" => Canonical::Text(text(side.query(&of("GET", key)).await?)),
        "list" => Canonical::List(words(side.call(of("LRANGE", key).arg(0).arg(-1)).await?)),
        "set" => Canonical::Set(sorted(words(side.call(&of("SMEMBERS", key)).await?))),
        "zset" => {
            let reply = side.call(of("ZRANGE", key).arg(0).arg(-1).arg("WITHSCORES")).await?;
            side.told(sorted_set(reply))?
        }
        "hash" => hash(side, key).await?,
        "stream" => stream(side, key).await?,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn of(name: &str, key: &Key) -> Cmd {
    cmd(name).arg(&**key).take()
}

/// A `HyperLogLog` keeps its last count beside its registers: that changes when it is counted, and is no part of it.
fn text(mut word: Word) -> Word {
    if word.starts_with(b"HYLL") {
        word.iter_mut().skip(8).take(8).for_each(|byte| *byte = 0);
    }
    word
}

fn sorted(mut words: Vec<Word>) -> Vec<Word> {
    words.sort_unstable();
    words
}

fn sorted_set(reply: Value) -> Result<Canonical> {
    let mut words = words(reply).into_iter();
    let mut members = Vec::with_capacity(words.len() / 2);
    while let (Some(member), Some(score)) = (words.next(), words.next()) {
        let score = std::str::from_utf8(&score).ok().and_then(|score| score.parse::<f64>().ok());
        members.push((member, score.ok_or(Error::conversion::<f64>(&Value::Nil))?));
    }
    members.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(Canonical::SortedSet(members))
}

async fn hash(side: Side<'_>, key: &Key) -> Result<Canonical, Failed> {
    let mut words = words(side.call(&of("HGETALL", key)).await?).into_iter();
    let mut fields = Vec::with_capacity(words.len() / 2);
    while let (Some(field), Some(value)) = (words.next(), words.next()) {
        fields.push((field, value, -1));
    }
    let mut ask = of("HPEXPIRETIME", key);
    ask.arg("FIELDS").arg(fields.len());
    fields.iter().for_each(|(field, ..)| {
        ask.arg(field);
    });
    match side.call(&ask).await {
        Ok(reply) => {
            let ends: Vec<i64> = side.told(convert(reply))?;
            fields.iter_mut().zip(ends).for_each(|((.., end), said)| *end = said);
        }
        // A server that does not know the command has no lives of fields.
        Err(Failed { error: Error::Refused { .. }, .. }) => {}
        Err(failed) => return Err(failed),
    }
    fields.sort_unstable();
    Ok(Canonical::Hash(fields))
}

/// Entries and groups. What differs by when it was asked, such as the idle time of a consumer, is no part of it.
async fn stream(side: Side<'_>, key: &Key) -> Result<Canonical, Failed> {
    let entries = words(side.call(of("XRANGE", key).arg("-").arg("+")).await?);
    let groups = side.call(cmd("XINFO").arg("GROUPS").arg(&**key)).await?;
    let mut places = Vec::new();
    let mut about = words(side.call(cmd("XINFO").arg("STREAM").arg(&**key)).await?).into_iter();
    while let (Some(name), Some(value)) = (about.next(), about.next()) {
        if matches!(name.as_slice(), b"last-generated-id" | b"entries-added") {
            places.extend([name, value]);
        }
    }
    for group in items(groups) {
        let mut words = words(group).into_iter();
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            if matches!(name.as_slice(), b"name" | b"pending" | b"last-delivered-id") {
                places.extend([name, value]);
            }
        }
    }
    Ok(Canonical::Stream(entries, places))
}

/// What a reply consists of; a reply that consists of nothing is its own only part.
fn items(reply: Value) -> Vec<Value> {
    if let Value::Array(items) | Value::Set(items) = reply { items } else { vec![reply] }
}

/// All words of a reply, in their order, however nested: the same in RESP2 and RESP3.
fn words(reply: Value) -> Vec<Word> {
    let mut found = Vec::new();
    gather(reply, &mut found);
    found
}

fn gather(reply: Value, found: &mut Vec<Word>) {
    match reply {
        Value::Array(items) | Value::Set(items) => items.into_iter().for_each(|item| gather(item, found)),
        Value::Map(pairs) => pairs.into_iter().for_each(|(name, value)| {
            gather(name, found);
            gather(value, found);
        }),
        Value::BulkString(word) => found.push(word),
        Value::SimpleString(word) => found.push(word.into_bytes()),
        Value::Int(number) => found.push(number.to_string().into_bytes()),
        Value::Double(number) => found.push(number.to_string().into_bytes()),
        Value::Okay => found.push(b"OK".to_vec()),
        Value::Nil
        | Value::Attribute { .. }
        | Value::Boolean(_)
        | Value::VerbatimString { .. }
        | Value::BigNumber(_)
        | Value::Push { .. }
        | Value::ServerError(_)
        | _ => found.push(format!("{reply:?}").into_bytes()),
    }
}

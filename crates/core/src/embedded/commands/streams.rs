//! Streams: XLEN, XDEL, XSETID, and what all their commands have in common.

mod add;
mod claim;
mod groups;
mod ids;
mod info;
mod pending;
mod range;
mod read;
#[cfg(test)]
mod tests;
mod trim;

use redis::Value;

use super::reply::{bulk, bulks, count};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Stream, StreamEntry, StreamId};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("xack", -4, Keys::FIRST, pending::acknowledge),
    Spec::write("xadd", -5, Keys::FIRST, add::add),
    Spec::write("xautoclaim", -6, Keys::FIRST, claim::claim_overdue),
    Spec::write("xclaim", -6, Keys::FIRST, claim::claim),
    Spec::write("xdel", -3, Keys::FIRST, delete),
    Spec::container("xgroup", groups::SUBCOMMANDS),
    Spec::container("xinfo", info::SUBCOMMANDS),
    Spec::read("xlen", 2, Keys::FIRST, len),
    Spec::read("xpending", -3, Keys::FIRST, pending::pending),
    Spec::read("xrange", -4, Keys::FIRST, |call| range::range(call, false)),
    Spec::read("xread", -4, Keys::Streams, read::read),
    Spec::write("xreadgroup", -7, Keys::Streams, read::read_for_group),
    Spec::read("xrevrange", -4, Keys::FIRST, |call| range::range(call, true)),
    Spec::write("xsetid", -3, Keys::FIRST, set_id),
    Spec::write("xtrim", -4, Keys::FIRST, trim::trim),
];

/// Where the key is of a command that has subcommands.
const SECOND: Keys = Keys::Range { first: 2, last: 2, step: 1 };

fn len(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    Ok(count(call.keys().read::<Stream>(key)?.map_or(0, Stream::len)))
}

fn delete(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    if call.keys().read::<Stream>(key)?.is_none() {
        return Ok(Value::Int(0));
    }
    let ids = call.rest(2).iter().map(|word| ids::exact(word)).collect::<Result<Vec<_>, _>>()?;
    let Some(stream) = call.keys().write_quietly::<Stream>(key)? else { return Ok(Value::Int(0)) };
    let deleted = ids.into_iter().filter(|id| stream.delete(*id)).count();
    if deleted > 0 {
        call.keys().mark_changed(key);
    }
    Ok(count(deleted))
}

fn set_id(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, last) = (call.word(1)?, ids::exact(call.word(2)?)?);
    let (mut added, mut max_deleted, mut at) = (None, StreamId::ZERO, 3);
    while at < call.words.len() {
        let has_value = at + 1 < call.words.len();
        if call.is(at, "ENTRIESADDED") && has_value {
            let number = call.int(at + 1)?;
            if number < 0 {
                return Err(Refusal::fixed("ERR entries_added must be positive"));
            }
            added = Some(number);
        } else if call.is(at, "MAXDELETEDID") && has_value {
            max_deleted = ids::exact(call.word(at + 1)?)?;
            if last < max_deleted {
                return Err(smaller_than("the provided max_deleted_entry_id"));
            }
        } else {
            return Err(Refusal::SYNTAX);
        }
        at += 2;
    }
    let stream = call.keys().read::<Stream>(key)?.ok_or(Refusal::NO_SUCH_KEY)?;
    if last < stream.max_deleted {
        return Err(smaller_than("current max_deleted_entry_id"));
    }
    if stream.newest().is_some_and(|entry| last < entry.id) {
        return Err(smaller_than("the target stream top item"));
    }
    if stream.len() > 0 && added.is_some_and(|added| added < stream.extent().len) {
        let text = "ERR The entries_added specified in XSETID is smaller than the target stream length";
        return Err(Refusal::fixed(text));
    }
    if let Some(stream) = call.keys().write_quietly::<Stream>(key)? {
        stream.last = last;
        stream.added = added.unwrap_or(stream.added);
        if max_deleted != StreamId::ZERO {
            stream.max_deleted = max_deleted;
        }
    }
    Ok(Value::Okay)
}

fn smaller_than(what: &str) -> Refusal {
    Refusal::new(format!("ERR The ID specified in XSETID is smaller than {what}"))
}

/// An entry with its id.
fn entry(entry: &StreamEntry) -> Value {
    Value::Array(vec![id(entry.id), bulks(entry.fields.iter())])
}

fn entries<'a>(all: impl IntoIterator<Item = &'a StreamEntry>) -> Value {
    Value::Array(all.into_iter().map(entry).collect())
}

fn id(id: StreamId) -> Value {
    bulk(id.to_string())
}

/// Neither the stream nor the group may be missing, and one is.
fn no_group(key: &[u8], group: &[u8], where_: &str) -> Refusal {
    let [key, group] = [key, group].map(Refusal::shown);
    Refusal::new(format!("NOGROUP No such key '{key}' or consumer group '{group}'{where_}"))
}

/// There is the stream, but not the group.
fn no_group_of(key: &[u8], group: &[u8]) -> Refusal {
    let [key, group] = [key, group].map(Refusal::shown);
    Refusal::new(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
}

/// The words behind a subcommand are not what it takes.
fn wrong_words(call: &Call<'_>, command: &str) -> Refusal {
    let verb = Refusal::shown(call.word(1).unwrap_or_default());
    Refusal::new(format!(
        "ERR unknown subcommand or wrong number of arguments for '{verb}'. Try {command} HELP."
    ))
}

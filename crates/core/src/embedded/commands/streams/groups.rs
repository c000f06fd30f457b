//! XGROUP: groups of consumers come and go.

use redis::Value;

use super::{SECOND, ids, no_group_of, wrong_words};
use crate::embedded::call::Call;
use crate::embedded::commands::help::help;
use crate::embedded::commands::reply::{count, flag};
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;
use crate::embedded::store::{Group, Stream};

pub(super) const SUBCOMMANDS: &[Spec] = &[
    Spec::write("xgroup|create", -5, SECOND, create),
    Spec::write("xgroup|createconsumer", 5, SECOND, create_consumer),
    Spec::write("xgroup|delconsumer", 5, SECOND, delete_consumer),
    Spec::write("xgroup|destroy", 4, SECOND, destroy),
    Spec::other("xgroup|help", 2, |_call| Ok(help("XGROUP", HELP))),
    Spec::write("xgroup|setid", -5, SECOND, set_id),
];

const NO_KEY: Refusal = Refusal::fixed(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option \
     to create an empty stream automatically.",
);

const HELP: &[&str] = &[
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
];

/// Reads what is behind the id: how many entries the group has read, and whether a stream is made if there is none.
fn options(call: &Call<'_>, may_make: bool) -> Result<(Option<i64>, bool), Refusal> {
    let (mut read, mut makes, mut at) = (None, false, 5);
    while at < call.words.len() {
        if may_make && call.is(at, "MKSTREAM") {
            makes = true;
            at += 1;
        } else if call.is(at, "ENTRIESREAD") && at + 1 < call.words.len() {
            read = match call.int(at + 1)? {
                -1 => None,
                ..-1 => return Err(Refusal::fixed("ERR value for ENTRIESREAD must be positive or -1")),
                number @ 0.. => Some(number),
            };
            at += 2;
        } else {
            return Err(wrong_words(call, "XGROUP"));
        }
    }
    Ok((read, makes))
}

/// Redis counts the words late.
fn must_be_at_most(call: &Call<'_>, words: usize) -> Result<(), Refusal> {
    if call.words.len() <= words { Ok(()) } else { Err(wrong_words(call, "XGROUP")) }
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (read, makes) = options(call, true)?;
    let (key, name) = (call.word(2)?, call.word(3)?);
    let newest = call.keys().read::<Stream>(key)?.map(|stream| stream.last);
    if newest.is_none() && !makes {
        return Err(NO_KEY);
    }
    must_be_at_most(call, 8)?;
    let last = match call.word(4)? {
        b"$" => newest.unwrap_or_default(),
        word => ids::exact(word)?,
    };
    if newest.is_none() {
        call.keys().write_or_new::<Stream>(key)?;
    }
    let stream = call.keys().write_quietly::<Stream>(key)?.ok_or(NO_KEY)?;
    if stream.make_group(name, Group::new(last, read)) {
        Ok(Value::Okay)
    } else {
        Err(Refusal::fixed("BUSYGROUP Consumer Group name already exists"))
    }
}

fn set_id(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (read, _) = options(call, false)?;
    let newest = existing(call)?.last;
    must_be_at_most(call, 7)?;
    let last = match call.word(4)? {
        b"$" => newest,
        // Other than CREATE, it takes the two ends as well.
        word => ids::end_of(word, 0)?,
    };
    let group = group_mut(call)?;
    group.last = last;
    group.read = read;
    Ok(Value::Okay)
}

fn destroy(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, name) = (call.word(2)?, call.word(3)?);
    let stream = call.keys().write_quietly::<Stream>(key)?.ok_or(NO_KEY)?;
    let was_there = stream.remove_group(name);
    if was_there {
        // Those who wait to read for it hear that it is gone.
        call.keys().mark_ready(key);
    }
    Ok(flag(was_there))
}

fn create_consumer(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (name, now_ms) = (call.word(4)?, call.now_ms());
    existing(call)?;
    Ok(flag(group_mut(call)?.make_consumer(name, now_ms)))
}

fn delete_consumer(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let name = call.word(4)?;
    existing(call)?;
    Ok(count(group_mut(call)?.remove_consumer(name).unwrap_or_default()))
}

/// The stream, which must have the group.
fn existing<'a>(call: &'a mut Call<'_>) -> Result<&'a Stream, Refusal> {
    let (key, name) = (call.word(2)?, call.word(3)?);
    let stream = call.keys().read::<Stream>(key)?.ok_or(NO_KEY)?;
    if stream.group(name).is_some() { Ok(stream) } else { Err(no_group_of(key, name)) }
}

fn group_mut<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Group, Refusal> {
    let (key, name) = (call.word(2)?, call.word(3)?);
    let stream = call.keys().write_quietly::<Stream>(key)?.ok_or(NO_KEY)?;
    stream.group_mut(name).ok_or_else(|| no_group_of(key, name))
}

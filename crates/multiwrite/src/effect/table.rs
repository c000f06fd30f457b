//! Every command by its name, and how it is shipped.

mod collections;
mod modules;
mod names;
mod streams;
mod strings;

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use redfleet_core::{command_name, keys_of};
use redis::Cmd;

use super::Key;
use super::form::{Form, When};
use super::unshippable::Unshippable;
use super::words::Words;

/// How a command is shipped.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// As it is: it changes nothing.
    Read,
    /// Not at all: it changes nothing, and no script may call it.
    Silent,
    /// Everything is copied anew.
    Everything,
    /// As it is: it has no key, and says something to whoever listens.
    Message,
    /// As it is, on the key in its first word.
    Builds,
    /// So too, but a reply of nil or below one says that it did nothing.
    BuildsUnlessZero,
    /// As the whole values of all its keys.
    Whole,
    /// So too, whatever the reply is: a script keeps what it wrote before it failed.
    Script,
    /// As the whole value of the key in this word, which is all that it writes.
    Target(usize),
    /// As its words say; if they are not as they should be, as the whole values of all its keys.
    Parsed(fn(&Words<'_>) -> Option<Form>),
    /// Not at all: it is refused before anything is sent.
    Refused(&'static str, &'static str),
}

/// How this command is shipped. `is_vouched` ships the text of a script and not what it did.
pub(super) fn form(command: &Cmd, is_vouched: bool) -> Result<Form, Unshippable> {
    let words = Words::of(command);
    let name = words.upper(0);
    let how = by_name().get(name.as_slice()).copied().or_else(|| modules::how(&name)).unwrap_or(How::Whole);
    let keys = || keys_of(command).map(Into::into).collect();
    Ok(match how {
        How::Read => Form::Reads,
        How::Silent => Form::Silent,
        How::Everything => Form::Everything,
        How::Message => Form::Message,
        How::Builds => Form::Builds { key: words.at(1).into(), when: When::Always },
        How::BuildsUnlessZero => Form::Builds { key: words.at(1).into(), when: When::NotZero },
        How::Target(at) => Form::Whole { keys: vec![words.at(at).into()], when: When::NotNil },
        How::Script if is_vouched && name == b"EVAL" => Form::Vouched(each_once(keys())),
        How::Script => Form::Whole { keys: keys(), when: When::EvenRefused },
        How::Whole => whole(keys()),
        How::Parsed(read) => read(&words).unwrap_or_else(|| whole(keys())),
        How::Refused(..) if is_of_scripts(&words) => Form::Silent,
        How::Refused(why, instead) => {
            return Err(Unshippable { command: command_name(command), why, instead });
        }
    })
    .and_then(|form| refuse_elsewhere(command, form))
}

/// What loads a script, as redis-rs does when a server does not know it, or asks for one. Only local has to know it: what the
/// script does there is shipped, and not its hash.
fn is_of_scripts(words: &Words<'_>) -> bool {
    words.is(0, "SCRIPT") && (words.is(1, "LOAD") || words.is(1, "EXISTS"))
}

fn each_once(keys: Vec<Key>) -> Vec<Key> {
    keys.into_iter().collect::<BTreeSet<Key>>().into_iter().collect()
}

const fn whole(keys: Vec<Key>) -> Form {
    Form::Whole { keys, when: When::Always }
}

/// What may write elsewhere than in keys that it names cannot be copied.
fn refuse_elsewhere(command: &Cmd, form: Form) -> Result<Form, Unshippable> {
    let words = Words::of(command);
    let (why, instead) = match &form {
        _ if words.is(0, "COPY") && words.has(3, "DB") => {
            ("it goes to another database", "write the key there by itself")
        }
        Form::Whole { keys, when: When::EvenRefused } | Form::Vouched(keys) if keys.is_empty() => (
            "it names no key, so nobody can say what it writes",
            "name its keys, or run it as EVAL_RO or FCALL_RO",
        ),
        Form::Whole { keys, .. } if keys.is_empty() => {
            ("it is not known, and names no key", "run it on each server by itself")
        }
        Form::Reads
        | Form::Silent
        | Form::Everything
        | Form::Message
        | Form::Wipes { .. }
        | Form::Sets { .. }
        | Form::Builds { .. }
        | Form::As { .. }
        | Form::Adds { .. }
        | Form::SetsLife { .. }
        | Form::Whole { .. }
        | Form::Fields { .. }
        | Form::Told(_)
        | Form::Restores { .. }
        | Form::Vouched(_) => return Ok(form),
    };
    Err(Unshippable { command: command_name(command), why, instead })
}

fn by_name() -> &'static HashMap<&'static [u8], How> {
    static BY_NAME: OnceLock<HashMap<&'static [u8], How>> = OnceLock::new();
    BY_NAME.get_or_init(|| {
        let families = names::FAMILIES.iter().copied().flatten();
        families
            .flat_map(|(how, names)| names.split_whitespace().map(|name| (name.as_bytes(), *how)))
            .collect()
    })
}

/// Every name in the table.
#[cfg(test)]
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    names::FAMILIES.iter().copied().flatten().flat_map(|(_, names)| names.split_whitespace())
}

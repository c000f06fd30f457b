//! COMMAND: what the node knows of its own commands.

#[cfg(test)]
mod tests;

use redis::Value;

use super::help::help;
use super::{bulk, integer};
use crate::embedded::call::Call;
use crate::embedded::glob;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Kind, Spec};
use crate::embedded::table;

pub(super) const COMMANDS: &[Spec] =
    &[Spec { subcommands: SUBCOMMANDS, ..Spec::other("command", -1, |_call| Ok(all())) }];

const SUBCOMMANDS: &[Spec] = &[
    Spec::other("command|count", 2, |_call| Ok(integer(table::all().count()))),
    Spec::other("command|docs", -2, docs),
    Spec::other("command|getkeys", -3, keys),
    Spec::other("command|help", 2, |_call| Ok(help("COMMAND", HELP))),
    Spec::other("command|info", -2, info),
    Spec::other("command|list", -2, list),
];

const HELP: &[&str] = &[
    "COUNT",
    "DOCS [<command-name> ...]",
    "GETKEYS <full-command>",
    "INFO [<command-name> ...]",
    "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
];

fn all() -> Value {
    Value::Array(table::all().map(about).collect())
}

/// There are none: they would be Redis's own.
fn docs(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(Value::Map(Vec::new()))
}

fn info(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let named = call.rest(2);
    if named.is_empty() {
        return Ok(all());
    }
    Ok(Value::Array(named.iter().map(|name| find(name).map_or(Value::Nil, about)).collect()))
}

/// A command or, as in `client|id`, one of its subcommands.
fn find(name: &[u8]) -> Option<&'static Spec> {
    let mut parts = name.splitn(2, |byte| *byte == b'|');
    let spec = table::named(parts.next()?)?;
    match parts.next() {
        None => Some(spec),
        Some(part) => spec.subcommand(part),
    }
}

/// What is known of a command here; of its flags and categories that is a part.
fn about(spec: &Spec) -> Value {
    let (first, last, step) = match spec.keys {
        Keys::Range { first, last, step } => (first, i64::from(last), step),
        Keys::Counted { also: Some(at), .. } => (at, i64::try_from(at).unwrap_or_default(), 1),
        Keys::Sort => (1, 1, 1),
        Keys::None | Keys::Counted { also: None, .. } | Keys::Streams => (0, 0, 0),
    };
    let is_movable = matches!(spec.keys, Keys::Counted { .. } | Keys::Streams | Keys::Sort);
    let flags = [
        ("readonly", spec.kind == Kind::Read),
        ("write", spec.kind == Kind::Write),
        ("noscript", !spec.is_scriptable),
        ("movablekeys", is_movable),
    ];
    let flags = flags.iter().filter(|(_, is_set)| *is_set);
    Value::Array(vec![
        bulk(spec.name),
        Value::Int(i64::from(spec.arity)),
        Value::Set(flags.map(|(flag, _)| Value::SimpleString((*flag).into())).collect()),
        integer(first),
        Value::Int(last),
        integer(step),
        Value::Set(category(spec).map(|name| Value::SimpleString(format!("@{name}"))).into_iter().collect()),
        Value::Array(Vec::new()),
        Value::Array(Vec::new()),
        Value::Array(spec.subcommands.iter().map(about).collect()),
    ])
}

fn category(spec: &Spec) -> Option<&'static str> {
    match spec.kind {
        Kind::Read => Some("read"),
        Kind::Write => Some("write"),
        Kind::Transaction => Some("transaction"),
        Kind::Other => None,
    }
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_wanted: Box<dyn Fn(&&Spec) -> bool> = match call.rest(2) {
        [] => Box::new(|_spec| true),
        [word, by, what] if word.eq_ignore_ascii_case(b"FILTERBY") => {
            match by.to_ascii_uppercase().as_slice() {
                b"MODULE" => Box::new(|_spec| false),
                b"ACLCAT" => Box::new(|spec| category(spec).is_some_and(|name| name.as_bytes() == *what)),
                b"PATTERN" => {
                    Box::new(|spec| glob::matches(&what.to_ascii_lowercase(), spec.name.as_bytes()))
                }
                _ => return Err(Refusal::SYNTAX),
            }
        }
        [..] => return Err(Refusal::SYNTAX),
    };
    Ok(Value::Array(table::all().filter(is_wanted).map(|spec| bulk(spec.name)).collect()))
}

fn keys(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let words = call.rest(2);
    let Ok(spec) = table::find(words) else {
        let name = words.first().copied().unwrap_or_default();
        let is_known = table::named(name).is_some();
        return Err(Refusal::fixed(if is_known {
            "ERR Invalid number of arguments specified for command"
        } else {
            "ERR Invalid command specified"
        }));
    };
    if matches!(spec.keys, Keys::None) {
        return Err(Refusal::fixed("ERR The command has no key arguments"));
    }
    Ok(super::reply::bulks(spec.keys.of(words)))
}

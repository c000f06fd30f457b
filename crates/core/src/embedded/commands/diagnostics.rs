//! SLOWLOG, LATENCY and MEMORY: what is watched on a real server, of which there is little to tell here.

#[cfg(test)]
mod tests;

use redis::{Value, VerbatimFormat};

use super::help::help;
use super::{bulk, integer};
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::weight::weight_bytes;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::container("latency", LATENCY),
    Spec::container("memory", MEMORY),
    Spec::container("slowlog", SLOWLOG),
];

const SLOWLOG: &[Spec] = &[
    Spec::other("slowlog|get", -2, slow),
    Spec::other("slowlog|help", 2, |_call| Ok(help("SLOWLOG", &["GET [<count>]", "LEN", "RESET"]))),
    Spec::other("slowlog|len", 2, |_call| Ok(Value::Int(0))),
    Spec::other("slowlog|reset", 2, |_call| Ok(Value::Okay)),
];

const LATENCY: &[Spec] = &[
    Spec::other("latency|doctor", 2, doctor).not_in_scripts(),
    Spec::other("latency|graph", 3, graph).not_in_scripts(),
    Spec::other("latency|help", 2, |_call| Ok(help("LATENCY", LATENCY_HELP))),
    Spec::other("latency|histogram", -2, |_call| Ok(Value::Map(Vec::new()))).not_in_scripts(),
    Spec::other("latency|history", 3, |_call| Ok(Value::Array(Vec::new()))).not_in_scripts(),
    Spec::other("latency|latest", 2, |_call| Ok(Value::Array(Vec::new()))).not_in_scripts(),
    Spec::other("latency|reset", -2, |_call| Ok(Value::Int(0))).not_in_scripts(),
];

const LATENCY_HELP: &[&str] = &[
    "DOCTOR",
    "GRAPH <event>",
    "HISTORY <event>",
    "LATEST",
    "RESET [<event> ...]",
    "HISTOGRAM [COMMAND ...]",
];

const MEMORY: &[Spec] = &[
    Spec::other("memory|doctor", 2, memory_doctor),
    Spec::other("memory|help", 2, |_call| Ok(help("MEMORY", MEMORY_HELP))),
    Spec::other("memory|malloc-stats", 2, |_call| Ok(bulk("Stats not supported for the current allocator"))),
    Spec::other("memory|purge", 2, |_call| Ok(Value::Okay)),
    Spec::read("memory|usage", -3, Keys::Range { first: 2, last: 2, step: 1 }, usage),
];

const MEMORY_HELP: &[&str] = &["DOCTOR", "MALLOC-STATS", "PURGE", "USAGE <key> [SAMPLES <count>]"];

/// Nothing is slow enough to be noted: time stands still during a command.
fn slow(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match call.rest(2) {
        [] => {}
        [count] => {
            if number::integer(count).is_none_or(|count| count < -1) {
                return Err(Refusal::fixed("ERR count should be greater than or equal to -1"));
            }
        }
        [..] => return Err(Refusal::SYNTAX),
    }
    Ok(Value::Array(Vec::new()))
}

fn text(text: &str) -> Value {
    Value::VerbatimString { format: VerbatimFormat::Text, text: text.into() }
}

fn doctor(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(text("Latency is not watched by an embedded node."))
}

fn memory_doctor(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(text("Memory is not watched by an embedded node."))
}

fn graph(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let event = String::from_utf8_lossy(call.word(2)?);
    Err(Refusal::new(format!("ERR No samples available for event '{event}'")))
}

/// An estimate, to which the number of samples makes no difference.
fn usage(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let mut words = call.rest(3);
    while let [option, count, rest @ ..] = words {
        if !option.eq_ignore_ascii_case(b"SAMPLES") {
            return Err(Refusal::SYNTAX);
        }
        if number::integer(count).ok_or(Refusal::NO_INTEGER)? < 0 {
            return Err(Refusal::SYNTAX);
        }
        words = rest;
    }
    if !words.is_empty() {
        return Err(Refusal::SYNTAX);
    }
    let key = call.word(2)?;
    let bytes = call.keys().entry(key).map(|entry| weight_bytes(key, &entry.value));
    Ok(bytes.map_or(Value::Nil, integer))
}

//! CONFIG: what a node is set to, and the little of it that can be changed.

mod parameters;
#[cfg(test)]
mod tests;

use redis::Value;

use super::bulk;
use super::help::help;
use crate::embedded::call::Call;
use crate::embedded::glob;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;
use parameters::{PARAMETERS, Parameter};

pub(super) const COMMANDS: &[Spec] = &[Spec::container("config", SUBCOMMANDS)];

const SUBCOMMANDS: &[Spec] = &[
    Spec::other("config|get", -3, get).not_in_scripts(),
    Spec::other("config|help", 2, |_call| Ok(help("CONFIG", HELP))),
    Spec::other("config|resetstat", 2, forget_counts).not_in_scripts(),
    Spec::other("config|rewrite", 2, rewrite).not_in_scripts(),
    Spec::other("config|set", -4, set).not_in_scripts(),
];

const HELP: &[&str] = &["GET <pattern>", "SET <directive> <value>", "RESETSTAT", "REWRITE"];

/// Those that one of the patterns matches. One that is named is called as it was named.
fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let mut pairs = Vec::new();
    for parameter in PARAMETERS {
        let is_meant =
            |pattern: &&&[u8]| glob::matches(&pattern.to_ascii_lowercase(), parameter.name.as_bytes());
        if let Some(pattern) = call.rest(2).iter().find(is_meant) {
            let is_named = pattern.len() == parameter.name.len() && !pattern.contains(&b'*');
            let name = if is_named { bulk(pattern) } else { bulk(parameter.name) };
            pairs.push((name, bulk(value(call, parameter))));
        }
    }
    Ok(Value::Map(pairs))
}

fn value(call: &Call<'_>, parameter: &Parameter) -> String {
    let server = &call.data.server;
    match (parameter.name, server.port(), server.clients_max()) {
        ("port", Some(port), _) => port.to_string(),
        ("maxclients", _, Some(count)) => count.to_string(),
        _ => server.settings.get(parameter.name).cloned().unwrap_or_else(|| parameter.default.to_owned()),
    }
}

/// All are set, or none is.
fn set(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if call.words.len() % 2 == 1 {
        return Err(Refusal::SYNTAX);
    }
    let (mut meant, mut chosen): (Vec<(&Parameter, &[u8])>, Vec<_>) = (Vec::new(), Vec::new());
    for pair in call.rest(2).chunks_exact(2) {
        let [name, value] = pair else { continue };
        let is_meant = |parameter: &&Parameter| parameter.name.as_bytes().eq_ignore_ascii_case(name);
        let Some(parameter) = PARAMETERS.iter().find(is_meant) else {
            let name = Refusal::shown(name);
            let text = format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'");
            return Err(Refusal::new(text));
        };
        if meant.iter().any(|(other, _)| other.name == parameter.name) {
            return Err(failed(parameter, "duplicate parameter"));
        }
        meant.push((parameter, *value));
    }
    for (parameter, given) in meant {
        let before = value(call, parameter);
        let after = parameter.read(given, &before).map_err(|problem| failed(parameter, &problem))?;
        chosen.push((parameter.name, after));
    }
    call.data.server.settings.extend(chosen);
    Ok(Value::Okay)
}

fn failed(parameter: &Parameter, problem: &str) -> Refusal {
    Refusal::new(format!(
        "ERR CONFIG SET failed (possibly related to argument '{}') - {problem}",
        parameter.name
    ))
}

fn forget_counts(call: &mut Call<'_>) -> Result<Value, Refusal> {
    call.data.server.forget_counts();
    call.data.commands = 0;
    Ok(Value::Okay)
}

fn rewrite(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Err(Refusal::fixed("ERR The server is running without a config file"))
}

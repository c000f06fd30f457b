//! What a container command answers to HELP.

use redis::Value;

/// The lines about `command` between the ones that all such texts begin and end with.
pub(super) fn help(command: &str, lines: &[&str]) -> Value {
    let first = format!("{command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    let last = ["HELP", "    Print this help."];
    let all = std::iter::once(first.as_str()).chain(lines.iter().copied()).chain(last);
    Value::Array(all.map(|line| Value::SimpleString(line.into())).collect())
}

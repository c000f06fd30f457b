//! EVAL and its like, and SCRIPT.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

use redis::Value;

use super::help::help;
use super::reply::{bulk, flag};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::script::Script;
use crate::embedded::scripts;
use crate::embedded::spec::{Keys, Spec};

const KEYS: Keys = Keys::Counted { count: 2, also: None };

pub(super) const COMMANDS: &[Spec] = &[
    Spec { keys: KEYS, ..Spec::other("eval", -3, |call| eval(call, false)).not_in_scripts() },
    Spec { keys: KEYS, ..Spec::other("eval_ro", -3, |call| eval(call, true)).not_in_scripts() },
    Spec { keys: KEYS, ..Spec::other("evalsha", -3, |call| eval_sha(call, false)).not_in_scripts() },
    Spec { keys: KEYS, ..Spec::other("evalsha_ro", -3, |call| eval_sha(call, true)).not_in_scripts() },
    Spec::container("script", SCRIPT).not_in_scripts(),
];

const SCRIPT: &[Spec] = &[
    Spec::other("script|debug", 3, debug).not_in_scripts(),
    Spec::other("script|exists", -3, exists).not_in_scripts(),
    Spec::other("script|flush", -2, flush).not_in_scripts(),
    Spec::other("script|help", 2, |_call| Ok(help("SCRIPT", HELP))).not_in_scripts(),
    Spec::other("script|kill", 2, |_call| Err(NOT_BUSY)).not_in_scripts(),
    Spec::other("script|load", 3, load).not_in_scripts(),
];

/// One command runs at a time, so there is never a script to be killed.
const NOT_BUSY: Refusal = Refusal::fixed("NOTBUSY No scripts in execution right now.");

fn eval(call: &mut Call<'_>, is_read_only: bool) -> Result<Value, Refusal> {
    let (keys, argv) = arguments(call)?;
    let source = call.word(1)?;
    let script = call.data.scripts.compiled(source, false)?;
    run(call, &script, keys, argv, is_read_only)
}

fn eval_sha(call: &mut Call<'_>, is_read_only: bool) -> Result<Value, Refusal> {
    let sha = call.word(1)?;
    if sha.len() != 40 {
        return call.data.scripts.named(sha).map(|_script| Value::Nil);
    }
    let (keys, argv) = arguments(call)?;
    let script = call.data.scripts.named(sha)?;
    run(call, &script, keys, argv, is_read_only)
}

/// Words of a call.
type Words<'a> = &'a [&'a [u8]];

/// KEYS and ARGV.
fn arguments<'a>(call: &Call<'a>) -> Result<(Words<'a>, Words<'a>), Refusal> {
    let count = call.int(2)?;
    let rest = call.rest(3);
    match usize::try_from(count) {
        Ok(count) => rest
            .split_at_checked(count)
            .ok_or(Refusal::fixed("ERR Number of keys can't be greater than number of args")),
        Err(_) => Err(Refusal::fixed("ERR Number of keys can't be negative")),
    }
}

fn run(
    call: &mut Call<'_>,
    script: &Script,
    keys: &[&[u8]],
    argv: &[&[u8]],
    is_read_only: bool,
) -> Result<Value, Refusal> {
    let flags = script.flags();
    if is_read_only && flags.stated && !flags.no_writes {
        return Err(Refusal::fixed("ERR Can not execute a script with write flag using *_ro command."));
    }
    scripts::run(call, script, keys, argv, is_read_only || flags.no_writes)
}

fn load(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let source = call.word(2)?;
    Ok(bulk(call.data.scripts.compiled(source, true)?.sha()))
}

fn exists(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(Value::Array(call.rest(2).iter().map(|sha| flag(call.data.scripts.knows(sha))).collect()))
}

/// Whether it is asked to be done at once or aside makes no difference here.
fn flush(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match call.rest(2) {
        [] => {}
        [mode] if mode.eq_ignore_ascii_case(b"SYNC") || mode.eq_ignore_ascii_case(b"ASYNC") => {}
        [..] => return Err(Refusal::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
    }
    call.data.scripts.forget();
    Ok(Value::Okay)
}

/// There is no debugger, so there is none to turn off.
fn debug(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if call.is(2, "NO") {
        Ok(Value::Okay)
    } else if call.is(2, "YES") || call.is(2, "SYNC") {
        Err(Refusal::fixed("ERR there is no debugger of scripts here"))
    } else {
        Err(Refusal::fixed("ERR Use SCRIPT DEBUG YES/SYNC/NO"))
    }
}

const HELP: &[&str] = &[
    "DEBUG (YES|SYNC|NO)",
    "    Set the debug mode for subsequent scripts executed.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Return information about the existence of the scripts in the script cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Flush the Lua scripts cache. Very dangerous on replicas.",
    "    When called without the optional mode argument, the behavior is determined by the",
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
    "    * ASYNC: Asynchronously flush the scripts cache.",
    "    * SYNC: Synchronously flush the scripts cache.",
    "KILL",
    "    Kill the currently executing Lua script.",
    "LOAD <script>",
    "    Load a script into the scripts cache without executing it.",
];

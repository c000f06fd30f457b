//! What concerns the server as a whole: time, disk, replicas, and what a node in a process is not.

#[cfg(test)]
mod tests;

use redis::Value;

use super::bulk;
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::other("asking", 1, not_a_cluster),
    Spec::other("bgrewriteaof", 1, rewrite_log).not_in_scripts(),
    Spec::other("bgsave", -1, save_aside).not_in_scripts(),
    Spec::container("cluster", CLUSTER),
    Spec::other("debug", -2, debug).not_in_scripts(),
    Spec::other("failover", -1, failover).not_in_scripts(),
    Spec::other("lastsave", 1, last_save),
    Spec::other("readonly", 1, not_a_cluster),
    Spec::other("readwrite", 1, not_a_cluster),
    Spec::other("replicaof", 3, replica_of).not_in_scripts(),
    Spec::other("role", 1, role).not_in_scripts(),
    Spec::other("save", 1, save).not_in_scripts(),
    Spec::other("shutdown", -1, shutdown).not_in_scripts(),
    Spec::other("slaveof", 3, replica_of).not_in_scripts(),
    Spec::other("time", 1, time),
    Spec::other("wait", 3, wait),
    Spec::other("waitaof", 4, wait_for_log),
];

const CLUSTER: &[Spec] = &[
    Spec::other("cluster|countkeysinslot", 3, not_a_cluster),
    Spec::other("cluster|getkeysinslot", 4, not_a_cluster),
    Spec::other("cluster|help", 2, not_a_cluster),
    Spec::other("cluster|info", 2, not_a_cluster),
    Spec::other("cluster|keyslot", 3, not_a_cluster),
    Spec::other("cluster|links", 2, not_a_cluster),
    Spec::other("cluster|myid", 2, not_a_cluster),
    Spec::other("cluster|myshardid", 2, not_a_cluster),
    Spec::other("cluster|nodes", 2, not_a_cluster),
    Spec::other("cluster|replicas", 3, not_a_cluster),
    Spec::other("cluster|shards", 2, not_a_cluster),
    Spec::other("cluster|slots", 2, not_a_cluster),
];

fn not_a_cluster(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Err(Refusal::fixed("ERR This instance has cluster support disabled"))
}

fn debug(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Err(Refusal::fixed(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
         local connection, otherwise you need to set this option in the configuration file, and then restart the \
         server.",
    ))
}

/// To the millisecond, which is as exact as time is here.
fn time(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let now_ms = call.now_ms();
    let microseconds = now_ms.rem_euclid(1000) * 1000;
    Ok(Value::Array(vec![bulk(now_ms.div_euclid(1000).to_string()), bulk(microseconds.to_string())]))
}

fn role(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(Value::Array(vec![bulk("master"), Value::Int(0), Value::Array(Vec::new())]))
}

fn timeout(call: &Call<'_>, index: usize) -> Result<(), Refusal> {
    match number::integer(call.word(index)?) {
        None => Err(Refusal::fixed("ERR timeout is not an integer or out of range")),
        Some(..0) => Err(Refusal::fixed("ERR timeout is negative")),
        Some(_) => Ok(()),
    }
}

/// No replica will ever come, so this does not wait for one.
fn wait(call: &mut Call<'_>) -> Result<Value, Refusal> {
    call.int(1)?;
    timeout(call, 2)?;
    Ok(Value::Int(0))
}

fn wait_for_log(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let here = call.int(1)?;
    if !(0..=1).contains(&here) {
        return Err(Refusal::fixed("ERR value is out of range, value must between 0 and 1"));
    }
    if number::integer(call.word(2)?).is_none_or(|replicas| replicas < 0) {
        return Err(Refusal::fixed("ERR value is out of range, must be positive"));
    }
    timeout(call, 3)?;
    if here == 1 {
        let text = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";
        return Err(Refusal::fixed(text));
    }
    Ok(Value::Array(vec![Value::Int(0), Value::Int(0)]))
}

/// What a restart keeps is for the caller of `restart` to say; this only says that it was asked.
fn save(call: &mut Call<'_>) -> Result<Value, Refusal> {
    call.data.server.saved_at = Some(call.now_ms() / 1000);
    Ok(Value::Okay)
}

fn save_aside(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match call.rest(1) {
        [] => {}
        [_] if call.is(1, "SCHEDULE") => {}
        [..] => return Err(Refusal::SYNTAX),
    }
    save(call)?;
    Ok(Value::SimpleString("Background saving started".into()))
}

fn rewrite_log(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(Value::SimpleString("Background append only file rewriting started".into()))
}

fn last_save(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(Value::Int(call.data.server.saved_at.unwrap_or(call.data.identity.started_ms / 1000)))
}

fn replica_of(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if call.is(1, "NO") && call.is(2, "ONE") {
        return Ok(Value::Okay);
    }
    if number::integer(call.word(2)?).is_none_or(|port| !(0..=65535).contains(&port)) {
        return Err(Refusal::fixed("ERR Invalid master port"));
    }
    Err(Refusal::fixed("ERR REPLICAOF is not supported by an embedded node: it replicates nothing"))
}

fn failover(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let text = if call.is(1, "ABORT") {
        "ERR No failover in progress."
    } else {
        "ERR FAILOVER requires connected replicas."
    };
    Err(Refusal::fixed(text))
}

fn shutdown(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_known = |word: &&[u8]| {
        let known: [&[u8]; 5] = [b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"];
        known.iter().any(|other| word.eq_ignore_ascii_case(other))
    };
    if !call.rest(1).iter().all(is_known) {
        return Err(Refusal::SYNTAX);
    }
    if call.is(1, "ABORT") {
        return Err(Refusal::fixed("ERR No shutdown in progress."));
    }
    Err(Refusal::fixed("ERR SHUTDOWN is not supported by an embedded node: the process it is in ends it"))
}

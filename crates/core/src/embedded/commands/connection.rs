//! PING, ECHO, HELLO and what else concerns a connection alone.

mod hello;
#[cfg(test)]
mod tests;

use redis::Value;

use super::bulk;
use crate::embedded::call::Call;
use crate::embedded::client::Protocol;
use crate::embedded::hub::Names;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::other("auth", -2, auth).not_in_scripts(),
    Spec::other("echo", 2, echo),
    Spec::other("hello", -1, hello::hello).not_in_scripts(),
    Spec::other("ping", -1, ping),
    Spec::other("quit", -1, quit).never_queued().not_in_scripts(),
    Spec::other("reset", 1, reset).never_queued().not_in_scripts(),
];

fn ping(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = match call.rest(1) {
        [] => None,
        [message] => Some(*message),
        [_, _, ..] => return Err(Refusal::wrong_arity("ping")),
    };
    // Where messages are arrays, only an array cannot be taken for the reply to something else.
    if call.client.protocol == Protocol::Resp2 && call.data.hub.interests(call.client.id) > 0 {
        return Ok(Value::Array(vec![bulk("pong"), bulk(given.unwrap_or_default())]));
    }
    Ok(given.map_or_else(|| Value::SimpleString("PONG".into()), bulk))
}

fn echo(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(bulk(call.word(1)?))
}

fn auth(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match call.rest(1) {
        [_password] => Err(Refusal::fixed(
            "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
             configuration is correct?",
        )),
        [user, _password] => must_be_default(user).map(|()| Value::Okay),
        [..] => Err(Refusal::SYNTAX),
    }
}

/// There is but the user who needs no password, so any password is right.
fn must_be_default(user: &[u8]) -> Result<(), Refusal> {
    let text = "WRONGPASS invalid username-password pair or user is disabled.";
    if user == b"default" { Ok(()) } else { Err(Refusal::fixed(text)) }
}

fn quit(call: &mut Call<'_>) -> Result<Value, Refusal> {
    call.data.roster.doom(call.client.id);
    Ok(Value::Okay)
}

/// The connection is as it was when it was new; only what it said of its library stays.
fn reset(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let id = call.client.id;
    call.client.transaction = None;
    call.data.watches.unwatch(id);
    call.client.tracking = None;
    call.data.tracking.stop(id);
    for names in [Names::Channels, Names::Patterns] {
        for name in call.data.hub.names(id, names) {
            call.data.hub.unsubscribe(id, names, &name);
        }
    }
    call.client.protocol = Protocol::Resp2;
    if let Some(member) = call.data.roster.get_mut(id) {
        member.name.clear();
        (member.is_no_evict, member.is_no_touch) = (false, false);
    }
    Ok(Value::SimpleString("RESET".into()))
}

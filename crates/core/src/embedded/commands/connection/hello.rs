//! HELLO: which protocol a connection speaks, and with whom.

use redis::Value;

use super::must_be_default;
use crate::embedded::call::Call;
use crate::embedded::client::Protocol;
use crate::embedded::commands::client::set_name;
use crate::embedded::commands::{bulk, client};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::server::VERSION;

pub(super) fn hello(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let protocol = match call.rest(1).first() {
        None => None,
        Some(word) => Some(protocol(word)?),
    };
    let (mut user, mut name) = (None, None);
    let mut words = call.rest(2);
    loop {
        words = match words {
            [] => break,
            [word, given, _password, rest @ ..] if word.eq_ignore_ascii_case(b"AUTH") => {
                user = Some(*given);
                rest
            }
            [word, given, rest @ ..] if word.eq_ignore_ascii_case(b"SETNAME") => {
                client::check_name(given)?;
                name = Some(*given);
                rest
            }
            [word, ..] => {
                let word = Refusal::shown(word);
                return Err(Refusal::new(format!("ERR Syntax error in HELLO option '{word}'")));
            }
        };
    }
    if let Some(user) = user {
        must_be_default(user)?;
    }
    if let Some(name) = name {
        set_name(call, name);
    }
    if let Some(protocol) = protocol {
        call.client.protocol = protocol;
    }
    Ok(greeting(call))
}

fn protocol(word: &[u8]) -> Result<Protocol, Refusal> {
    match number::integer(word) {
        Some(2) => Ok(Protocol::Resp2),
        Some(3) => Ok(Protocol::Resp3),
        Some(_) => Err(Refusal::fixed("NOPROTO unsupported protocol version")),
        None => Err(Refusal::fixed("ERR Protocol version is not an integer or out of range")),
    }
}

/// Who answers, and which connection it is.
fn greeting(call: &Call<'_>) -> Value {
    let protocol = if call.is_resp3() { 3 } else { 2 };
    let id = i64::try_from(call.client.id).unwrap_or(i64::MAX);
    let fields = [
        ("server", bulk("redis")),
        ("version", bulk(VERSION)),
        ("proto", Value::Int(protocol)),
        ("id", Value::Int(id)),
        ("mode", bulk("standalone")),
        ("role", bulk("master")),
        ("modules", Value::Array(Vec::new())),
    ];
    Value::Map(fields.into_iter().map(|(name, value)| (bulk(name), value)).collect())
}

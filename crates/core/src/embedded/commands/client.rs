//! CLIENT: what a connection says of itself, and what it learns of the others.

mod kill;
mod list;
#[cfg(test)]
mod tests;

use redis::Value;

use super::help::help as help_text;
use super::{bulk, tracking};
use crate::embedded::blocked::Unblock;
use crate::embedded::call::Call;
use crate::embedded::client::ClientId;
use crate::embedded::data::Data;
use crate::embedded::number;
use crate::embedded::refusal::{Refusal, told};
use crate::embedded::spec::Spec;

pub(super) const COMMANDS: &[Spec] = &[Spec::container("client", SUBCOMMANDS)];

const SUBCOMMANDS: &[Spec] = &[
    Spec::other("client|caching", 3, tracking::caching).not_in_scripts(),
    Spec::other("client|getname", 2, name).not_in_scripts(),
    Spec::other("client|getredir", 2, tracking::redirection).not_in_scripts(),
    Spec::other("client|help", 2, help),
    Spec::other("client|id", 2, id).not_in_scripts(),
    Spec::other("client|info", 2, list::info).not_in_scripts(),
    Spec::other("client|kill", -3, kill::kill).not_in_scripts(),
    Spec::other("client|list", -2, list::list).not_in_scripts(),
    Spec::other("client|no-evict", 3, no_evict).not_in_scripts(),
    Spec::other("client|no-touch", 3, no_touch).not_in_scripts(),
    Spec::other("client|pause", -3, pause).not_in_scripts(),
    Spec::other("client|reply", 3, reply).not_in_scripts(),
    Spec::other("client|setinfo", 4, set_info).not_in_scripts(),
    Spec::other("client|setname", 3, rename).not_in_scripts(),
    Spec::other("client|tracking", -3, tracking::tracking).not_in_scripts(),
    Spec::other("client|trackinginfo", 2, tracking::info).not_in_scripts(),
    Spec::other("client|unblock", -3, unblock).not_in_scripts(),
    Spec::other("client|unpause", 2, |_call| Ok(Value::Okay)).not_in_scripts(),
];

/// Whether a connection may be called so, or its library.
pub(super) fn check_name(name: &[u8]) -> Result<(), Refusal> {
    check_text("Client names", name)
}

fn check_text(what: &str, text: &[u8]) -> Result<(), Refusal> {
    // Redis looks no further than a string of C goes.
    if told(text, text.len()).iter().all(u8::is_ascii_graphic) {
        return Ok(());
    }
    Err(Refusal::new(format!("ERR {what} cannot contain spaces, newlines or special characters.")))
}

pub(super) fn set_name(call: &mut Call<'_>, name: &[u8]) {
    if let Some(member) = call.data.roster.get_mut(call.client.id) {
        member.name = name.to_vec();
    }
}

/// Whether a connection listens to channels.
pub(super) fn is_listening(data: &Data, id: ClientId) -> bool {
    data.hub.interests(id) > 0
}

fn rename(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let name = call.word(2)?;
    check_name(name)?;
    set_name(call, name);
    Ok(Value::Okay)
}

fn name(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let member = call.data.roster.get(call.client.id);
    Ok(member.filter(|member| !member.name.is_empty()).map_or(Value::Nil, |member| bulk(&member.name)))
}

fn id(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(Value::Int(i64::try_from(call.client.id).unwrap_or(i64::MAX)))
}

fn set_info(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (option, text) = (call.word(2)?, call.word(3)?);
    let is_library = option.eq_ignore_ascii_case(b"lib-name");
    let shown = Refusal::shown(option);
    if !is_library && !option.eq_ignore_ascii_case(b"lib-ver") {
        return Err(Refusal::new(format!("ERR Unrecognized option '{shown}'")));
    }
    check_text(&shown, text)?;
    if let Some(member) = call.data.roster.get_mut(call.client.id) {
        let field = if is_library { &mut member.library } else { &mut member.library_version };
        *field = text.to_vec();
    }
    Ok(Value::Okay)
}

/// Whether the third word is ON; else it must be OFF.
fn is_on(call: &Call<'_>) -> Result<bool, Refusal> {
    if call.is(2, "ON") || call.is(2, "OFF") { Ok(call.is(2, "ON")) } else { Err(Refusal::SYNTAX) }
}

fn no_evict(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_on = is_on(call)?;
    if let Some(member) = call.data.roster.get_mut(call.client.id) {
        member.is_no_evict = is_on;
    }
    Ok(Value::Okay)
}

fn no_touch(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_on = is_on(call)?;
    if let Some(member) = call.data.roster.get_mut(call.client.id) {
        member.is_no_touch = is_on;
    }
    Ok(Value::Okay)
}

/// Whoever writes the replies heeds it; here they are values, of which each command has one.
fn reply(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_known = ["ON", "OFF", "SKIP"].iter().any(|mode| call.is(2, mode));
    if is_known { Ok(Value::Okay) } else { Err(Refusal::SYNTAX) }
}

/// Refused, for a pause that holds nobody up would be a lie.
fn pause(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match number::integer(call.word(2)?) {
        None => return Err(Refusal::fixed("ERR timeout is not an integer or out of range")),
        Some(..0) => return Err(Refusal::fixed("ERR timeout is negative")),
        Some(_) => {}
    }
    let is_known = match call.rest(3) {
        [] => true,
        [_] => call.is(3, "WRITE") || call.is(3, "ALL"),
        [..] => return Err(Refusal::SYNTAX),
    };
    if !is_known {
        return Err(Refusal::fixed("ERR CLIENT PAUSE mode must be WRITE or ALL"));
    }
    Err(Refusal::fixed("ERR CLIENT PAUSE is not supported by an embedded node"))
}

fn unblock(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let id = call.int(2)?;
    let how = match call.rest(3) {
        [] => Unblock::TimedOut,
        [_] if call.is(3, "TIMEOUT") => Unblock::TimedOut,
        [_] if call.is(3, "ERROR") => Unblock::Refused,
        [_] => return Err(Refusal::fixed("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
        [..] => return Err(Refusal::SYNTAX),
    };
    let was_waiting = ClientId::try_from(id).is_ok_and(|id| call.data.blocked.release(id, how));
    Ok(Value::Int(was_waiting.into()))
}

fn help(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(help_text("CLIENT", HELP))
}

const HELP: &[&str] = &[
    "CACHING (YES|NO)",
    "GETNAME",
    "GETREDIR",
    "ID",
    "INFO",
    "KILL <ip:port>",
    "KILL <option> <value> [<option> <value> [...]]",
    "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <id> [...]]",
    "NO-EVICT (ON|OFF)",
    "NO-TOUCH (ON|OFF)",
    "REPLY (ON|OFF|SKIP)",
    "SETINFO (LIB-NAME|LIB-VER) <value>",
    "SETNAME <name>",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
    "TRACKINGINFO",
    "UNBLOCK <id> [TIMEOUT|ERROR]",
];

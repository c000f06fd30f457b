//! The table `redis`: commands, errors, and what a script may ask of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mlua::{Lua, Table, Value as Item, Variadic};
use redis::Value;

use super::errors::{self, Raised};
use super::host::{Host, Protocol, Seat};
use super::meter::Meter;
use super::numbers;
use super::to_lua;
use super::words::{self, Word};
use crate::embedded::server::{VERSION, VERSION_NUM};

/// Instructions that a command counts for: it takes about as long.
const COMMAND_COST: u64 = 100;

/// What the functions of a script share with the engine.
#[derive(Debug)]
pub(super) struct Shared<H> {
    pub(super) seat: Seat<H>,
    /// `redis.setresp(3)` was called.
    pub(super) resp3: AtomicBool,
}

impl<H> Shared<H> {
    pub(super) fn protocol(&self) -> Protocol {
        if self.resp3.load(Ordering::Relaxed) { Protocol::Resp3 } else { Protocol::Resp2 }
    }
}

/// The table, for base.lua to put a face before.
pub(super) fn table<H: Host>(lua: &Lua, shared: &Arc<Shared<H>>, meter: &Arc<Meter>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    commands(lua, &table, shared, meter)?;
    replies(lua, &table)?;
    settings(lua, &table, shared)?;
    for (name, value) in [("LOG_DEBUG", 0), ("LOG_VERBOSE", 1), ("LOG_NOTICE", 2), ("LOG_WARNING", 3)] {
        table.raw_set(name, value)?;
    }
    let repl = [("REPL_NONE", 0), ("REPL_AOF", 1), ("REPL_SLAVE", 2), ("REPL_REPLICA", 2), ("REPL_ALL", 3)];
    for (name, value) in repl {
        table.raw_set(name, value)?;
    }
    table.raw_set("REDIS_VERSION", VERSION)?;
    table.raw_set("REDIS_VERSION_NUM", VERSION_NUM)?;
    Ok(table)
}

/// What a command came to, for `call` and `pcall` to tell each in its way.
enum Told {
    Value(Item),
    /// An error reply, and whether it is a command's own.
    Error(Vec<u8>, bool),
}

fn commands<H: Host>(
    lua: &Lua,
    table: &Table,
    shared: &Arc<Shared<H>>,
    meter: &Arc<Meter>,
) -> mlua::Result<()> {
    let (host, own) = (Arc::clone(shared), Arc::clone(meter));
    let call = lua.create_function(move |lua, arguments: Variadic<Word>| {
        match command(lua, &host, &own, arguments)? {
            Told::Value(item) => Ok(item),
            Told::Error(text, counted) => Err(Raised::Reply { text, counted }.into()),
        }
    })?;
    table.raw_set("call", call)?;
    let (host, own) = (Arc::clone(shared), Arc::clone(meter));
    let pcall = lua.create_function(move |lua, arguments: Variadic<Word>| {
        match command(lua, &host, &own, arguments)? {
            Told::Value(item) => Ok(item),
            Told::Error(text, counted) => Ok(Item::Table(errors::reply_table(lua, &text, counted)?)),
        }
    })?;
    table.raw_set("pcall", pcall)?;
    let host = Arc::clone(shared);
    let permits = lua.create_function(move |_, arguments: Variadic<Word>| {
        let words = given(arguments).map_err(|text| Raised::Reply { text, counted: false })?;
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let unknown = || Raised::Reply {
            text: b"ERR Invalid command passed to redis.acl_check_cmd()".to_vec(),
            counted: false,
        };
        Ok(host.seat.with(|host| host.permits(&words)).flatten().ok_or_else(unknown)?)
    })?;
    table.raw_set("acl_check_cmd", permits)
}

fn command<H: Host>(
    lua: &Lua,
    shared: &Shared<H>,
    meter: &Meter,
    arguments: Variadic<Word>,
) -> mlua::Result<Told> {
    let words = match given(arguments) {
        Ok(words) => words,
        Err(text) => return Ok(Told::Error(text, false)),
    };
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    meter.spend(COMMAND_COST)?;
    let protocol = shared.protocol();
    match shared.seat.with(|host| host.call(&words, protocol)) {
        // It takes no memory of Lua's.
        Some(Ok(Value::Int(number))) => Ok(Told::Value(to_lua::integer(number))),
        Some(Ok(value)) => {
            unlimited(lua, meter.limits().memory_bytes, || to_lua::convert(lua, value, protocol))
                .map(Told::Value)
        }
        Some(Err(text)) => Ok(Told::Error(text.into_bytes(), true)),
        None => Err(mlua::Error::runtime("no script is running")),
    }
}

/// The words, or the text of the error that they are none.
fn given(arguments: Variadic<Word>) -> Result<Vec<Vec<u8>>, Vec<u8>> {
    if arguments.is_empty() {
        return Err(b"ERR Please specify at least one argument for this redis lib call".to_vec());
    }
    words::words(arguments)
        .ok_or_else(|| b"ERR Lua redis lib command arguments must be strings or integers".to_vec())
}

/// Runs `build` without the memory limit, so that it cannot fail half-way, and much faster. What it builds is as
/// large as a reply of the host's, and counts from then on.
pub(super) fn unlimited<R>(
    lua: &Lua,
    limit: usize,
    build: impl FnOnce() -> mlua::Result<R>,
) -> mlua::Result<R> {
    lua.set_memory_limit(0)?;
    let built = build();
    lua.set_memory_limit(limit)?;
    built
}

fn replies(lua: &Lua, table: &Table) -> mlua::Result<()> {
    let error = lua.create_function(|lua, arguments: Variadic<Word>| {
        errors::error_table(
            lua,
            &only_text(arguments).map_or_else(|| WRONG_REPLY.to_vec(), |text| error_reply(&text)),
        )
    })?;
    table.raw_set("error_reply", error)?;
    let status = lua.create_function(|lua, arguments: Variadic<Word>| match only_text(arguments) {
        Some(text) => {
            let table = lua.create_table()?;
            table.raw_set("ok", lua.create_string(text)?)?;
            Ok(table)
        }
        None => errors::error_table(lua, WRONG_REPLY),
    })?;
    table.raw_set("status_reply", status)?;
    let sha1hex = lua.create_function(|lua, arguments: Variadic<Word>| {
        let mut arguments = arguments.into_iter();
        let (Some(text), None) = (arguments.next(), arguments.next()) else {
            return Err(raise_reply("wrong number of arguments"));
        };
        let text = match text {
            Word::Text(text) => text,
            Word::Number(number) => numbers::lua_text(number).into_bytes(),
            Word::Other => Vec::new(),
        };
        lua.create_string(sha1_smol::Sha1::from(text).digest().to_string())
    })?;
    table.raw_set("sha1hex", sha1hex)
}

const WRONG_REPLY: &[u8] = b"ERR wrong number or type of arguments";

fn only_text(arguments: Variadic<Word>) -> Option<Vec<u8>> {
    let mut arguments = arguments.into_iter();
    match (arguments.next(), arguments.next()) {
        (Some(Word::Text(text)), None) => Some(text),
        _ => None,
    }
}

/// An error's text has a code in front: the script's own, or ERR.
fn error_reply(text: &[u8]) -> Vec<u8> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    if text.contains(&b' ') { text.to_vec() } else { [b"ERR ".as_slice(), text].concat() }
}

fn raise_reply(text: &str) -> mlua::Error {
    Raised::Reply { text: format!("ERR {text}").into_bytes(), counted: false }.into()
}

fn settings<H: Host>(lua: &Lua, table: &Table, shared: &Arc<Shared<H>>) -> mlua::Result<()> {
    let host = Arc::clone(shared);
    let setresp = lua.create_function(move |_, arguments: Variadic<Word>| {
        let mut arguments = arguments.into_iter();
        let (Some(version), None) = (arguments.next(), arguments.next()) else {
            return Err(raise_reply("redis.setresp() requires one argument."));
        };
        match number(&version).map(numbers::to_integer) {
            Some(version @ (2 | 3)) => {
                host.resp3.store(version == 3, Ordering::Relaxed);
                Ok(())
            }
            _ => Err(raise_reply("RESP version must be 2 or 3.")),
        }
    })?;
    table.raw_set("setresp", setresp)?;
    let host = Arc::clone(shared);
    let log = lua.create_function(move |_, arguments: Variadic<Word>| log(&host, arguments))?;
    table.raw_set("log", log)?;
    table.raw_set(
        "set_repl",
        lua.create_function(|_, arguments: Variadic<Word>| {
            let mut arguments = arguments.into_iter();
            let (Some(flags), None) = (arguments.next(), arguments.next()) else {
                return Err(raise_reply("redis.set_repl() requires one argument."));
            };
            let flags = number(&flags).map_or(0, numbers::to_integer);
            if !(0..=3).contains(&flags) {
                return Err(raise_reply(
                    "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
                ));
            }
            Ok(())
        })?,
    )?;
    table.raw_set("replicate_commands", lua.create_function(|_, ()| Ok(true))?)?;
    // without a debugger these do nothing
    table.raw_set("breakpoint", lua.create_function(|_, _: Variadic<Word>| Ok(false))?)?;
    table.raw_set("debug", lua.create_function(|_, _: Variadic<Word>| Ok(()))?)
}

/// A number, or a string that reads as one.
fn number(word: &Word) -> Option<f64> {
    match word {
        Word::Number(number) => Some(*number),
        Word::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        Word::Other => None,
    }
}

fn log<H: Host>(shared: &Shared<H>, arguments: Variadic<Word>) -> mlua::Result<()> {
    if arguments.len() < 2 {
        return Err(raise_reply("redis.log() requires two arguments or more."));
    }
    let mut arguments = arguments.into_iter();
    let Some(level) = arguments.next().as_ref().and_then(number) else {
        return Err(raise_reply("First argument must be a number (log level)."));
    };
    let Some(level) = u8::try_from(numbers::to_integer(level)).ok().filter(|level| *level <= 3) else {
        return Err(raise_reply("Invalid log level."));
    };
    let words: Vec<Vec<u8>> = arguments.filter_map(|word| words::words([word])).flatten().collect();
    let line = words.join(&b' ');
    shared.seat.with(|host| host.log(level, &line));
    Ok(())
}

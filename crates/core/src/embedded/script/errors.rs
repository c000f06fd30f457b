//! Errors on their way through Lua: raised by our functions, caught or not by a script, told to the caller.
//!
//! A Rust function can raise only an object of mlua's. It carries a [`Raised`], and whatever could show it to a
//! script (pcall, xpcall, coroutine.resume: base.lua) asks [`plain`] for the string or table that Redis's C code
//! would have raised instead. A script that must stop is never given anything to hold: `plain` raises again.

use std::fmt;
use std::sync::Arc;

use mlua::{Error, Lua, Table, Value};

use super::meter::{Meter, Stop};

/// Why a script gave no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// An error reply of the script, of a command it called, or of the compiler: its whole text. What the script
    /// wrote before stays written, as with Redis.
    Refused(String),
    /// The script used more than it may. What it wrote is to be undone.
    Stopped(Stop),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) => out.write_str(text),
            Self::Stopped(stop) => write!(out, "ERR {stop}"),
        }
    }
}

/// What a function of ours raised.
#[derive(Clone, Debug)]
pub(super) enum Raised {
    /// A string, with its position in front where Redis has one.
    Text(Vec<u8>),
    /// A table `{err = ..}`. Redis marks those of a command's own error as already counted in its statistics.
    Reply { text: Vec<u8>, counted: bool },
    /// The script must end.
    Stop(Stop),
}

impl fmt::Display for Raised {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Reply { text, .. } => write!(out, "{}", String::from_utf8_lossy(text)),
            Self::Stop(stop) => stop.fmt(out),
        }
    }
}

impl std::error::Error for Raised {}

impl From<Raised> for Error {
    fn from(raised: Raised) -> Self {
        Self::external(raised)
    }
}

/// What `luaL_error` raises: the text behind the line of the script that called the running function.
pub(super) fn raise(lua: &Lua, text: impl AsRef<[u8]>) -> Error {
    raise_at(lua, 1, text)
}

/// The same for the caller of the function at this level of the stack.
pub(super) fn raise_at(lua: &Lua, level: usize, text: impl AsRef<[u8]>) -> Error {
    let mut whole = position(lua, level).into_bytes();
    whole.extend_from_slice(text.as_ref());
    Raised::Text(whole).into()
}

/// What `luaL_argerror` raises about argument `number` of the running function.
pub(super) fn bad_argument(lua: &Lua, number: usize, problem: &str) -> Error {
    bad_argument_at(lua, 0, number, problem)
}

/// The same about the function at `level`, for wrappers written in Lua.
pub(super) fn bad_argument_at(lua: &Lua, level: usize, number: usize, problem: &str) -> Error {
    let called = lua.inspect_stack(level, |function| {
        let names = function.names();
        (names.name.map(std::borrow::Cow::into_owned), names.name_what == Some("method"))
    });
    let (name, method) = called.unwrap_or((None, false));
    let name = name.as_deref().unwrap_or("?");
    let text = match (method, number) {
        (true, 1) => format!("calling '{name}' on bad self ({problem})"),
        (true, _) => format!("bad argument #{} to '{name}' ({problem})", number.saturating_sub(1)),
        (false, _) => format!("bad argument #{number} to '{name}' ({problem})"),
    };
    raise_at(lua, level.saturating_add(1), text)
}

/// `user_script:1: `, or nothing where the function at this level has no line.
fn position(lua: &Lua, level: usize) -> String {
    let place = lua.inspect_stack(level, |function| {
        let line = function.current_line().filter(|line| *line > 0)?;
        Some(format!("{}:{line}: ", function.source().short_src.as_deref().unwrap_or("?")))
    });
    place.flatten().unwrap_or_default()
}

/// What ours raised, inside what mlua made of it.
pub(super) fn raised(error: &Error) -> Option<&Raised> {
    match error {
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => raised(cause),
        Error::ExternalError(inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// What base.lua is called on the stack.
pub(super) const BASE: &str = "=base";

/// Lua's own words when it cannot get memory.
const NO_MEMORY: &[u8] = b"not enough memory";

/// The value that a script may see instead of `problem`; an error again, if the script must end.
pub(super) fn plain(lua: &Lua, meter: &Arc<Meter>, problem: Value) -> mlua::Result<Value> {
    if is_starvation(&problem) {
        meter.starve();
    }
    meter.check()?;
    let error = match &problem {
        Value::Error(error) => error,
        Value::String(text) => {
            let text = text.as_bytes();
            let own = without_own_place(&text);
            return if own.len() == text.len() { Ok(problem.clone()) } else { string(lua, own) };
        }
        _ => return Ok(problem),
    };
    match raised(error) {
        Some(Raised::Reply { text, counted }) => Ok(Value::Table(reply_table(lua, text, *counted)?)),
        Some(Raised::Text(text)) => string(lua, without_own_place(text)),
        Some(Raised::Stop(stop)) => Err(Raised::Stop(*stop).into()),
        None => string(lua, foreign(error).as_bytes()),
    }
}

fn string(lua: &Lua, text: &[u8]) -> mlua::Result<Value> {
    Ok(Value::String(lua.create_string(text)?))
}

/// A text without the place that Lua put in front of it, if that is in base.lua: behind Redis's pcall there is no place.
fn without_own_place(text: &[u8]) -> &[u8] {
    let Some(behind) = text.strip_prefix(b"base:") else { return text };
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let place = behind.get(digits..).and_then(|behind| behind.strip_prefix(b": "));
    place.filter(|_| digits > 0).unwrap_or(text)
}

fn is_starvation(problem: &Value) -> bool {
    match problem {
        Value::String(text) => text.as_bytes() == NO_MEMORY,
        Value::Error(error) => starved(error),
        _ => false,
    }
}

/// Whether mlua says that Lua got no memory.
pub(super) fn starved(error: &Error) -> bool {
    match error {
        Error::MemoryError(_) => true,
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => starved(cause),
        _ => false,
    }
}

/// The text of an error that mlua itself raised inside a function of ours.
fn foreign(error: &Error) -> String {
    match error {
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => foreign(cause),
        // mlua adds a traceback to what Lua raised inside one of its own calls
        Error::RuntimeError(text) => text.split("\nstack traceback:").next().unwrap_or_default().to_owned(),
        Error::StackError => "stack overflow".to_owned(),
        other => other.to_string(),
    }
}

/// `{err = text}`
pub(super) fn error_table(lua: &Lua, text: &[u8]) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, 1)?;
    table.raw_set("err", lua.create_string(text)?)?;
    Ok(table)
}

/// The table of a command's error.
pub(super) fn reply_table(lua: &Lua, text: &[u8], counted: bool) -> mlua::Result<Table> {
    let table = error_table(lua, text)?;
    if counted {
        table.raw_set("ignore_error_stats_update", true)?;
    }
    Ok(table)
}

/// Redis's handler of errors that nobody caught: a table with the text and where it happened.
pub(super) fn describe(lua: &Lua, meter: &Arc<Meter>, problem: Value) -> mlua::Result<Table> {
    let place = place(lua);
    let table = match plain(lua, meter, problem)? {
        Value::Table(table) => table,
        other => {
            let mut text = b"ERR ".to_vec();
            text.extend_from_slice(other.to_string()?.as_bytes());
            error_table(lua, &text)?
        }
    };
    if let Some((source, line)) = place {
        table.raw_set("source", source)?;
        table.raw_set("line", line)?;
    }
    Ok(table)
}

/// The function that raised, or the one that called it, if that is none of Lua's. Our wrappers in base.lua stand for
/// functions that Redis has in C, so they are passed over with what they call.
fn place(lua: &Lua) -> Option<(String, Option<usize>)> {
    let look = |level| {
        lua.inspect_stack(level, |function| {
            let source = function.source();
            let name = source.source.map(std::borrow::Cow::into_owned).unwrap_or_default();
            (source.what == "C", name, function.current_line())
        })
    };
    let (native, ..) = look(1)?;
    let mut level = if native { 2 } else { 1 };
    loop {
        let (_, name, line) = look(level)?;
        if name != BASE {
            return Some((name, line));
        }
        level = level.saturating_add(1);
    }
}

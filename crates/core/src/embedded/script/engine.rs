//! One Lua state: it compiles scripts, keeps them by their hash, and runs them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mlua::{BString, ChunkMode, Either, Error, Function, Lua, LuaOptions, StdLib, Table, Value as Item};
use redis::Value;

use super::arguments;
use super::base;
use super::errors::{self, Failure, Raised};
use super::from_lua;
use super::host::{Host, Panic, Seat};
use super::libraries;
use super::meter::{Limits, Meter, Stop};
use super::redis_table::{self, Shared, unlimited};
use super::shebang::{self, Flags};
use super::words::Item as Any;

/// Compiled functions that are kept; the rest are compiled again when they are wanted.
const MAX_COMPILED: usize = 500;

/// The name by which a script is called again: its SHA-1 in lower-case hex.
pub(crate) fn sha1(source: &[u8]) -> String {
    sha1_smol::Sha1::from(source).digest().to_string()
}

/// A script that has been compiled at least once.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    source: Arc<[u8]>,
    sha: Arc<str>,
    flags: Flags,
}

impl Script {
    pub(crate) fn sha(&self) -> &str {
        &self.sha
    }

    pub(crate) const fn flags(&self) -> Flags {
        self.flags
    }
}

/// How a run ended, and the host as it left it.
#[derive(Debug)]
pub(crate) struct Finished<H> {
    /// What the script replied.
    pub(crate) reply: Result<Value, Failure>,
    /// The host that was given to the run.
    pub(crate) host: Option<H>,
    /// What the host panicked with, if it did: then the reply says nothing, and this Lua is not to be run again.
    pub(crate) panic: Option<Panic>,
}

/// A node's Lua. Making one takes some hundred microseconds, so a node waits for its first script.
#[derive(Debug)]
pub(crate) struct Engine<H> {
    lua: Lua,
    shared: Arc<Shared<H>>,
    meter: Arc<Meter>,
    run: Function,
    tidy: Function,
    compiled: BTreeMap<Arc<str>, Compiled>,
    /// Runs so far: when a function was last wanted.
    clock: u64,
}

#[derive(Debug)]
struct Compiled {
    function: Function,
    wanted: u64,
}

impl<H: Host> Engine<H> {
    /// An engine with these limits. An error means that memory is short even for this.
    pub(crate) fn new(limits: Limits) -> Result<Self, Failure> {
        let meter = Arc::new(Meter::new(limits));
        let shared = Arc::new(Shared { seat: Seat::empty(), resp3: AtomicBool::new(false) });
        let made = Self::build(&shared, &meter);
        let (lua, run, tidy) = made.map_err(|error| Failure::Refused(format!("ERR Lua: {error}")))?;
        Ok(Self { lua, shared, meter, run, tidy, compiled: BTreeMap::new(), clock: 0 })
    }

    fn build(shared: &Arc<Shared<H>>, meter: &Arc<Meter>) -> mlua::Result<(Lua, Function, Function)> {
        let lua = Lua::new_with(StdLib::TABLE | StdLib::STRING | StdLib::MATH, LuaOptions::default())?;
        arguments::prepare(&lua);
        let tables = lua.create_table()?;
        tables.raw_set("redis", redis_table::table(&lua, shared, meter)?)?;
        libraries::install(&lua, meter, &tables)?;
        let (run, tidy) = base::install(&lua, meter, tables)?;
        meter.attach(&lua)?;
        lua.set_memory_limit(meter.limits().memory_bytes)?;
        Ok((lua, run, tidy))
    }

    /// Compiles a script; the error is the reply to EVAL or SCRIPT LOAD.
    pub(crate) fn load(&mut self, source: &[u8]) -> Result<Script, Failure> {
        let (flags, _) = shebang::read(source).map_err(Failure::Refused)?;
        let script = Script { source: source.into(), sha: sha1(source).into(), flags };
        self.function(&script)?;
        Ok(script)
    }

    /// The function of `script`: kept, or compiled now.
    fn function(&mut self, script: &Script) -> Result<Function, Failure> {
        self.clock = self.clock.saturating_add(1);
        if let Some(kept) = self.compiled.get_mut(&*script.sha) {
            kept.wanted = self.clock;
            return Ok(kept.function.clone());
        }
        let function = self.compile(&script.source)?;
        if self.compiled.len() >= MAX_COMPILED {
            let oldest =
                self.compiled.iter().min_by_key(|(_, kept)| kept.wanted).map(|(sha, _)| Arc::clone(sha));
            oldest.and_then(|sha| self.compiled.remove(&sha));
        }
        let kept = Compiled { function: function.clone(), wanted: self.clock };
        self.compiled.insert(Arc::clone(&script.sha), kept);
        Ok(function)
    }

    fn compile(&self, source: &[u8]) -> Result<Function, Failure> {
        let (_, body) = shebang::read(source).map_err(Failure::Refused)?;
        let chunk = self.lua.load(body).set_name("@user_script").set_mode(ChunkMode::Text);
        chunk.into_function().map_err(|error| match error {
            Error::SyntaxError { message, .. } => {
                let message = from_lua::one_line(message.as_bytes());
                Failure::Refused(format!("ERR Error compiling script (new function): {message}"))
            }
            error if errors::starved(&error) => {
                Failure::Stopped(Stop::Memory(self.meter.limits().memory_bytes))
            }
            error => Failure::Refused(format!("ERR Error compiling script (new function): {error}")),
        })
    }

    /// Runs `script` for `host`, which comes back with the reply.
    pub(crate) fn run(&mut self, script: &Script, keys: &[&[u8]], argv: &[&[u8]], host: H) -> Finished<H> {
        self.meter.reset();
        self.shared.resp3.store(false, Ordering::Relaxed);
        self.make_room();
        let function = match self.function(script) {
            Ok(function) => function,
            Err(failure) => return Finished { reply: Err(failure), host: Some(host), panic: None },
        };
        self.shared.seat.enter(host);
        let ended = catch_unwind(AssertUnwindSafe(|| self.call(function, keys, argv)));
        let (host, fell) = self.shared.seat.leave();
        match (ended, fell) {
            (Ok(ended), None) => Finished { reply: self.reply(script, ended), host, panic: None },
            (Ok(_), Some(panic)) | (Err(panic), _) => {
                let reply = Err(Failure::Refused("ERR the script's host panicked".to_owned()));
                Finished { reply, host, panic: Some(panic) }
            }
        }
    }

    /// What earlier scripts left behind takes no more than half of the memory.
    fn make_room(&mut self) {
        let half = self.meter.limits().memory_bytes / 2;
        let collect = |lua: &Lua| lua.gc_collect().and_then(|()| lua.gc_collect());
        if self.lua.used_memory() > half && (collect(&self.lua).is_err() || self.lua.used_memory() > half) {
            self.compiled.clear();
            // that Lua cannot collect is told by what runs next
            collect(&self.lua).ok();
        }
    }

    fn call(&self, function: Function, keys: &[&[u8]], argv: &[&[u8]]) -> mlua::Result<(bool, Any)> {
        let arguments = unlimited(&self.lua, self.meter.limits().memory_bytes, || {
            Ok((self.strings(keys)?, self.strings(argv)?))
        });
        let (keys, argv) = arguments?;
        self.run.call((function, keys, argv))
    }

    fn strings(&self, words: &[&[u8]]) -> mlua::Result<Table> {
        // Text gets to Lua as it is, other bytes by way of one of mlua's handles.
        self.lua.create_sequence_from(words.iter().map(|word| match str::from_utf8(word) {
            Ok(text) => Either::Left(text),
            Err(_) => Either::Right(BString::from(*word)),
        }))
    }

    fn reply(&self, script: &Script, ended: mlua::Result<(bool, Any)>) -> Result<Value, Failure> {
        if let Some(stop) = self.meter.stop() {
            return Err(self.clean(Failure::Stopped(stop)));
        }
        match ended {
            Ok((true, value)) => unlimited(&self.lua, self.meter.limits().memory_bytes, || {
                Ok(from_lua::reply(value, self.shared.protocol(), self.meter.limits().memory_bytes))
            })
            .unwrap_or_else(|error| Err(Failure::Refused(format!("ERR Lua: {error}")))),
            Ok((false, problem)) => Err(Failure::Refused(explain(script, problem))),
            Err(error) => Err(self.clean(self.broken(script, &error))),
        }
    }

    /// A failure that went past the handler of errors.
    fn broken(&self, script: &Script, error: &Error) -> Failure {
        match errors::raised(error) {
            Some(Raised::Stop(stop)) => Failure::Stopped(*stop),
            _ if errors::starved(error) => Failure::Stopped(Stop::Memory(self.meter.limits().memory_bytes)),
            _ => Failure::Refused(format!("ERR Error running script {}, {error}", script.sha)),
        }
    }

    /// After a script that was cut off: its garbage goes, and what it did to the state.
    fn clean(&self, failure: Failure) -> Failure {
        self.meter.reset();
        let tidied = self.tidy.call::<()>(());
        let collected = self.lua.gc_collect();
        match tidied.and(collected) {
            Ok(()) => failure,
            Err(error) => Failure::Refused(format!("{failure}; and Lua could not clean up: {error}")),
        }
    }
}

/// The text of an error that nobody caught, with the script and the line.
fn explain(script: &Script, problem: Any) -> String {
    let Either::Left(super::words::Other(Item::Table(table))) = problem else {
        return format!("ERR Error running script {}, execution failure", script.sha);
    };
    let text = from_lua::error_text(&table).unwrap_or_else(|| "ERR unknown error".to_owned());
    let place = match (table.raw_get::<Option<String>>("source"), table.raw_get::<Option<i64>>("line")) {
        (Ok(Some(source)), Ok(Some(line))) => format!(" script: {}, on {source}:{line}.", script.sha),
        _ => String::new(),
    };
    text + &place
}

#[cfg(test)]
mod tests;

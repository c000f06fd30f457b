//! Lua as a script finds it: Redis's choice of functions, read-only, with nothing of the machine it runs on.

use std::sync::Arc;

use mlua::{ChunkMode, Either, Function, Lua, Table, Value, Variadic};

use super::arguments::function;
use super::errors::{self, Raised, bad_argument_at, raise, raise_at};
use super::meter::Meter;
use super::numbers;
use super::random::Generator;
use super::words::{Item, Other, Skip};

/// Instructions that `os.clock` shows as one second: time is what a script has used, so that runs can be replayed.
const INSTRUCTIONS_A_SECOND: f64 = 100e6;

/// Makes base.lua the globals of everything compiled from now on; gives its `run` and `tidy`.
pub(super) fn install(lua: &Lua, meter: &Arc<Meter>, libraries: Table) -> mlua::Result<(Function, Function)> {
    let rust = lua.create_table()?;
    protection(lua, &rust, meter)?;
    faces(lua, &rust)?;
    numbers_and_time(lua, &rust, meter)?;
    let chunk = lua.load(include_str!("base.lua")).set_name(errors::BASE).set_mode(ChunkMode::Text);
    let (globals, run, tidy): (Table, Function, Function) = chunk.call((rust, libraries))?;
    lua.set_globals(globals)?;
    Ok((run, tidy))
}

/// What protected calls need to know about errors of ours, and coroutines about the meter.
fn protection(lua: &Lua, rust: &Table, meter: &Arc<Meter>) -> mlua::Result<()> {
    let own = Arc::clone(meter);
    rust.raw_set("plain", lua.create_function(move |lua, value: Item| problem(lua, &own, value))?)?;
    let own = Arc::clone(meter);
    let describe = lua.create_function(move |lua, value: Item| match value {
        Either::Left(Other(value)) => errors::describe(lua, &own, value),
        Either::Right(number) => errors::describe(lua, &own, Value::Number(number)),
    })?;
    rust.raw_set("describe", describe)?;
    let own = Arc::clone(meter);
    let charge = lua.create_function(move |_, ()| {
        own.charge();
        own.check()
    })?;
    rust.raw_set("charge", charge)?;
    let own = Arc::clone(meter);
    rust.raw_set("check", lua.create_function(move |_, ()| own.check())?)
}

fn problem(lua: &Lua, meter: &Arc<Meter>, value: Item) -> mlua::Result<Value> {
    match value {
        Either::Left(Other(value)) => errors::plain(lua, meter, value),
        Either::Right(number) => {
            meter.check()?;
            Ok(Value::Number(number))
        }
    }
}

const READ_ONLY: &str = "Attempt to modify a readonly table";

/// The errors of what cannot be read, written or passed.
fn faces(lua: &Lua, rust: &Table) -> mlua::Result<()> {
    let refuse_read = lua.create_function(|lua, (_, key): (Value, Item)| -> mlua::Result<Value> {
        let name = match key {
            Either::Left(Other(Value::String(name))) => name.as_bytes().to_vec(),
            Either::Right(number) => numbers::lua_text(number).into_bytes(),
            Either::Left(_) => {
                let text = "Second argument to luaProtectedTableError must be a string or number";
                return Err(raise(lua, text));
            }
        };
        let text = [b"Script attempted to access nonexistent global variable '", &*name, b"'"].concat();
        Err(raise(lua, text))
    })?;
    rust.raw_set("refuse_read", refuse_read)?;
    let refuse_write = |lua: &Lua, _: Variadic<Skip>| -> mlua::Result<()> { Err(raise(lua, READ_ONLY)) };
    rust.raw_set("refuse_write", lua.create_function(refuse_write)?)?;
    let readonly = |_: &Lua, ()| -> mlua::Result<()> { Err(Raised::Text(READ_ONLY.into()).into()) };
    rust.raw_set("readonly", lua.create_function(readonly)?)?;
    let is_lua = |_: &Lua, value: Value| match value {
        Value::Function(function) => Ok(function.info().what != "C"),
        _ => Ok(false),
    };
    rust.raw_set("is_lua", lua.create_function(is_lua)?)?;
    let refuse = |lua: &Lua, text: String| -> mlua::Result<()> { Err(raise_at(lua, 2, text)) };
    rust.raw_set("refuse", lua.create_function(refuse)?)?;
    // misfit(number, 'what is expected', value), or misfit(number, 'the whole problem')
    let misfit =
        |lua: &Lua, (number, expected, value): (usize, String, Variadic<Value>)| -> mlua::Result<()> {
            let problem = match value.first() {
                Some(Value::Integer(_)) => format!("{expected} expected, got number"),
                Some(value) => format!("{expected} expected, got {}", value.type_name()),
                None if expected.contains(' ') => expected,
                None => format!("{expected} expected, got no value"),
            };
            Err(bad_argument_at(lua, 1, number, &problem))
        };
    rust.raw_set("misfit", lua.create_function(misfit)?)
}

fn numbers_and_time(lua: &Lua, rust: &Table, meter: &Arc<Meter>) -> mlua::Result<()> {
    let own = Arc::clone(meter);
    #[expect(clippy::cast_precision_loss, reason = "a clock's fraction")]
    let clock = lua.create_function(move |_, ()| Ok(own.used() as f64 / INSTRUCTIONS_A_SECOND))?;
    rust.raw_set("clock", clock)?;
    let generator = Arc::new(Generator::new());
    let seeded = Arc::clone(&generator);
    let randomseed = function(lua, move |_, arguments| {
        let seed = arguments.integer(1)?;
        // C's conversion to int keeps the low 32 bits
        seeded.seed(u32::try_from(seed & 0xFFFF_FFFF).unwrap_or(0));
        Ok(())
    })?;
    rust.raw_set("randomseed", randomseed)?;
    let random = function(lua, move |lua, arguments| {
        let drawn = generator.draw();
        let (low, high) = match arguments.count() {
            0 => return Ok(drawn),
            1 => (1, arguments.integer(1)?),
            2 => (arguments.integer(1)?, arguments.integer(2)?),
            _ => return Err(raise(lua, "wrong number of arguments")),
        };
        if low > high {
            return Err(arguments.refuse(arguments.count(), "interval is empty"));
        }
        #[expect(clippy::cast_precision_loss, reason = "Lua's own arithmetic is on doubles")]
        let (low, width) = (low as f64, high.wrapping_sub(low).wrapping_add(1) as f64);
        Ok((drawn * width).floor() + low)
    })?;
    rust.raw_set("random", random)
}

//! The arguments of our functions, read and refused as Lua's own C functions do it.

use std::sync::atomic::{AtomicUsize, Ordering};

use mlua::{Either, Error, FromLua, Function, IntoLuaMulti, Lua, String as Text, Value, Variadic};

use super::errors::{bad_argument, raise};
use super::numbers;
use super::words::{Item, Other};

/// How many arguments are held at a time. Each string or table among them takes a handle of mlua's, which has about
/// eight thousand, as many as Lua's `unpack` can give.
const MAX_HELD: usize = 6000;

/// How many arguments of the call being made have been read.
#[derive(Debug, Default)]
struct Tally(AtomicUsize);

/// One argument, dropped at once if there are too many.
struct Held(Option<Other>);

impl FromLua for Held {
    fn from_lua(value: Value, lua: &Lua) -> mlua::Result<Self> {
        let value = Other::from_lua(value, lua)?;
        let read = lua.app_data_ref::<Tally>().map_or(0, |tally| tally.0.fetch_add(1, Ordering::Relaxed));
        Ok(Self((read < MAX_HELD).then_some(value)))
    }
}

/// The arguments of one call.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    lua: &'a Lua,
    items: Vec<Item>,
}

/// To be called once a state, before any function runs.
pub(super) fn prepare(lua: &Lua) {
    lua.set_app_data(Tally::default());
}

/// A function for Lua that takes any arguments.
pub(super) fn function<R: IntoLuaMulti>(
    lua: &Lua,
    body: impl Fn(&Lua, &Arguments<'_>) -> mlua::Result<R> + Send + 'static,
) -> mlua::Result<Function> {
    lua.create_function(move |lua, given: Variadic<Either<Held, f64>>| {
        if let Some(tally) = lua.app_data_ref::<Tally>() {
            tally.0.store(0, Ordering::Relaxed);
        }
        let items: Option<Vec<Item>> = given
            .into_iter()
            .map(|item| match item {
                Either::Left(held) => held.0.map(Either::Left),
                Either::Right(number) => Some(Either::Right(number)),
            })
            .collect();
        let items = items.ok_or_else(|| raise(lua, "too many arguments"))?;
        body(lua, &Arguments { lua, items })
    })
}

impl Arguments<'_> {
    pub(super) const fn count(&self) -> usize {
        self.items.len()
    }

    /// Argument `number`, from 1.
    pub(super) fn get(&self, number: usize) -> Option<&Item> {
        self.items.get(number.checked_sub(1)?)
    }

    /// All of them from argument `number`.
    pub(super) fn from(&self, number: usize) -> &[Item] {
        self.items.get(number.saturating_sub(1)..).unwrap_or_default()
    }

    /// A number, or a string that reads as one.
    pub(super) fn number(&self, number: usize) -> mlua::Result<f64> {
        let read = match self.get(number) {
            Some(Either::Right(value)) => Some(*value),
            Some(Either::Left(Other(Value::String(text)))) => {
                self.lua.coerce_number(Value::String(text.clone()))?
            }
            _ => None,
        };
        read.ok_or_else(|| self.misfit(number, "number"))
    }

    /// The same, cut to an integer as C on x86 does it.
    pub(super) fn integer(&self, number: usize) -> mlua::Result<i64> {
        self.number(number).map(numbers::to_integer)
    }

    /// The same, or `default` where there is none.
    pub(super) fn integer_or(&self, number: usize, default: i64) -> mlua::Result<i64> {
        if self.is_none_or_nil(number) { Ok(default) } else { self.integer(number) }
    }

    pub(super) fn is_none_or_nil(&self, number: usize) -> bool {
        matches!(self.get(number), None | Some(Either::Left(Other(Value::Nil))))
    }

    /// A string, or a number as Lua writes it.
    pub(super) fn string(&self, number: usize) -> mlua::Result<Text> {
        match self.get(number) {
            Some(Either::Left(Other(Value::String(text)))) => Ok(text.clone()),
            Some(Either::Right(value)) => self.lua.create_string(numbers::lua_text(*value)),
            _ => Err(self.misfit(number, "string")),
        }
    }

    /// `luaL_argerror`: `bad argument #1 to 'decode' (..)`.
    pub(super) fn refuse(&self, number: usize, problem: &str) -> Error {
        bad_argument(self.lua, number, problem)
    }

    /// `luaL_typerror`: `string expected, got no value`.
    fn misfit(&self, number: usize, expected: &str) -> Error {
        let got = self.get(number).map_or("no value", type_name);
        self.refuse(number, &format!("{expected} expected, got {got}"))
    }
}

/// The type as Lua calls it.
pub(super) fn type_name(item: &Item) -> &'static str {
    match item {
        Either::Right(_) => "number",
        Either::Left(Other(value)) => match value {
            Value::LightUserData(_) | Value::UserData(_) | Value::Error(_) => "userdata",
            other => other.type_name(),
        },
    }
}

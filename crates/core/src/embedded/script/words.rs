//! What comes out of Lua: items of any type, and the arguments of `redis.call` as a command's words.

use mlua::{Either, Error, FromLua, Lua, Value};

use super::numbers;

/// Any value of Lua. Numbers are apart because `Value` would make an integer of what is nearly one.
pub(super) type Item = Either<Other, f64>;

/// Any value but a number.
#[derive(Debug)]
pub(super) struct Other(pub(super) Value);

impl FromLua for Other {
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Self> {
        match value {
            Value::Integer(_) | Value::Number(_) => Err(Error::UserDataTypeMismatch),
            other => Ok(Self(other)),
        }
    }
}

/// A value that nobody looks at, dropped at once.
#[derive(Debug)]
pub(super) struct Skip;

impl FromLua for Skip {
    fn from_lua(_: Value, _: &Lua) -> mlua::Result<Self> {
        Ok(Self)
    }
}

/// One argument of a command, copied out of Lua at once: handles by the thousand would be too many for mlua.
pub(super) type Word = Either<Text, f64>;

/// A string's bytes, or nothing for what is no string and no number.
#[derive(Debug)]
pub(super) struct Text(pub(super) Option<Vec<u8>>);

impl FromLua for Text {
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Self> {
        match value {
            Value::String(text) => Ok(Self(Some(text.as_bytes().to_vec()))),
            Value::Integer(_) | Value::Number(_) => Err(Error::UserDataTypeMismatch),
            _ => Ok(Self(None)),
        }
    }
}

/// The words of a command, or nothing if one of them is no string and no number.
pub(super) fn words(arguments: impl IntoIterator<Item = Word>) -> Option<Vec<Vec<u8>>> {
    arguments
        .into_iter()
        .map(|word| match word {
            Either::Left(Text(text)) => text,
            Either::Right(number) => Some(numbers::to_text(number).into_bytes()),
        })
        .collect()
}

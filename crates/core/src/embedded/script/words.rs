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
#[derive(Debug)]
pub(super) enum Word {
    Text(Vec<u8>),
    Number(f64),
    /// What is no string and no number.
    Other,
}

impl FromLua for Word {
    #[expect(
        clippy::cast_precision_loss,
        reason = "mlua makes an integer only of a double that is exactly one"
    )]
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Self> {
        Ok(match value {
            Value::String(text) => Self::Text(text.as_bytes().to_vec()),
            Value::Integer(number) => Self::Number(number as f64),
            Value::Number(number) => Self::Number(number),
            _ => Self::Other,
        })
    }
}

/// The words of a command, or nothing if one of them is no string and no number.
pub(super) fn words(arguments: impl IntoIterator<Item = Word>) -> Option<Vec<Vec<u8>>> {
    arguments
        .into_iter()
        .map(|word| match word {
            Word::Text(text) => Some(text),
            Word::Number(number) => Some(numbers::to_text(number).into_bytes()),
            Word::Other => None,
        })
        .collect()
}

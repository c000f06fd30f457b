//! From a command's reply to a value of Lua.

use mlua::{Lua, Table, Value as Item};
use redis::{Value, VerbatimFormat};

use super::errors;
use super::host::Protocol;
use super::numbers;

/// The reply as a script sees it in this protocol.
///
/// The caller has lifted the memory limit: a reply is the host's, and Lua could not answer an error from here.
pub(super) fn convert(lua: &Lua, value: Value, protocol: Protocol) -> mlua::Result<Item> {
    match (value, protocol) {
        (Value::Nil, Protocol::Resp2) => Ok(Item::Boolean(false)),
        (Value::Nil, Protocol::Resp3) => Ok(Item::Nil),
        (Value::Int(number), _) => Ok(integer(number)),
        (Value::BulkString(bytes), _) => string(lua, bytes),
        (Value::Okay, _) => field(lua, "ok", string(lua, "OK")?),
        (Value::SimpleString(text), _) => field(lua, "ok", string(lua, text)?),
        (Value::ServerError(error), _) => {
            let mut text = error.code().to_owned();
            if let Some(details) = error.details() {
                text.push(' ');
                text.push_str(details);
            }
            Ok(Item::Table(errors::error_table(lua, text.as_bytes())?))
        }
        (Value::Array(items) | Value::Push { data: items, .. }, _) | (Value::Set(items), Protocol::Resp2) => {
            sequence(lua, items, protocol)
        }
        (Value::Attribute { data, .. }, _) => convert(lua, *data, protocol),
        (Value::Map(pairs), Protocol::Resp2) => {
            sequence(lua, pairs.into_iter().flat_map(|(key, value)| [key, value]).collect(), protocol)
        }
        (Value::Map(pairs), Protocol::Resp3) => {
            let table = lua.create_table_with_capacity(0, pairs.len())?;
            for (key, value) in pairs {
                set(&table, convert(lua, key, protocol)?, convert(lua, value, protocol)?)?;
            }
            field(lua, "map", Item::Table(table))
        }
        (Value::Set(items), Protocol::Resp3) => {
            let table = lua.create_table_with_capacity(0, items.len())?;
            for item in items {
                set(&table, convert(lua, item, protocol)?, Item::Boolean(true))?;
            }
            field(lua, "set", Item::Table(table))
        }
        (Value::Double(number), Protocol::Resp2) => string(lua, numbers::double_text(number)),
        (Value::Double(number), Protocol::Resp3) => field(lua, "double", Item::Number(number)),
        (Value::Boolean(truth), Protocol::Resp2) => Ok(integer(i64::from(truth))),
        (Value::Boolean(truth), Protocol::Resp3) => Ok(Item::Boolean(truth)),
        (Value::VerbatimString { text, .. }, Protocol::Resp2) => string(lua, text),
        (Value::VerbatimString { format, text }, Protocol::Resp3) => {
            let table = lua.create_table_with_capacity(0, 2)?;
            table.raw_set("format", string(lua, format_name(&format))?)?;
            table.raw_set("string", string(lua, text)?)?;
            field(lua, "verbatim_string", Item::Table(table))
        }
        (Value::BigNumber(digits), Protocol::Resp2) => string(lua, digits),
        (Value::BigNumber(digits), Protocol::Resp3) => field(lua, "big_number", string(lua, digits)?),
        // redis-rs may get new kinds of values; no host here makes one
        _ => Ok(Item::Nil),
    }
}

fn string(lua: &Lua, bytes: impl AsRef<[u8]>) -> mlua::Result<Item> {
    Ok(Item::String(lua.create_string(bytes)?))
}

/// An integer as Lua has it.
#[expect(
    clippy::cast_precision_loss,
    reason = "every number of Lua is a double: Redis loses the same digits"
)]
pub(super) fn integer(number: i64) -> Item {
    Item::Number(number as f64)
}

fn field(lua: &Lua, name: &str, value: Item) -> mlua::Result<Item> {
    let table = lua.create_table_with_capacity(0, 1)?;
    table.raw_set(name, value)?;
    Ok(Item::Table(table))
}

/// `table[key] = value`, where Lua has such keys: it has no nil and no NaN.
fn set(table: &Table, key: Item, value: Item) -> mlua::Result<()> {
    let usable = match &key {
        Item::Nil => false,
        Item::Number(number) => !number.is_nan(),
        _ => true,
    };
    if usable { table.raw_set(key, value) } else { Ok(()) }
}

fn sequence(lua: &Lua, items: Vec<Value>, protocol: Protocol) -> mlua::Result<Item> {
    let table = lua.create_table_with_capacity(items.len(), 0)?;
    for (place, item) in (1_i64..).zip(items) {
        table.raw_set(place, convert(lua, item, protocol)?)?;
    }
    Ok(Item::Table(table))
}

fn format_name(format: &VerbatimFormat) -> String {
    match format {
        VerbatimFormat::Text => "txt".to_owned(),
        VerbatimFormat::Markdown => "mkd".to_owned(),
        VerbatimFormat::Unknown(name) => name.clone(),
        _ => "txt".to_owned(),
    }
}

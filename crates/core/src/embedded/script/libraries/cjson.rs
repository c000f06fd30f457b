//! `cjson`: values as JSON.

mod decode;
mod encode;
mod settings;

use std::sync::{Arc, Mutex};

use mlua::{Function, Lua, Table, Value};

use super::super::arguments::{Arguments, function};
use super::super::meter::Meter;
use crate::lock::lock;
use settings::Settings;

/// What tells how a setting is to be, and is told how it is.
type Setter = fn(&mut Settings, &Lua, &Arguments<'_>) -> mlua::Result<mlua::MultiValue>;

const SETTERS: [(&str, Setter); 7] = [
    ("encode_sparse_array", Settings::encode_sparse_array),
    ("encode_max_depth", Settings::encode_max_depth),
    ("decode_max_depth", Settings::decode_max_depth),
    ("encode_number_precision", Settings::encode_number_precision),
    ("encode_keep_buffer", Settings::encode_keep_buffer),
    ("encode_invalid_numbers", Settings::encode_invalid_numbers),
    ("decode_invalid_numbers", Settings::decode_invalid_numbers),
];

/// The library. Its settings hold until they are set again, by whatever script, as on a server.
pub(super) fn table(lua: &Lua, meter: &Arc<Meter>) -> mlua::Result<Table> {
    let next: Function = lua.globals().get("next")?;
    fresh(lua, meter, &next)
}

/// One with settings of its own.
fn fresh(lua: &Lua, meter: &Arc<Meter>, next: &Function) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let settings = Arc::new(Mutex::new(Settings::default()));
    let (own, counted, step) = (Arc::clone(&settings), Arc::clone(meter), next.clone());
    let encode =
        move |lua: &Lua, given: &Arguments<'_>| encode::encode(lua, &counted, *lock(&own), &step, given);
    table.raw_set("encode", function(lua, encode)?)?;
    let (own, counted) = (Arc::clone(&settings), Arc::clone(meter));
    let decode = move |lua: &Lua, given: &Arguments<'_>| decode::decode(lua, &counted, *lock(&own), given);
    table.raw_set("decode", function(lua, decode)?)?;
    for (name, set) in SETTERS {
        let own = Arc::clone(&settings);
        table.raw_set(name, function(lua, move |lua, given| set(&mut lock(&own), lua, given))?)?;
    }
    let (counted, step) = (Arc::clone(meter), next.clone());
    table.raw_set("new", function(lua, move |lua, _given| fresh(lua, &counted, &step))?)?;
    table.raw_set("null", Value::NULL)?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    Ok(table)
}

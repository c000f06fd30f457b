//! `cmsgpack`: values as `MessagePack`.

mod pack;
mod unpack;

use std::sync::Arc;

use mlua::{Lua, Table};

use super::super::arguments::function;
use super::super::meter::Meter;

pub(super) fn table(lua: &Lua, meter: &Arc<Meter>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let own = Arc::clone(meter);
    table.raw_set("pack", function(lua, move |lua, given| pack::pack(lua, &own, given))?)?;
    let own = Arc::clone(meter);
    table.raw_set("unpack", function(lua, move |lua, given| unpack::all(lua, &own, given))?)?;
    let own = Arc::clone(meter);
    table.raw_set("unpack_one", function(lua, move |lua, given| unpack::one(lua, &own, given))?)?;
    let own = Arc::clone(meter);
    table.raw_set("unpack_limit", function(lua, move |lua, given| unpack::limited(lua, &own, given))?)?;
    table.raw_set("_NAME", "cmsgpack")?;
    table.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    table.raw_set("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo")?;
    table.raw_set("_DESCRIPTION", "MessagePack C implementation for Lua")?;
    Ok(table)
}

//! The libraries that Redis puts beside Lua's own: cjson, cmsgpack, bit and struct.

mod bits;
mod cjson;
mod cmsgpack;
mod packed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mlua::{Lua, Table};

use super::meter::Meter;

/// Adds them to `libraries`.
pub(super) fn install(lua: &Lua, meter: &Arc<Meter>, libraries: &Table) -> mlua::Result<()> {
    libraries.raw_set("bit", bits::table(lua)?)?;
    libraries.raw_set("cjson", cjson::table(lua, meter)?)?;
    libraries.raw_set("cmsgpack", cmsgpack::table(lua, meter)?)?;
    libraries.raw_set("struct", packed::table(lua)?)
}

//! `bit`: operations on 32 bits.

use mlua::{Lua, Table};

use super::super::arguments::{Arguments, function};

/// What becomes of one word, and of two.
type One = fn(u32) -> u32;
type Two = fn(u32, u32) -> u32;

pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let one: [(&str, One); 3] = [("tobit", |a| a), ("bnot", |a| !a), ("bswap", u32::swap_bytes)];
    for (name, of) in one {
        table.raw_set(name, function(lua, move |_, given| Ok(signed(of(word(given, 1)?))))?)?;
    }
    let many: [(&str, Two); 3] = [("band", |a, b| a & b), ("bor", |a, b| a | b), ("bxor", |a, b| a ^ b)];
    for (name, of) in many {
        let fold = move |_: &Lua, given: &Arguments<'_>| {
            // the last first: it matters where two of them are no numbers
            let rest = (2..=given.count()).rev();
            let all = rest.fold(word(given, 1), |all, number| Ok(of(all?, word(given, number)?)));
            all.map(signed)
        };
        table.raw_set(name, function(lua, fold)?)?;
    }
    let moves: [(&str, Two); 5] = [
        ("lshift", u32::wrapping_shl),
        ("rshift", u32::wrapping_shr),
        ("arshift", |a, by| a.cast_signed().wrapping_shr(by).cast_unsigned()),
        ("rol", |a, by| a.rotate_left(by & 31)),
        ("ror", |a, by| a.rotate_right(by & 31)),
    ];
    for (name, of) in moves {
        table.raw_set(
            name,
            function(lua, move |_, given| Ok(signed(of(word(given, 1)?, word(given, 2)?))))?,
        )?;
    }
    table.raw_set("tohex", function(lua, |_, given| hex(given))?)?;
    Ok(table)
}

/// The low 32 bits of an argument, rounded to the nearest integer, the even one of two.
fn word(given: &Arguments<'_>, number: usize) -> mlua::Result<u32> {
    // With 2^52 + 2^51 added, a double's lowest bits are the integer's.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let bits = (given.number(number)? + SHIFT).to_bits();
    Ok(u32::try_from(bits & 0xFFFF_FFFF).unwrap_or(0))
}

fn signed(word: u32) -> f64 {
    f64::from(word.cast_signed())
}

/// So many of the last digits, in upper case for a number below zero.
fn hex(given: &Arguments<'_>) -> mlua::Result<String> {
    let value = word(given, 1)?;
    let wanted = if given.count() < 2 { 8 } else { word(given, 2)?.cast_signed() };
    let digits = if wanted < 0 { format!("{value:08X}") } else { format!("{value:08x}") };
    let dropped = usize::try_from(wanted.unsigned_abs()).map_or(0, |wanted| 8_usize.saturating_sub(wanted));
    Ok(digits.get(dropped..).unwrap_or_default().to_owned())
}

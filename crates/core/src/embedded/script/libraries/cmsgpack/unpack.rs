//! From `MessagePack` to values.

use mlua::{Error, Lua, MultiValue, Table, Value};

use super::super::super::arguments::Arguments;
use super::super::super::errors::{Raised, raise};
use super::super::super::meter::Meter;

/// Arrays and maps within each other: as many as Redis's stack has room for.
const MAX_DEPTH: usize = 3999;
/// Results of one call: the same.
const MAX_RESULTS: usize = 7999;
/// Strings and tables among them: each takes one of mlua's handles.
const MAX_HANDLES: usize = 6000;

const TOO_MANY: &str =
    "stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)";
const TOO_DEEP: &str = "stack overflow (in function mp_decode_to_lua_array)";
const MISSING: &str = "Missing bytes in input.";
const BAD: &str = "Bad data format in input.";

pub(super) fn all(lua: &Lua, meter: &Meter, given: &Arguments<'_>) -> mlua::Result<MultiValue> {
    some(lua, meter, given, 0, 0)
}

pub(super) fn one(lua: &Lua, meter: &Meter, given: &Arguments<'_>) -> mlua::Result<MultiValue> {
    let offset = given.integer_or(2, 0)?;
    some(lua, meter, given, 1, offset)
}

pub(super) fn limited(lua: &Lua, meter: &Meter, given: &Arguments<'_>) -> mlua::Result<MultiValue> {
    let (limit, offset) = (given.integer(2)?, given.integer_or(3, 0)?);
    some(lua, meter, given, limit, offset)
}

/// The values from `offset` on, `limit` of them at most, behind where the next one begins: -1 at the end. Without
/// both, all values and nothing before them.
fn some(
    lua: &Lua,
    meter: &Meter,
    given: &Arguments<'_>,
    limit: i64,
    offset: i64,
) -> mlua::Result<MultiValue> {
    let data = given.string(1)?;
    let data = data.as_bytes();
    let wants_all = limit == 0 && offset == 0;
    let (Ok(most), Ok(start)) = (usize::try_from(limit), usize::try_from(offset)) else {
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {}.", data.len());
        return Err(raise(lua, text));
    };
    let Some(rest) = data.get(start..) else {
        let text = format!("Start offset {offset} greater than input length {}.", data.len());
        return Err(raise(lua, text));
    };
    let mut unpacker = Unpacker { lua, meter, rest };
    let (mut values, mut handles) = (Vec::new(), 0_usize);
    while !unpacker.rest.is_empty() && (wants_all || values.len() < most) {
        if values.len() >= MAX_RESULTS || handles >= MAX_HANDLES {
            return Err(raise(lua, TOO_MANY));
        }
        let value = unpacker.value()?;
        handles = handles.saturating_add(usize::from(matches!(value, Value::String(_) | Value::Table(_))));
        values.push(value);
    }
    if !wants_all {
        let next = data.len().saturating_sub(unpacker.rest.len());
        let next = if unpacker.rest.is_empty() { -1 } else { i64::try_from(next).unwrap_or(i64::MAX) };
        values.insert(0, whole(next));
    }
    Ok(MultiValue::from_vec(values))
}

#[expect(clippy::cast_precision_loss, reason = "every number of Lua is a double")]
fn whole(number: i64) -> Value {
    Value::Number(number as f64)
}

struct Unpacker<'a> {
    lua: &'a Lua,
    meter: &'a Meter,
    rest: &'a [u8],
}

/// An array or a map that is not complete.
struct Open {
    table: Table,
    /// Items or pairs that are still to come.
    left: u32,
    place: Place,
}

enum Place {
    /// Behind this many items.
    Item(u32),
    Key,
    ValueOf(Value),
}

/// What a code stands for.
enum Read {
    Value(Value),
    Array(u32),
    Map(u32),
}

impl Unpacker<'_> {
    /// The next value, with all that is in it.
    fn value(&mut self) -> mlua::Result<Value> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.meter.spend(10)?;
            let mut value = match self.read()? {
                Read::Value(value) => value,
                Read::Array(left) => match self.begin(&mut open, left, Place::Item(0))? {
                    Some(complete) => complete,
                    None => continue,
                },
                Read::Map(left) => match self.begin(&mut open, left, Place::Key)? {
                    Some(complete) => complete,
                    None => continue,
                },
            };
            loop {
                let Some(last) = open.last_mut() else { return Ok(value) };
                last.put(value)?;
                if last.left > 0 {
                    break;
                }
                let Some(complete) = open.pop() else { return Err(self.bad(BAD)) };
                value = Value::Table(complete.table);
            }
        }
    }

    /// A table that is complete already, if nothing is to come.
    fn begin(&self, open: &mut Vec<Open>, left: u32, place: Place) -> mlua::Result<Option<Value>> {
        if open.len() >= MAX_DEPTH {
            return Err(self.bad(if matches!(place, Place::Key) { TOO_MANY } else { TOO_DEEP }));
        }
        let table = self.lua.create_table()?;
        if left == 0 {
            return Ok(Some(Value::Table(table)));
        }
        open.push(Open { table, left, place });
        Ok(None)
    }

    fn read(&mut self) -> mlua::Result<Read> {
        let [code] = self.bytes()?;
        let value = match code {
            0x00..=0x7F => whole(i64::from(code)),
            0x80..=0x8F => return Ok(Read::Map(u32::from(code & 0x0F))),
            0x90..=0x9F => return Ok(Read::Array(u32::from(code & 0x0F))),
            0xA0..=0xBF => self.string(u32::from(code & 0x1F))?,
            0xC0 => Value::Nil,
            0xC2 => Value::Boolean(false),
            0xC3 => Value::Boolean(true),
            0xCA => Value::Number(f64::from(f32::from_be_bytes(self.bytes()?))),
            0xCB => Value::Number(f64::from_be_bytes(self.bytes()?)),
            0xCC => whole(i64::from(u8::from_be_bytes(self.bytes()?))),
            0xCD => whole(i64::from(u16::from_be_bytes(self.bytes()?))),
            0xCE => whole(i64::from(u32::from_be_bytes(self.bytes()?))),
            // large unsigned numbers come out negative
            0xCF | 0xD3 => whole(i64::from_be_bytes(self.bytes()?)),
            0xD0 => whole(i64::from(i8::from_be_bytes(self.bytes()?))),
            0xD1 => whole(i64::from(i16::from_be_bytes(self.bytes()?))),
            0xD2 => whole(i64::from(i32::from_be_bytes(self.bytes()?))),
            0xD9..=0xDB => {
                let len = self.length(code - 0xD9)?;
                self.string(len)?
            }
            0xDC | 0xDD => return Ok(Read::Array(self.length(code - 0xDB)?)),
            0xDE | 0xDF => return Ok(Read::Map(self.length(code - 0xDD)?)),
            0xE0..=0xFF => whole(i64::from(code.cast_signed())),
            0xC1 | 0xC4..=0xC9 | 0xD4..=0xD8 => return Err(self.bad(BAD)),
        };
        Ok(Read::Value(value))
    }

    /// A length in 1, 2 or 4 bytes.
    fn length(&mut self, wide: u8) -> mlua::Result<u32> {
        match wide {
            0 => Ok(u32::from(u8::from_be_bytes(self.bytes()?))),
            1 => Ok(u32::from(u16::from_be_bytes(self.bytes()?))),
            _ => Ok(u32::from_be_bytes(self.bytes()?)),
        }
    }

    fn string(&mut self, len: u32) -> mlua::Result<Value> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let Some((text, rest)) = self.rest.split_at_checked(len) else { return Err(self.bad(MISSING)) };
        self.rest = rest;
        Ok(Value::String(self.lua.create_string(text)?))
    }

    fn bytes<const N: usize>(&mut self) -> mlua::Result<[u8; N]> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else { return Err(self.bad(MISSING)) };
        self.rest = rest;
        Ok(*bytes)
    }

    fn bad(&self, text: &str) -> Error {
        raise(self.lua, text)
    }
}

impl Open {
    /// Puts the next value in its place.
    fn put(&mut self, value: Value) -> mlua::Result<()> {
        match std::mem::replace(&mut self.place, Place::Key) {
            Place::Item(before) => {
                let index = before.saturating_add(1);
                self.table.raw_set(f64::from(index), value)?;
                self.place = Place::Item(index);
                self.left = self.left.saturating_sub(1);
            }
            Place::Key => self.place = Place::ValueOf(value),
            Place::ValueOf(key) => {
                match &key {
                    Value::Nil => return Err(Raised::Text(b"table index is nil".to_vec()).into()),
                    Value::Number(number) if number.is_nan() => {
                        return Err(Raised::Text(b"table index is NaN".to_vec()).into());
                    }
                    _ => {}
                }
                self.table.raw_set(key, value)?;
                self.left = self.left.saturating_sub(1);
            }
        }
        Ok(())
    }
}

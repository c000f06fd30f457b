//! `struct`: numbers and strings in bytes, as C lays them out.

use mlua::{Error, Lua, MultiValue, Table, Value};

use super::super::arguments::{Arguments, function};
use super::super::errors::raise;
use super::super::numbers;

/// Bytes of the largest integer.
const MAX_INTEGER: usize = 32;
/// Results of one call. Redis's stack has room for about as many.
const MAX_RESULTS: usize = 7997;
/// Strings among them: each takes one of mlua's handles.
const MAX_STRINGS: usize = 6000;

pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("pack", function(lua, pack)?)?;
    table.raw_set("unpack", function(lua, unpack)?)?;
    table.raw_set("size", function(lua, size)?)?;
    Ok(table)
}

/// What is left of a format, and what it said of byte order and alignment.
struct Format<'a> {
    lua: &'a Lua,
    given: &'a Arguments<'a>,
    rest: &'a [u8],
    is_big_endian: bool,
    align: usize,
}

/// One option of a format with its size in bytes.
#[derive(Clone, Copy)]
struct Item {
    option: u8,
    size: usize,
}

impl<'a> Format<'a> {
    fn new(lua: &'a Lua, given: &'a Arguments<'_>, text: &'a [u8]) -> Self {
        // a string of C
        let rest = text.split(|byte| *byte == 0).next().unwrap_or_default();
        Self { lua, given, rest, is_big_endian: false, align: 1 }
    }

    fn next(&mut self) -> mlua::Result<Option<Item>> {
        let Some((option, rest)) = self.rest.split_first() else { return Ok(None) };
        self.rest = rest;
        let size = match option {
            b'b' | b'B' | b'x' => 1,
            b'h' | b'H' => 2,
            b'f' => 4,
            b'l' | b'L' | b'T' | b'd' => 8,
            b'c' => self.number(1)?,
            b'i' | b'I' => self.number(4)?,
            _ => 0,
        };
        if matches!(option, b'i' | b'I') && size > MAX_INTEGER {
            let text = format!("integral size {size} is larger than limit of {MAX_INTEGER}");
            return Err(raise(self.lua, text));
        }
        Ok(Some(Item { option: *option, size }))
    }

    fn number(&mut self, default: usize) -> mlua::Result<usize> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(digits).unwrap_or_default();
        self.rest = rest;
        if digits.is_empty() {
            return Ok(default);
        }
        let value = str::from_utf8(digits).ok().and_then(|digits| digits.parse::<i32>().ok());
        let value = value.and_then(|value| usize::try_from(value).ok());
        value.ok_or_else(|| raise(self.lua, "integral size overflow"))
    }

    /// What is no item: order, alignment, blanks.
    fn control(&mut self, option: u8) -> mlua::Result<()> {
        match option {
            b' ' => {}
            b'>' => self.is_big_endian = true,
            b'<' => self.is_big_endian = false,
            b'!' => {
                let align = self.number(8)?;
                if !align.is_power_of_two() {
                    return Err(raise(self.lua, format!("alignment {align} is not a power of 2")));
                }
                self.align = align;
            }
            other => {
                let text = format!("invalid format option '{}'", char::from(other));
                return Err(self.given.refuse(1, &text));
            }
        }
        Ok(())
    }

    /// Bytes between `position` and where the item may begin.
    fn padding(&self, position: usize, item: Item) -> usize {
        if item.size == 0 || item.option == b'c' {
            return 0;
        }
        let size = item.size.min(self.align);
        let mask = size.wrapping_sub(1);
        size.wrapping_sub(position & mask) & mask
    }

    fn ordered(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if self.is_big_endian {
            bytes.reverse();
        }
        bytes
    }
}

fn pack(lua: &Lua, given: &Arguments<'_>) -> mlua::Result<mlua::String> {
    let text = given.string(1)?;
    let text = text.as_bytes();
    let mut format = Format::new(lua, given, &text);
    let mut out = Vec::new();
    let mut number = 1;
    while let Some(item) = format.next()? {
        let padding = format.padding(out.len(), item);
        out.resize(out.len().saturating_add(padding), 0);
        match item.option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                let value = unsigned(given.number(next_argument(given, &mut number, "number")?)?);
                let mut bytes = value.to_le_bytes().to_vec();
                bytes.resize(item.size, 0);
                out.extend(format.ordered(bytes));
            }
            b'x' => out.push(0),
            b'f' => {
                let value = given.number(next_argument(given, &mut number, "number")?)?;
                #[expect(clippy::cast_possible_truncation, reason = "a float has fewer digits")]
                let value = value as f32;
                out.extend(format.ordered(value.to_le_bytes().to_vec()));
            }
            b'd' => {
                let value = given.number(next_argument(given, &mut number, "number")?)?;
                out.extend(format.ordered(value.to_le_bytes().to_vec()));
            }
            b'c' | b's' => {
                let value = given.string(next_argument(given, &mut number, "string")?)?;
                let value = value.as_bytes();
                let size = if item.size == 0 { value.len() } else { item.size };
                // it names the argument behind the one that is too short, as Redis does
                let short = || given.refuse(number.saturating_add(1), "string too short");
                out.extend_from_slice(value.get(..size).ok_or_else(short)?);
                if item.option == b's' {
                    out.push(0);
                }
            }
            control => format.control(control)?,
        }
    }
    lua.create_string(out)
}

/// The number of the next argument. One that is missing is a nil, because Redis puts a mark behind the last.
fn next_argument(given: &Arguments<'_>, number: &mut usize, expected: &str) -> mlua::Result<usize> {
    *number = number.saturating_add(1);
    match given.get(*number) {
        Some(_) => Ok(*number),
        None => Err(given.refuse(*number, &format!("{expected} expected, got nil"))),
    }
}

/// A number as 64 bits, as C on x86 converts it.
fn unsigned(number: f64) -> u64 {
    const EDGE: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if number >= EDGE {
        numbers::to_integer(number - EDGE).cast_unsigned() ^ (1 << 63)
    } else {
        numbers::to_integer(number).cast_unsigned()
    }
}

fn unpack(lua: &Lua, given: &Arguments<'_>) -> mlua::Result<MultiValue> {
    let (text, data) = (given.string(1)?, given.string(2)?);
    let (text, data) = (text.as_bytes(), data.as_bytes());
    let position = given.integer_or(3, 1)?;
    if position == 0 {
        return Err(given.refuse(3, "offset must be 1 or greater"));
    }
    let mut position = usize::try_from(position.cast_unsigned()).unwrap_or(usize::MAX).wrapping_sub(1);
    let mut format = Format::new(lua, given, &text);
    let mut results = Vec::new();
    let mut strings = 0_usize;
    while let Some(item) = format.next()? {
        position = position.wrapping_add(format.padding(position, item));
        let mut bytes = taken(given, &data, position, item.size)?;
        if results.len() >= MAX_RESULTS || strings >= MAX_STRINGS {
            return Err(raise(lua, "stack overflow (too many results)"));
        }
        let value = match item.option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                let bytes = format.ordered(bytes.to_vec());
                Some(Value::Number(integer(&bytes, item.option.is_ascii_lowercase())))
            }
            b'x' => None,
            b'f' => float(&format.ordered(bytes.to_vec())),
            b'd' => double(&format.ordered(bytes.to_vec())),
            b'c' => {
                if item.size == 0 {
                    bytes = taken(given, &data, position, previous_size(lua, results.pop())?)?;
                }
                strings = strings.saturating_add(1);
                Some(Value::String(lua.create_string(bytes)?))
            }
            b's' => {
                let behind = data.get(position..).unwrap_or_default();
                let Some(length) = behind.iter().position(|byte| *byte == 0) else {
                    return Err(raise(lua, "unfinished string in data"));
                };
                bytes = behind.get(..length).unwrap_or_default();
                position = position.wrapping_add(1);
                strings = strings.saturating_add(1);
                Some(Value::String(lua.create_string(bytes)?))
            }
            control => {
                format.control(control)?;
                None
            }
        };
        position = position.wrapping_add(bytes.len());
        results.extend(value);
    }
    #[expect(clippy::cast_precision_loss, reason = "every number of Lua is a double")]
    let next = u64::try_from(position.wrapping_add(1)).unwrap_or(u64::MAX).cast_signed() as f64;
    results.push(Value::Number(next));
    Ok(MultiValue::from_vec(results))
}

fn taken<'a>(given: &Arguments<'_>, data: &'a [u8], position: usize, size: usize) -> mlua::Result<&'a [u8]> {
    let found = data.get(position..).and_then(|behind| behind.get(..size));
    found.ok_or_else(|| given.refuse(2, "data string too short"))
}

/// The number that tells how long a `c0` is.
fn previous_size(lua: &Lua, previous: Option<Value>) -> mlua::Result<usize> {
    let number = match previous {
        Some(value) => lua.coerce_number(value)?,
        None => None,
    };
    let number = number.ok_or_else(|| -> Error { raise(lua, "format 'c0' needs a previous size") })?;
    Ok(usize::try_from(unsigned(number)).unwrap_or(usize::MAX))
}

/// The integer in these bytes, the lowest first. Of more than eight, the first eight count.
fn integer(bytes: &[u8], is_signed: bool) -> f64 {
    let value = bytes.iter().take(8).rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    #[expect(clippy::cast_precision_loss, reason = "every number of Lua is a double")]
    if is_signed {
        let bits = u32::try_from(bytes.len()).unwrap_or(0).wrapping_mul(8);
        let mask = u64::MAX.wrapping_shl(bits.wrapping_sub(1));
        let value = if value & mask == 0 { value } else { value | mask };
        value.cast_signed() as f64
    } else {
        value as f64
    }
}

fn float(bytes: &[u8]) -> Option<Value> {
    Some(Value::Number(f64::from(f32::from_le_bytes(bytes.try_into().ok()?))))
}

fn double(bytes: &[u8]) -> Option<Value> {
    Some(Value::Number(f64::from_le_bytes(bytes.try_into().ok()?)))
}

fn size(lua: &Lua, given: &Arguments<'_>) -> mlua::Result<f64> {
    let text = given.string(1)?;
    let text = text.as_bytes();
    let mut format = Format::new(lua, given, &text);
    let mut position = 0_usize;
    while let Some(item) = format.next()? {
        position = position.wrapping_add(format.padding(position, item));
        match item.option {
            b's' => return Err(given.refuse(1, "option 's' has no fixed size")),
            b'c' if item.size == 0 => return Err(given.refuse(1, "option 'c0' has no fixed size")),
            other if !other.is_ascii_alphanumeric() => format.control(other)?,
            _ => {}
        }
        position = position.wrapping_add(item.size);
    }
    #[expect(clippy::cast_precision_loss, reason = "every number of Lua is a double")]
    let size = position as f64;
    Ok(size)
}

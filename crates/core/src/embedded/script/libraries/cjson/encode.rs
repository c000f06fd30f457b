//! From values to JSON.

use mlua::{Either, Error, Function, Lua, Table, Value};

use super::super::super::arguments::{Arguments, type_name};
use super::super::super::errors::raise;
use super::super::super::meter::Meter;
use super::super::super::numbers;
use super::super::super::words::{Item, Other, Skip};
use super::settings::{Invalid, Settings};

/// Tables within tables, whatever was set: each takes two of mlua's handles. Redis's stack has room for a few more.
const MAX_DEPTH: usize = 3000;

pub(super) fn encode(
    lua: &Lua,
    meter: &Meter,
    settings: Settings,
    next: &Function,
    given: &Arguments<'_>,
) -> mlua::Result<mlua::String> {
    let (Some(item), 1) = (given.get(1), given.count()) else {
        return Err(given.refuse(1, "expected 1 argument"));
    };
    let mut encoder = Encoder { lua, meter, settings, next, out: Vec::new(), open: Vec::new() };
    encoder.item(item)?;
    while encoder.step()? {}
    lua.create_string(encoder.out)
}

struct Encoder<'a> {
    lua: &'a Lua,
    meter: &'a Meter,
    settings: Settings,
    next: &'a Function,
    out: Vec<u8>,
    /// The tables around the place that is being written.
    open: Vec<Open>,
}

/// A table that is not written to its end.
enum Open {
    Array { table: Table, written: i32, len: i32 },
    Object { table: Table, last: Value },
}

impl Encoder<'_> {
    /// Writes a value, or the beginning of a table.
    fn item(&mut self, item: &Item) -> mlua::Result<()> {
        self.meter.spend(10)?;
        self.meter.hold(self.out.len())?;
        match item {
            Either::Right(number) => self.number(*number),
            Either::Left(Other(value)) => match value {
                Value::String(text) => {
                    self.string(&text.as_bytes());
                    Ok(())
                }
                Value::Boolean(truth) => self.word(if *truth { "true" } else { "false" }),
                Value::Nil => self.word("null"),
                Value::LightUserData(pointer) if pointer.0.is_null() => self.word("null"),
                Value::Table(table) => self.begin(table),
                _ => Err(self.fail(&format!("{}: type not supported", type_name(item)))),
            },
        }
    }

    /// Writes the next item of the innermost table, or its end. Whether there was one.
    fn step(&mut self) -> mlua::Result<bool> {
        let Some(open) = self.open.last_mut() else { return Ok(false) };
        match open {
            Open::Array { written, len, .. } if written == len => {
                self.out.push(b']');
                self.open.pop();
            }
            Open::Array { table, written, .. } => {
                if *written > 0 {
                    self.out.push(b',');
                }
                *written = written.saturating_add(1);
                let item = table.raw_get(*written)?;
                self.item(&item)?;
            }
            Open::Object { table, last } => {
                let is_first = last.is_nil();
                let (key, item): (Item, Item) = self.next.call((&*table, &*last))?;
                if let Either::Left(Other(Value::Nil)) = key {
                    self.out.push(b'}');
                    self.open.pop();
                    return Ok(true);
                }
                *last = match &key {
                    Either::Right(number) => Value::Number(*number),
                    Either::Left(Other(value)) => value.clone(),
                };
                if !is_first {
                    self.out.push(b',');
                }
                self.key(&key)?;
                self.item(&item)?;
            }
        }
        Ok(true)
    }

    fn begin(&mut self, table: &Table) -> mlua::Result<()> {
        let depth = self.open.len().saturating_add(1);
        let most = usize::try_from(self.settings.encode_max_depth).unwrap_or(0).min(MAX_DEPTH);
        if depth > most {
            let text = format!("Cannot serialise, excessive nesting ({depth})");
            return Err(raise(self.lua, text));
        }
        let table = table.clone();
        match self.array_len(&table)? {
            Some(len) if len > 0 => {
                self.out.push(b'[');
                self.open.push(Open::Array { table, written: 0, len });
            }
            _ => {
                self.out.push(b'{');
                self.open.push(Open::Object { table, last: Value::Nil });
            }
        }
        Ok(())
    }

    /// The largest key of a table all whose keys are whole numbers from 1 on. Those that C's `int` does not hold count
    /// as its smallest, as in Redis.
    fn array_len(&self, table: &Table) -> mlua::Result<Option<i32>> {
        let (mut max, mut items, mut is_array) = (0_i32, 0_i32, true);
        table.for_each(|key: Item, _: Skip| {
            match key {
                Either::Right(number) if number >= 1.0 && number.floor() == number => {
                    if number > f64::from(max) {
                        max = i32::try_from(numbers::to_integer(number)).unwrap_or(i32::MIN);
                    }
                    items = items.saturating_add(1);
                }
                _ => is_array = false,
            }
            Ok(())
        })?;
        self.meter.spend(items.unsigned_abs().into())?;
        if !is_array {
            return Ok(None);
        }
        let Settings { sparse_ratio: ratio, sparse_safe: safe, sparse_convert, .. } = self.settings;
        if ratio > 0 && max > items.wrapping_mul(ratio) && max > safe {
            if !sparse_convert {
                return Err(self.fail("table: excessively sparse array"));
            }
            return Ok(None);
        }
        Ok(Some(max))
    }

    fn key(&mut self, key: &Item) -> mlua::Result<()> {
        match key {
            Either::Right(number) => {
                self.out.push(b'"');
                self.number(*number)?;
                self.out.push(b'"');
            }
            Either::Left(Other(Value::String(text))) => self.string(&text.as_bytes()),
            Either::Left(_) => {
                let text = format!("{}: table key must be a number or string", type_name(key));
                return Err(self.fail(&text));
            }
        }
        self.out.push(b':');
        Ok(())
    }

    fn number(&mut self, number: f64) -> mlua::Result<()> {
        if !number.is_finite() {
            match self.settings.encode_invalid {
                Invalid::Refused => return Err(self.fail("number: must not be NaN or Inf")),
                Invalid::Null => return self.word("null"),
                // without the sign that a NaN may have
                Invalid::AsIs if number.is_nan() => return self.word("nan"),
                Invalid::AsIs => {}
            }
        }
        let precision = usize::try_from(self.settings.precision).unwrap_or(14);
        self.word(&numbers::general(number, precision))
    }

    fn word(&mut self, word: &str) -> mlua::Result<()> {
        self.out.extend_from_slice(word.as_bytes());
        Ok(())
    }

    /// Bytes beyond ASCII stay as they are, valid or not.
    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for byte in text {
            match byte {
                b'"' | b'\\' | b'/' => self.out.extend([b'\\', *byte]),
                0x08 => self.out.extend(b"\\b"),
                b'\t' => self.out.extend(b"\\t"),
                b'\n' => self.out.extend(b"\\n"),
                0x0C => self.out.extend(b"\\f"),
                b'\r' => self.out.extend(b"\\r"),
                0x00..=0x1F | 0x7F => self.out.extend(format!("\\u{byte:04x}").bytes()),
                _ => self.out.push(*byte),
            }
        }
        self.out.push(b'"');
    }

    fn fail(&self, what: &str) -> Error {
        raise(self.lua, format!("Cannot serialise {what}"))
    }
}

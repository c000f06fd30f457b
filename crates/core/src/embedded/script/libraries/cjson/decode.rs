//! From JSON to values.

mod token;

use mlua::{Error, Lua, Table, Value};

use super::super::super::arguments::Arguments;
use super::super::super::errors::raise;
use super::super::super::meter::Meter;
use super::settings::Settings;
use token::{Kind, Token, Tokens};

/// Arrays and objects within each other, whatever was set: each takes up to two of mlua's handles. Redis's stack has room
/// for a few more.
const MAX_DEPTH: usize = 3000;

pub(super) fn decode(
    lua: &Lua,
    meter: &Meter,
    settings: Settings,
    given: &Arguments<'_>,
) -> mlua::Result<Value> {
    if given.count() != 1 {
        return Err(given.refuse(1, "expected 1 argument"));
    }
    let text = given.string(1)?;
    let text = text.as_bytes();
    if let [first, second, ..] = &*text
        && (*first == 0 || *second == 0)
    {
        return Err(raise(lua, "JSON parser does not support UTF-16 or UTF-32"));
    }
    let tokens = Tokens::new(&text, settings.decode_invalid);
    let most = usize::try_from(settings.decode_max_depth).unwrap_or(0).min(MAX_DEPTH);
    Decoder { lua, meter, tokens, most, open: Vec::new() }.run()
}

struct Decoder<'a> {
    lua: &'a Lua,
    meter: &'a Meter,
    tokens: Tokens<'a>,
    most: usize,
    /// The arrays and objects around the place that is being read.
    open: Vec<Open>,
}

/// An array or object that is not read to its end.
enum Open {
    Array { table: Table, len: u32 },
    Object { table: Table, key: mlua::String },
}

impl Decoder<'_> {
    fn run(mut self) -> mlua::Result<Value> {
        let mut token = self.tokens.next();
        loop {
            self.meter.spend(10)?;
            let value = match token.kind {
                Kind::String(text) => Value::String(self.lua.create_string(text)?),
                Kind::Number(number) => Value::Number(number),
                Kind::Boolean(truth) => Value::Boolean(truth),
                Kind::Null => Value::NULL,
                Kind::ObjectBegin => match self.object()? {
                    Ok(empty) => Value::Table(empty),
                    Err(first) => {
                        token = first;
                        continue;
                    }
                },
                Kind::ArrayBegin => match self.array()? {
                    Ok(empty) => Value::Table(empty),
                    Err(first) => {
                        token = first;
                        continue;
                    }
                },
                _ => return Err(self.unexpected("value", &token)),
            };
            match self.put(value)? {
                Ok(whole) => return Ok(whole),
                Err(after) => token = after,
            }
        }
    }

    /// An object that is empty, or the token at which its first value begins.
    fn object(&mut self) -> mlua::Result<Result<Table, Token>> {
        let table = self.descend()?;
        let token = self.tokens.next();
        if let Kind::ObjectEnd = token.kind {
            return Ok(Ok(table));
        }
        let key = self.key(token)?;
        self.open.push(Open::Object { table, key });
        Ok(Err(self.tokens.next()))
    }

    fn array(&mut self) -> mlua::Result<Result<Table, Token>> {
        let table = self.descend()?;
        let token = self.tokens.next();
        if let Kind::ArrayEnd = token.kind {
            return Ok(Ok(table));
        }
        self.open.push(Open::Array { table, len: 0 });
        Ok(Err(token))
    }

    fn descend(&self) -> mlua::Result<Table> {
        let depth = self.open.len().saturating_add(1);
        if depth > self.most {
            let place = self.tokens.position();
            let text = format!("Found too many nested data structures ({depth}) at character {place}");
            return Err(raise(self.lua, text));
        }
        self.lua.create_table()
    }

    /// A key, and the colon behind it.
    fn key(&mut self, token: Token) -> mlua::Result<mlua::String> {
        let Kind::String(text) = token.kind else {
            return Err(self.unexpected("object key string", &token));
        };
        let colon = self.tokens.next();
        match colon.kind {
            Kind::Colon => self.lua.create_string(text),
            _ => Err(self.unexpected("colon", &colon)),
        }
    }

    /// Puts a value where it belongs, and closes what ends behind it: the whole, or the token at which the next value
    /// begins.
    fn put(&mut self, mut value: Value) -> mlua::Result<Result<Value, Token>> {
        loop {
            let Some(open) = self.open.last_mut() else {
                let token = self.tokens.next();
                return match token.kind {
                    Kind::End => Ok(Ok(value)),
                    _ => Err(self.unexpected("the end", &token)),
                };
            };
            match open {
                Open::Array { table, len } => {
                    *len = len.saturating_add(1);
                    table.raw_set(*len, value)?;
                    let token = self.tokens.next();
                    match token.kind {
                        Kind::Comma => return Ok(Err(self.tokens.next())),
                        Kind::ArrayEnd => value = Value::Table(table.clone()),
                        _ => return Err(self.unexpected("comma or array end", &token)),
                    }
                }
                Open::Object { table, key } => {
                    table.raw_set(&*key, value)?;
                    let token = self.tokens.next();
                    match token.kind {
                        Kind::Comma => {
                            let token = self.tokens.next();
                            let next = self.key(token)?;
                            if let Some(Open::Object { key, .. }) = self.open.last_mut() {
                                *key = next;
                            }
                            return Ok(Err(self.tokens.next()));
                        }
                        Kind::ObjectEnd => value = Value::Table(table.clone()),
                        _ => return Err(self.unexpected("comma or object end", &token)),
                    }
                }
            }
            self.open.pop();
        }
    }

    fn unexpected(&self, expected: &str, token: &Token) -> Error {
        let (found, place) = (token.kind.name(), token.at.saturating_add(1));
        raise(self.lua, format!("Expected {expected} but found {found} at character {place}"))
    }
}

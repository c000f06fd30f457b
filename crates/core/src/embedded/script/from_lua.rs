//! From what a script returned to a reply.

use mlua::{Either, Error, Table, Value as Item};
use redis::{Value, VerbatimFormat};

use super::errors::Failure;
use super::host::Protocol;
use super::meter::Stop;
use super::numbers;
use super::words::{Item as Any, Other};

/// Tables within tables that a reply may have. Redis allows some thousands, but no client reads them: redis-rs stops at a
/// hundred.
const MAX_DEPTH: usize = 128;

const TOO_DEEP: &str = "ERR reached lua stack limit";

/// What a value of a reply weighs besides its bytes.
const WEIGHT_BYTES: usize = 64;

/// The reply that this value is; an error reply at the top is a failure. What a table holds many times is written as many
/// times, so a reply has a limit in bytes of its own.
pub(super) fn reply(value: Any, protocol: Protocol, limit_bytes: usize) -> Result<Value, Failure> {
    let mut reply = Reply { protocol, left_bytes: limit_bytes };
    let converted = match &value {
        Either::Left(Other(Item::Table(table))) if is_short_list(table) => {
            reply.weigh(0).and_then(|()| reply.array(table, 1))
        }
        Either::Left(Other(Item::Table(table))) => match error_text(table) {
            Some(text) => return Err(Failure::Refused(text)),
            None => reply.convert(value, 0),
        },
        Either::Left(_) | Either::Right(_) => reply.convert(value, 0),
    };
    converted.map_err(|_full| Failure::Stopped(Stop::Memory(limit_bytes)))
}

/// A reply on its way out of Lua.
struct Reply {
    protocol: Protocol,
    /// How large it may still grow.
    left_bytes: usize,
}

/// It would be too large.
#[derive(Debug)]
struct Full;

impl Reply {
    fn weigh(&mut self, bytes: usize) -> Result<(), Full> {
        let weight = bytes.saturating_add(WEIGHT_BYTES);
        self.left_bytes = self.left_bytes.checked_sub(weight).ok_or(Full)?;
        Ok(())
    }

    fn convert(&mut self, value: Any, depth: usize) -> Result<Value, Full> {
        self.weigh(0)?;
        let value = match value {
            Either::Right(number) => return Ok(Value::Int(numbers::to_integer(number))),
            Either::Left(Other(value)) => value,
        };
        Ok(match value {
            Item::String(text) => {
                let text = text.as_bytes();
                self.weigh(text.len())?;
                Value::BulkString(text.to_vec())
            }
            Item::Boolean(truth) if self.protocol == Protocol::Resp3 => Value::Boolean(truth),
            Item::Boolean(true) => Value::Int(1),
            Item::Table(_) if depth >= MAX_DEPTH => server_error(TOO_DEEP),
            Item::Table(table) => self.table(&table, depth.saturating_add(1))?,
            _ => Value::Nil,
        })
    }

    /// A table is what its first telling field says, in Redis's order; without one it is an array.
    fn table(&mut self, table: &Table, depth: usize) -> Result<Value, Full> {
        if is_short_list(table) {
            return self.array(table, depth);
        }
        if let Some(text) = error_text(table) {
            self.weigh(text.len())?;
            return Ok(server_error(&text));
        }
        if let Some(text) = string(table, "ok") {
            self.weigh(text.len())?;
            return Ok(Value::SimpleString(one_line(&text)));
        }
        if let Some(Either::Right(number)) = get(table, "double") {
            return Ok(Value::Double(number));
        }
        if let Some(pairs) = inner(table, "map") {
            let pairs = self.pairs(&pairs, |reply, key, value| {
                Ok((reply.convert(key, depth)?, reply.convert(value, depth)?))
            })?;
            return Ok(pairs.map_or_else(|| server_error(TOO_DEEP), Value::Map));
        }
        if let Some(members) = inner(table, "set") {
            let members = self.pairs(&members, |reply, key, _truth| reply.convert(key, depth))?;
            return Ok(members.map_or_else(|| server_error(TOO_DEEP), Value::Set));
        }
        if let Some(digits) = string(table, "big_number") {
            self.weigh(digits.len())?;
            return Ok(Value::BigNumber(one_line(&digits).into_bytes()));
        }
        if let Some(verbatim) = inner(table, "verbatim_string")
            && let (Some(text), Some(format)) = (string(&verbatim, "string"), string(&verbatim, "format"))
        {
            self.weigh(text.len())?;
            return Ok(verbatim_string(&text, &format));
        }
        self.array(table, depth)
    }

    fn array(&mut self, table: &Table, depth: usize) -> Result<Value, Full> {
        let (mut items, mut full) = (Vec::new(), None);
        let done = table.for_each_value(|item: Any| match self.convert(item, depth) {
            Ok(item) => {
                items.push(item);
                Ok(())
            }
            Err(Full) => {
                full = Some(Full);
                Err(Error::StackError)
            }
        });
        match full {
            Some(full) => Err(full),
            None if done.is_ok() => Ok(Value::Array(items)),
            None => Ok(server_error(TOO_DEEP)),
        }
    }

    /// What `convert` makes of every pair; nothing if Lua's stack is too short for them.
    fn pairs<R>(
        &mut self,
        table: &Table,
        convert: impl Fn(&mut Self, Any, Any) -> Result<R, Full>,
    ) -> Result<Option<Vec<R>>, Full> {
        let (mut pairs, mut full) = (Vec::new(), None);
        let done = table.for_each(|key: Any, value: Any| match convert(self, key, value) {
            Ok(pair) => {
                pairs.push(pair);
                Ok(())
            }
            Err(Full) => {
                full = Some(Full);
                Err(Error::StackError)
            }
        });
        match full {
            Some(full) => Err(full),
            None => Ok(done.is_ok().then_some(pairs)),
        }
    }
}

fn verbatim_string(text: &[u8], format: &[u8]) -> Value {
    let format = match format.get(..3).unwrap_or(format) {
        b"txt" => VerbatimFormat::Text,
        b"mkd" => VerbatimFormat::Markdown,
        other => VerbatimFormat::Unknown(String::from_utf8_lossy(other).into_owned()),
    };
    Value::VerbatimString { format, text: String::from_utf8_lossy(text).into_owned() }
}

/// Whether a table has few entries and no name among them, nor what else is no number: to see that is cheaper than to
/// ask for every name that would tell what it is.
fn is_short_list(table: &Table) -> bool {
    const SHORT: usize = 6;
    let mut entries = 0;
    let walked = table.for_each(|_: f64, _: bool| {
        entries += 1;
        if entries > SHORT { Err(Error::StackError) } else { Ok(()) }
    });
    walked.is_ok()
}

fn get(table: &Table, name: &str) -> Option<Any> {
    table.raw_get(name).ok()
}

fn inner(table: &Table, name: &str) -> Option<Table> {
    match get(table, name)? {
        Either::Left(Other(Item::Table(inner))) => Some(inner),
        _ => None,
    }
}

fn string(table: &Table, name: &str) -> Option<Vec<u8>> {
    match get(table, name)? {
        Either::Left(Other(Item::String(text))) => Some(text.as_bytes().to_vec()),
        _ => None,
    }
}

/// The text of an error table; nothing if it is none.
pub(super) fn error_text(table: &Table) -> Option<String> {
    string(table, "err").map(|text| one_line(&text))
}

/// Line ends would end the reply.
pub(super) fn one_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace(['\r', '\n'], " ")
}

/// An error inside a reply. redis-rs makes them only by reading one.
fn server_error(text: &str) -> Value {
    redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).unwrap_or(Value::Nil)
}

//! DUMP and RESTORE: a value as bytes that can be carried elsewhere.
//!
//! The bytes are this store's own. What a server dumped is refused here as a server refuses it, with the text for payloads of
//! a version that it does not know; and so does a server with what is dumped here.

mod read;
mod seal;
mod stream;
#[cfg(test)]
mod tests;
mod write;

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::Stored;

pub(super) const COMMANDS: &[Spec] =
    &[Spec::read("dump", 2, Keys::FIRST, dump), Spec::write("restore", -4, Keys::FIRST, restore)];

const BAD_SEAL: Refusal = Refusal::fixed("ERR DUMP payload version or checksum are wrong");
const BAD_FORMAT: Refusal = Refusal::fixed("ERR Bad data format");
const BUSY: Refusal = Refusal::fixed("BUSYKEY Target key name already exists.");

/// Redis keeps the time of the last use in so many seconds, and begins anew then.
const IDLE_RANGE_SECONDS: i64 = 1 << 24;

/// What a value is, as the first byte of its payload says it.
mod tag {
    pub(super) const STRING: u8 = 0;
    pub(super) const LIST: u8 = 1;
    pub(super) const SET: u8 = 2;
    pub(super) const HASH: u8 = 3;
    pub(super) const SORTED_SET: u8 = 4;
    pub(super) const STREAM: u8 = 5;
}

fn dump(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    call.keys().mark_used(key);
    let Some(entry) = call.keys().entry(key) else { return Ok(Value::Nil) };
    Ok(Value::BulkString(payload(&entry.value)))
}

/// A value as bytes.
fn payload(value: &Stored) -> Vec<u8> {
    seal::close(write::body(value))
}

/// The value that these bytes are.
fn value(payload: &[u8]) -> Result<Stored, Refusal> {
    read::value(seal::open(payload).ok_or(BAD_SEAL)?).ok_or(BAD_FORMAT)
}

/// How a value is to be restored.
#[derive(Debug, Default)]
struct Options {
    is_replacing: bool,
    is_absolute: bool,
    idle_seconds: Option<i64>,
    /// It is checked and has no use: nothing here counts how often a key is used.
    frequency: Option<i64>,
}

impl Options {
    fn read(mut words: &[&[u8]]) -> Result<Self, Refusal> {
        let mut options = Self::default();
        while let [name, rest @ ..] = words {
            words = match (&*name.to_ascii_uppercase(), rest) {
                (b"REPLACE", _) => {
                    options.is_replacing = true;
                    rest
                }
                (b"ABSTTL", _) => {
                    options.is_absolute = true;
                    rest
                }
                (b"IDLETIME", [seconds, rest @ ..]) if options.frequency.is_none() => {
                    let seconds = number::integer(seconds).ok_or(Refusal::NO_INTEGER)?;
                    if seconds < 0 {
                        return Err(Refusal::fixed("ERR Invalid IDLETIME value, must be >= 0"));
                    }
                    options.idle_seconds = Some(seconds);
                    rest
                }
                (b"FREQ", [frequency, rest @ ..]) if options.idle_seconds.is_none() => {
                    let frequency = number::integer(frequency).ok_or(Refusal::NO_INTEGER)?;
                    if !(0..=255).contains(&frequency) {
                        return Err(Refusal::fixed("ERR Invalid FREQ value, must be >= 0 and <= 255"));
                    }
                    options.frequency = Some(frequency);
                    rest
                }
                _ => return Err(Refusal::SYNTAX),
            };
        }
        Ok(options)
    }
}

fn restore(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = Options::read(call.rest(4))?;
    let (key, now_ms) = (call.key(1)?, call.now_ms());
    if !options.is_replacing && call.keys().contains(&key) {
        return Err(BUSY);
    }
    let ttl_ms = call.int(2)?;
    if ttl_ms < 0 {
        return Err(Refusal::fixed("ERR Invalid TTL value, must be >= 0"));
    }
    let mut value = value(call.word(3)?)?;
    if let Stored::Hash(hash) = &mut value {
        hash.expire(now_ms);
    }
    let expires_at = match ttl_ms {
        0 => None,
        at if options.is_absolute => Some(at),
        left => Some(left.saturating_add(now_ms)),
    };
    // What it replaces is gone first: who waits for such a value is served, as by a key that is new.
    call.keys().remove(&key);
    call.keys().set(key.clone(), value, expires_at);
    call.keys().drop_if_hollow(&key);
    if let Some(seconds) = options.idle_seconds {
        call.keys().set_used_at(&key, now_ms - seconds % IDLE_RANGE_SECONDS * 1000);
    }
    Ok(Value::Okay)
}

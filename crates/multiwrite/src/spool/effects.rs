//! An effect as bytes: all words of its steps, its keys, its lives and its kind.

use std::sync::Arc;

use redis::{Arg, Cmd};

use super::bytes::{Reader, put_bytes, put_number, put_signed, wide};
use crate::effect::{Effect, Key, Kind, Life};

const OVERWRITES: u8 = 1;
const SETS_LIFE: u8 = 2;
const ADDS: u8 = 3;
const BUILDS: u8 = 4;
const READS: u8 = 5;

const FOREVER: u8 = 1;
const UNTIL: u8 = 2;
const GONE: u8 = 3;

/// Appends the effect.
pub(super) fn put_effect(out: &mut Vec<u8>, effect: &Effect) {
    match effect.kind {
        Kind::Overwrites => out.push(OVERWRITES),
        Kind::SetsLife => out.push(SETS_LIFE),
        Kind::Adds(by) => {
            out.push(ADDS);
            put_signed(out, by);
        }
        Kind::Builds => out.push(BUILDS),
        Kind::Reads => out.push(READS),
    }
    put_number(out, wide(effect.steps.len()));
    for step in &effect.steps {
        let words = step.args_iter();
        put_number(out, wide(words.len()));
        for word in words {
            match word {
                Arg::Simple(word) => put_bytes(out, word),
                // The cursor of a scan, which changes nothing; redis-rs does not tell where it stands. What other kinds of
                // words there will be is not known.
                Arg::Cursor | _ => put_bytes(out, b"0"),
            }
        }
    }
    put_keys(out, &effect.keys);
    put_number(out, wide(effect.lives.len()));
    for (key, life) in &effect.lives {
        put_bytes(out, key);
        match life {
            Life::Forever => out.push(FOREVER),
            Life::Until { unix_ms } => {
                out.push(UNTIL);
                put_signed(out, *unix_ms);
            }
            Life::Gone => out.push(GONE),
        }
    }
}

/// Appends a list of keys.
pub(super) fn put_keys(out: &mut Vec<u8>, keys: &[Key]) {
    put_number(out, wide(keys.len()));
    for key in keys {
        put_bytes(out, key);
    }
}

/// Takes an effect. Nothing if the bytes are none.
pub(super) fn effect(reader: &mut Reader<'_>) -> Option<Effect> {
    let kind = match reader.byte()? {
        OVERWRITES => Kind::Overwrites,
        SETS_LIFE => Kind::SetsLife,
        ADDS => Kind::Adds(reader.signed()?),
        BUILDS => Kind::Builds,
        READS => Kind::Reads,
        _ => return None,
    };
    let mut steps = Vec::new();
    for _ in 0..reader.count()? {
        steps.push(step(reader)?);
    }
    let keys = keys(reader)?;
    let mut lives = Vec::new();
    for _ in 0..reader.count()? {
        let key = reader.bytes()?;
        // The same key in memory once.
        let key = keys.iter().find(|known| known.as_ref() == key).map_or_else(|| Key::from(key), Arc::clone);
        let life = match reader.byte()? {
            FOREVER => Life::Forever,
            UNTIL => Life::Until { unix_ms: reader.signed()? },
            GONE => Life::Gone,
            _ => return None,
        };
        lives.push((key, life));
    }
    Some(Effect { steps, keys, lives, kind })
}

fn step(reader: &mut Reader<'_>) -> Option<Cmd> {
    let mut step = Cmd::new();
    for _ in 0..reader.count()? {
        step.arg(reader.bytes()?);
    }
    Some(step)
}

/// Takes a list of keys.
pub(super) fn keys(reader: &mut Reader<'_>) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    for _ in 0..reader.count()? {
        keys.push(Key::from(reader.bytes()?));
    }
    Some(keys)
}

#[cfg(test)]
mod tests;

//! Commands of strings, and of keys as such, that have options of their own.

use crate::effect::form::{End, Form, Told, When, Word};
use crate::effect::words::Words;

fn sets(words: &Words<'_>, value: usize, end: End, when: When) -> Form {
    Form::Sets { pairs: vec![(words.at(1).into(), words.at(value).into())], end, when }
}

/// SET key value with all its options.
pub(super) fn set(words: &Words<'_>) -> Option<Form> {
    let (mut end, mut is_get, mut condition) = (End::Never, false, None);
    let mut at = 3;
    while at < words.len() {
        match words.upper(at).as_slice() {
            b"GET" => is_get = true,
            b"KEEPTTL" => end = End::AsLocal,
            name @ (b"NX" | b"XX") => condition = Some((name.to_vec(), Word::default())),
            name @ (b"IFEQ" | b"IFNE" | b"IFDEQ" | b"IFDNE") => {
                at += 1;
                condition = Some((name.to_vec(), words.at(at).into()));
            }
            name => {
                end = lasting(name, words.number(at + 1))?;
                at += 1;
            }
        }
        at += 1;
    }
    let when = match (is_get, condition) {
        (_, None) => When::Always,
        (false, Some(_)) => When::NotNil,
        (true, Some((name, word))) => match name.as_slice() {
            b"NX" => When::Nil,
            b"XX" => When::NotNil,
            b"IFEQ" => When::Was(word),
            b"IFNE" => When::WasNot(word),
            // The reply is the value, and its digest is not known here.
            _ => return None,
        },
    };
    (words.len() >= 3).then(|| sets(words, 2, end, when))
}

/// EX, PX, EXAT or PXAT.
fn lasting(name: &[u8], number: Option<i64>) -> Option<End> {
    match name {
        b"EX" | b"PX" => Some(End::AsLocal),
        b"EXAT" => number?.checked_mul(1000).map(|unix_ms| End::At { unix_ms }),
        b"PXAT" => number.map(|unix_ms| End::At { unix_ms }),
        _ => None,
    }
}

pub(super) fn set_if_new(words: &Words<'_>) -> Option<Form> {
    (words.len() == 3).then(|| sets(words, 2, End::Never, When::NotZero))
}

pub(super) fn set_with_life(words: &Words<'_>) -> Option<Form> {
    (words.len() == 4).then(|| sets(words, 3, End::AsLocal, When::Always))
}

pub(super) fn get_and_set(words: &Words<'_>) -> Option<Form> {
    (words.len() == 3).then(|| sets(words, 2, End::Never, When::Always))
}

fn pairs(words: &[&[u8]]) -> Option<Vec<(Word, Word)>> {
    let pair = |pair: &[&[u8]]| match pair {
        [key, value] => Some(((*key).into(), (*value).into())),
        _ => None,
    };
    words.chunks(2).map(pair).collect()
}

pub(super) fn set_many(words: &Words<'_>) -> Option<Form> {
    Some(Form::Sets { pairs: pairs(words.from(1))?, end: End::Never, when: When::Always })
}

pub(super) fn set_many_if_new(words: &Words<'_>) -> Option<Form> {
    Some(Form::Sets { pairs: pairs(words.from(1))?, end: End::Never, when: When::NotZero })
}

/// MSETEX numkeys key value [key value ..] [NX | XX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
pub(super) fn set_many_with_life(words: &Words<'_>) -> Option<Form> {
    let count = usize::try_from(words.number(1)?).ok()?;
    let behind = count.checked_mul(2)?.checked_add(2)?;
    let pairs = pairs(words.from(2).get(..behind - 2)?)?;
    let (mut end, mut at) = (End::Never, behind);
    while at < words.len() {
        match words.upper(at).as_slice() {
            b"NX" | b"XX" => {}
            b"KEEPTTL" => end = End::AsLocal,
            name => {
                end = lasting(name, words.number(at + 1))?;
                at += 1;
            }
        }
        at += 1;
    }
    Some(Form::Sets { pairs, end, when: When::NotZero })
}

/// GETEX key, which is a read unless it says more.
pub(super) fn get_and_live(words: &Words<'_>) -> Option<Form> {
    match words.len() {
        2 => Some(Form::Reads),
        _ => Some(Form::SetsLife { key: words.at(1).into(), when: When::NotNil }),
    }
}

pub(super) fn live(words: &Words<'_>) -> Option<Form> {
    Some(Form::SetsLife { key: words.at(1).into(), when: When::NotZero })
}

fn wipes(keys: &[&[u8]], by: &'static str) -> Option<Form> {
    Some(Form::Wipes { keys: keys.iter().map(|key| (*key).into()).collect(), by })
}

pub(super) fn wipe(words: &Words<'_>) -> Option<Form> {
    wipes(words.from(1), "DEL")
}

pub(super) fn unlink(words: &Words<'_>) -> Option<Form> {
    wipes(words.from(1), "UNLINK")
}

/// GETDEL, and DELEX with whatever condition: the key was there and is gone, or nothing was done.
pub(super) fn wipe_one(words: &Words<'_>) -> Option<Form> {
    Some(Form::Whole { keys: vec![words.at(1).into()], when: When::NotZero })
}

pub(super) fn get_and_wipe(words: &Words<'_>) -> Option<Form> {
    wipes(words.from(1).get(..1)?, "DEL")
}

fn adds(words: &Words<'_>, by: Option<i64>) -> Option<Form> {
    Some(Form::Adds { key: words.at(1).into(), by: by? })
}

pub(super) fn increment(words: &Words<'_>) -> Option<Form> {
    adds(words, Some(1))
}

pub(super) fn decrement(words: &Words<'_>) -> Option<Form> {
    adds(words, Some(-1))
}

pub(super) fn increment_by(words: &Words<'_>) -> Option<Form> {
    adds(words, words.number(2))
}

pub(super) fn decrement_by(words: &Words<'_>) -> Option<Form> {
    adds(words, words.number(2).and_then(i64::checked_neg))
}

pub(super) fn increment_by_float(words: &Words<'_>) -> Option<Form> {
    Some(Form::Told(Told::Value(words.at(1).into())))
}

/// BITFIELD, which is a read if it only gets.
pub(super) fn bit_field(words: &Words<'_>) -> Option<Form> {
    let writes = words.has(2, "SET") || words.has(2, "INCRBY");
    let key = words.at(1).into();
    Some(if writes { Form::Builds { key, when: When::Always } } else { Form::Reads })
}

/// RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME s] [FREQ n]
pub(super) fn restore(words: &Words<'_>) -> Option<Form> {
    let end = match words.number(2)? {
        0 => End::Never,
        unix_ms if words.has(4, "ABSTTL") => End::At { unix_ms },
        _ => End::AsLocal,
    };
    (words.len() >= 4).then(|| Form::Restores { key: words.at(1).into(), payload: words.at(3).into(), end })
}

/// RENAME: nothing is left of the first key, and the second is whole.
pub(super) fn rename(words: &Words<'_>) -> Option<Form> {
    Some(Form::Whole { keys: vec![words.at(1).into(), words.at(2).into()], when: When::NotZero })
}

/// COPY from to [DB n] [REPLACE]: only the second key is written, and not in another database.
pub(super) fn copy(words: &Words<'_>) -> Option<Form> {
    Some(Form::Whole { keys: vec![words.at(2).into()], when: When::NotZero })
}

/// MEMORY USAGE key; its other words ask the server about itself.
pub(super) fn memory(words: &Words<'_>) -> Option<Form> {
    Some(if words.is(1, "USAGE") { Form::Reads } else { Form::Silent })
}

//! Strings as rows of bits, the first of which is the highest of the first byte.

mod count;
mod field;
mod field_words;
mod operation;
#[cfg(test)]
mod tests;

use redis::Value;

use super::reply::flag;
use super::strings::STRING_MAX_BYTES;
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::read("bitcount", -2, Keys::FIRST, count::count_ones),
    Spec::write("bitfield", -2, Keys::FIRST, field::bitfield),
    Spec::read("bitfield_ro", -2, Keys::FIRST, field::bitfield_readonly),
    Spec::write("bitop", -4, Keys::Range { first: 2, last: -1, step: 1 }, operation::operate),
    Spec::read("bitpos", -3, Keys::FIRST, count::position),
    Spec::read("getbit", 3, Keys::FIRST, get),
    Spec::write("setbit", 4, Keys::FIRST, set),
];

const BAD_OFFSET: Refusal = Refusal::fixed("ERR bit offset is not an integer or out of range");

/// An offset in bits that a command may name, so that no string becomes too long.
fn offset(number: Option<i64>) -> Result<usize, Refusal> {
    let offset = number.and_then(|number| usize::try_from(number).ok());
    offset.filter(|offset| offset / 8 < STRING_MAX_BYTES).ok_or(BAD_OFFSET)
}

/// The bit at an offset, in its byte.
fn mask(offset: usize) -> u8 {
    0x80 >> (offset % 8)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, offset) = (call.word(1)?, offset(number::integer(call.word(2)?))?);
    let value = call.keys().read::<Vec<u8>>(key)?;
    let byte = value.and_then(|value| value.get(offset / 8));
    Ok(flag(byte.is_some_and(|byte| byte & mask(offset) != 0)))
}

fn set(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, offset) = (call.word(1)?, offset(number::integer(call.word(2)?))?);
    let is_on = match call.word(3)? {
        b"0" => false,
        b"1" => true,
        _ => return Err(Refusal::fixed("ERR bit is not an integer or out of range")),
    };
    let byte = call.keys().read::<Vec<u8>>(key)?.and_then(|value| value.get(offset / 8)).copied();
    let was_on = byte.is_some_and(|byte| byte & mask(offset) != 0);
    if byte.is_some() && was_on == is_on {
        return Ok(flag(was_on));
    }
    let value = grown(call, key, offset / 8 + 1)?;
    if let Some(byte) = value.get_mut(offset / 8) {
        *byte = if is_on { *byte | mask(offset) } else { *byte & !mask(offset) };
    }
    Ok(flag(was_on))
}

/// The value of a key, to change it, with at least so many bytes.
fn grown<'a>(call: &'a mut Call<'_>, key: &[u8], len: usize) -> Result<&'a mut Vec<u8>, Refusal> {
    let value = call.keys().write_or_new::<Vec<u8>>(key)?;
    if value.len() < len {
        value.resize(len, 0);
    }
    Ok(value)
}

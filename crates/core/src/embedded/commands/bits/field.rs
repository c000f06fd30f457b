//! BITFIELD: numbers of any width at any bit.

use redis::Value;

use super::field_words::{self, Overflow, Shape, Step, Verb};
use super::grown;
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;

/// A field of 64 bits touches at most so many bytes.
const TOUCHED_BYTES: usize = 9;
const TOUCHED_BITS: u32 = 72;

pub(super) fn bitfield(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let steps = field_words::read(call.rest(2))?;
    carry_out(call, &steps)
}

pub(super) fn bitfield_readonly(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let steps = field_words::read(call.rest(2))?;
    if steps.iter().any(|step| step.verb != Verb::Get) {
        return Err(Refusal::fixed("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    carry_out(call, &steps)
}

fn carry_out(call: &mut Call<'_>, steps: &[Step]) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let len = call.keys().read::<Vec<u8>>(key)?.map_or(0, Vec::len);
    let written = steps.iter().filter(|step| step.verb != Verb::Get);
    // Room is made also for what then fails.
    if let Some(needed) = written.map(Step::end_bytes).max()
        && needed > len
    {
        grown(call, key, needed)?;
    }
    let mut told = Vec::with_capacity(steps.len());
    for step in steps {
        let value = call.keys().read::<Vec<u8>>(key)?.map_or(&[][..], Vec::as_slice);
        let before = step.shape.number(look(value, step.offset, step.shape.bits));
        let wanted = match step.verb {
            Verb::Get => None,
            Verb::Set(value) => Some(step.shape.set(value, step.overflow)),
            Verb::Increase(by) => Some(step.shape.fit(before + i128::from(by), step.overflow)),
        };
        if let Some(Some(after)) = wanted
            && let Some(value) = call.keys().write::<Vec<u8>>(key)?
        {
            put(value, step.offset, step.shape.bits, after);
        }
        let reply = match (step.verb, wanted) {
            (_, Some(None)) => None,
            (Verb::Increase(_), Some(after)) => after,
            (_, _) => Some(before),
        };
        told.push(reply.and_then(|number| i64::try_from(number).ok()).map_or(Value::Nil, Value::Int));
    }
    Ok(Value::Array(told))
}

impl Step {
    /// How many bytes there are up to the end of its field.
    fn end_bytes(&self) -> usize {
        let bits = usize::try_from(self.shape.bits).unwrap_or_default();
        (self.offset + bits).div_ceil(8)
    }
}

impl Shape {
    fn max(self) -> i128 {
        let bits = if self.is_signed { self.bits - 1 } else { self.bits };
        (1 << bits) - 1
    }

    fn min(self) -> i128 {
        if self.is_signed { -self.max() - 1 } else { 0 }
    }

    /// The number that these bits are.
    fn number(self, bits: u128) -> i128 {
        let bits = i128::try_from(bits & ((1 << self.bits) - 1)).unwrap_or_default();
        if bits > self.max() { bits - (1 << self.bits) } else { bits }
    }

    /// What a number becomes in this shape, if it is written at all.
    fn fit(self, number: i128, overflow: Overflow) -> Option<i128> {
        if (self.min()..=self.max()).contains(&number) {
            return Some(number);
        }
        match overflow {
            Overflow::Wrap => Some(self.number(number.cast_unsigned())),
            Overflow::Saturate if number < 0 => Some(self.min()),
            Overflow::Saturate => Some(self.max()),
            Overflow::Fail => None,
        }
    }

    /// The same for a number that is set, which without a sign has 64 bits.
    fn set(self, value: i64, overflow: Overflow) -> Option<i128> {
        let number = if self.is_signed { i128::from(value) } else { i128::from(value.cast_unsigned()) };
        // Redis counts how far it is to the maximum in 64 bits, and takes what is too far below for above.
        let is_too_far = self.bits < 64 && self.max() - number > i128::from(i64::MAX);
        if self.is_signed && is_too_far && overflow == Overflow::Saturate {
            return Some(self.max());
        }
        self.fit(number, overflow)
    }
}

/// The bytes that a field touches, as one number, with zeros for those that are not there.
fn touched(value: &[u8], offset: usize) -> u128 {
    let part = value.get(offset / 8..).unwrap_or_default();
    let bytes = part.iter().copied().chain(std::iter::repeat(0)).take(TOUCHED_BYTES);
    bytes.fold(0, |sum, byte| sum << 8 | u128::from(byte))
}

/// How far the field is above the lowest of the bits that are touched.
fn shift(offset: usize, bits: u32) -> u32 {
    TOUCHED_BITS - bits - u32::try_from(offset % 8).unwrap_or_default()
}

/// The bits of a field, and others above them.
fn look(value: &[u8], offset: usize, bits: u32) -> u128 {
    touched(value, offset) >> shift(offset, bits)
}

/// Writes a field for which there is room.
fn put(value: &mut [u8], offset: usize, bits: u32, number: i128) {
    let shift = shift(offset, bits);
    let mask = ((1_u128 << bits) - 1) << shift;
    let new = touched(value, offset) & !mask | number.cast_unsigned() << shift & mask;
    let bytes = new.to_be_bytes();
    let bytes = bytes.iter().skip(bytes.len() - TOUCHED_BYTES);
    for (old, new) in value.iter_mut().skip(offset / 8).zip(bytes) {
        *old = *new;
    }
}

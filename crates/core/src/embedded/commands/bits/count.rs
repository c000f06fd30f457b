//! BITCOUNT and BITPOS: how many bits there are, and where the first is.

use std::ops::RangeInclusive;

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::commands::reply::count;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// A part of a value, from `start` to `end`, both of which count from its end if they are negative.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: i64,
    /// To the end of the value, if there is none.
    end: Option<i64>,
    is_in_bits: bool,
}

impl Part {
    const ALL: Self = Self { start: 0, end: None, is_in_bits: false };

    /// From the words START, END and UNIT, as far as there are any. If both of the last two are wrong, BITPOS tells of
    /// the unit.
    fn read(words: &[&[u8]], tells_unit_first: bool) -> Result<Self, Refusal> {
        let (start, end, unit) = match words {
            [] => return Ok(Self::ALL),
            [start] => (start, None, None),
            [start, end] => (start, Some(end), None),
            [start, end, unit] => (start, Some(end), Some(unit)),
            [_, _, _, _, ..] => return Err(Refusal::SYNTAX),
        };
        let integer = |word: &[u8]| number::integer(word).ok_or(Refusal::NO_INTEGER);
        let start = integer(start)?;
        match (end.map(|end| integer(end)).transpose(), is_in_bits(unit)) {
            (Ok(end), Ok(is_in_bits)) => Ok(Self { start, end, is_in_bits }),
            (Err(_), Err(unit)) if tells_unit_first => Err(unit),
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        }
    }

    /// The bits that are meant of a value of so many bytes; none, if it ends before it starts.
    fn bits(self, len: usize) -> Option<RangeInclusive<usize>> {
        let scale = if self.is_in_bits { 1 } else { 8 };
        let total = i64::try_from(len * 8 / scale).unwrap_or(i64::MAX);
        let from_front = |index: i64| if index < 0 { total.saturating_add(index).max(0) } else { index };
        let (start, end) = (from_front(self.start), from_front(self.end.unwrap_or(-1)).min(total - 1));
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        (start <= end).then(|| start * scale..=end * scale + scale - 1)
    }
}

/// Whether a unit is the bit; if none is said, it is the byte.
fn is_in_bits(unit: Option<&&[u8]>) -> Result<bool, Refusal> {
    match unit {
        Some(unit) if unit.eq_ignore_ascii_case(b"BIT") => Ok(true),
        Some(unit) if !unit.eq_ignore_ascii_case(b"BYTE") => Err(Refusal::SYNTAX),
        Some(_) | None => Ok(false),
    }
}

/// The bytes with these bits, each with its index and nothing else in it but these bits of `flipped`.
fn bytes(value: &[u8], bits: RangeInclusive<usize>, flipped: u8) -> impl Iterator<Item = (usize, u8)> {
    let (start, end) = bits.into_inner();
    let (first, last) = (start / 8, end / 8);
    let part = value.get(first..=last).unwrap_or_default();
    part.iter().zip(first..).map(move |(byte, index)| {
        let from = if index == first { 0xff >> (start % 8) } else { 0xff };
        let to = if index == last { 0xff << (7 - end % 8) } else { 0xff };
        (index, (byte ^ flipped) & from & to)
    })
}

pub(super) fn count_ones(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    let part = match call.rest(2) {
        [_] => return Err(Refusal::SYNTAX),
        words => Part::read(words, false)?,
    };
    let Some(value) = call.keys().read::<Vec<u8>>(key)? else { return Ok(count(0)) };
    // Where both lie before the value, BITPOS sees its first byte, and this does not.
    let crosses = part.end.is_some_and(|end| part.start < 0 && end < 0 && part.start > end);
    let Some(bits) = part.bits(value.len()).filter(|_| !crosses) else { return Ok(count(0)) };
    let ones = bytes(value, bits, 0).map(|(_, byte)| u64::from(byte.count_ones())).sum::<u64>();
    Ok(Value::Int(i64::try_from(ones).unwrap_or(i64::MAX)))
}

pub(super) fn position(call: &mut Call<'_>) -> Result<Value, Refusal> {
    const NOWHERE: Value = Value::Int(-1);
    let (key, bit) = (call.word(1)?, call.int(2)?);
    let is_one = match bit {
        0 => false,
        1 => true,
        _ => return Err(Refusal::fixed("ERR The bit argument must be 1 or 0.")),
    };
    let part = Part::read(call.rest(3), true)?;
    let Some(value) = call.keys().read::<Vec<u8>>(key)? else {
        return Ok(if is_one { NOWHERE } else { count(0) });
    };
    let Some(bits) = part.bits(value.len()) else { return Ok(NOWHERE) };
    let found = bytes(value, bits, if is_one { 0 } else { 0xff }).find(|(_, byte)| *byte != 0);
    Ok(match found {
        Some((index, byte)) => {
            let within = usize::try_from(byte.leading_zeros()).unwrap_or_default();
            count(index * 8 + within)
        }
        // Behind a value there are zeros without end, unless its end was asked for.
        None if !is_one && part.end.is_none() => count(value.len() * 8),
        None => NOWHERE,
    })
}

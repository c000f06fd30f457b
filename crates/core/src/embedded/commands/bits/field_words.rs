//! The words of BITFIELD: what is to be read and written, one after the other.

use super::offset;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// What becomes of a number that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// It loses its upper bits.
    Wrap,
    /// It is the largest or the smallest that fits.
    Saturate,
    /// Nothing is written.
    Fail,
}

/// The numbers that a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) is_signed: bool,
    /// 1 to 64, or to 63 without a sign.
    pub(super) bits: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Set(i64),
    Increase(i64),
}

/// One thing to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) verb: Verb,
    pub(super) shape: Shape,
    /// In bits.
    pub(super) offset: usize,
    pub(super) overflow: Overflow,
}

impl Shape {
    fn read(word: &[u8]) -> Result<Self, Refusal> {
        let (is_signed, bits_max, digits) = match word {
            [b'i', digits @ ..] => (true, 64, digits),
            [b'u', digits @ ..] => (false, 63, digits),
            _ => (false, 0, word),
        };
        let bits = number::integer(digits).and_then(|bits| u32::try_from(bits).ok());
        let bits = bits.filter(|bits| (1..=bits_max).contains(bits));
        let bits = bits.ok_or(Refusal::fixed(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ))?;
        Ok(Self { is_signed, bits })
    }

    /// An offset in bits, or behind a `#` in fields of this shape.
    fn offset(self, word: &[u8]) -> Result<usize, Refusal> {
        offset(match word {
            // Redis multiplies without a look at the upper bits.
            [b'#', digits @ ..] => {
                number::integer(digits).map(|number| number.wrapping_mul(i64::from(self.bits)))
            }
            _ => number::integer(word),
        })
    }
}

/// The steps that the words behind the key tell.
pub(super) fn read(mut words: &[&[u8]]) -> Result<Vec<Step>, Refusal> {
    let (mut steps, mut overflow) = (Vec::new(), Overflow::Wrap);
    while let [name, rest @ ..] = words {
        let integer = |word: &[u8]| number::integer(word).ok_or(Refusal::NO_INTEGER);
        let (shape, place, verb): (_, _, fn(i64) -> Verb) = match (&*name.to_ascii_uppercase(), rest) {
            (b"GET", [shape, place, ..]) => (shape, place, |_| Verb::Get),
            (b"SET", [shape, place, _, ..]) => (shape, place, Verb::Set),
            (b"INCRBY", [shape, place, _, ..]) => (shape, place, Verb::Increase),
            (b"OVERFLOW", [mode, after @ ..]) => {
                (overflow, words) = (mode_of(mode)?, after);
                continue;
            }
            _ => return Err(Refusal::SYNTAX),
        };
        let shape = Shape::read(shape)?;
        let offset = shape.offset(place)?;
        let (verb, used) = match (verb(0), rest) {
            (Verb::Set(_) | Verb::Increase(_), [_, _, number, ..]) => (verb(integer(number)?), 3),
            (verb, _) => (verb, 2),
        };
        steps.push(Step { verb, shape, offset, overflow });
        words = rest.get(used..).unwrap_or_default();
    }
    Ok(steps)
}

fn mode_of(word: &[u8]) -> Result<Overflow, Refusal> {
    match &*word.to_ascii_uppercase() {
        b"WRAP" => Ok(Overflow::Wrap),
        b"SAT" => Ok(Overflow::Saturate),
        b"FAIL" => Ok(Overflow::Fail),
        _ => Err(Refusal::fixed("ERR Invalid OVERFLOW type specified")),
    }
}

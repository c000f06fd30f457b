//! Numbers with a fraction: the shortest digits that read back as the same number.

use std::fmt::Debug;
use std::io::Write;
use std::str::FromStr;

use super::{Field, InvalidValue, text};

const WANTED: InvalidValue = InvalidValue::not("a float");

/// A whole number is written without a fraction (`1`, not `1.0`), a very large or small one with an exponent (`1e300`),
/// and the infinities as Redis writes them (`inf`, `-inf`). NaN is refused, as Redis refuses it wherever it counts. What
/// is too large to be read is refused, and not rounded to infinity.
#[diagnostic::do_not_recommend]
impl Field for f64 {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        encode(self, self.is_nan(), out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        decode(bytes, |number: &Self| number.is_finite())
    }
}

/// As `f64`.
#[diagnostic::do_not_recommend]
impl Field for f32 {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        encode(self, self.is_nan(), out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        decode(bytes, |number: &Self| number.is_finite())
    }
}

/// `Debug` of a float is the shortest text that reads back as the same; it takes an exponent where digits would be many.
fn encode(number: &impl Debug, is_nan: bool, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    if is_nan {
        return Err(WANTED);
    }
    write!(out, "{number:?}").map_err(|_| WANTED)?;
    if out.ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
    Ok(())
}

fn decode<T: FromStr>(bytes: &[u8], is_finite: impl Fn(&T) -> bool) -> Result<T, InvalidValue> {
    let number = text(bytes).and_then(|text| text.parse().ok()).ok_or(WANTED)?;
    let is_infinity = matches!(bytes, b"inf" | b"-inf" | b"+inf");
    if is_finite(&number) || is_infinity { Ok(number) } else { Err(WANTED) }
}

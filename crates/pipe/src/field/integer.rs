//! Whole numbers, exact to the last digit: no way leads through a float.

use std::fmt::Display;
use std::io::Write;
use std::str::FromStr;

use super::{Field, InvalidValue, text};

/// Implements [`Field`] for one type of integer; `wanted` is what an error calls it.
macro_rules! integer {
    ($type:ty, $wanted:literal) => {
        /// Read as Redis itself reads an integer: digits, a minus before them, no zero in front, and nothing else.
        #[diagnostic::do_not_recommend]
        impl Field for $type {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
                encode(self, $wanted, out)
            }

            fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
                decode(bytes, $wanted)
            }
        }
    };
}

integer!(i8, "an int (i8)");
integer!(i16, "an int (i16)");
integer!(i32, "an int (i32)");
integer!(i64, "an int (i64)");
integer!(u8, "an int (u8)");
integer!(u16, "an int (u16)");
integer!(u32, "an int (u32)");
integer!(u64, "an int (u64)");

fn encode(number: &impl Display, wanted: &'static str, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
    write!(out, "{number}").map_err(|_| InvalidValue::not(wanted))
}

fn decode<T: FromStr>(bytes: &[u8], wanted: &'static str) -> Result<T, InvalidValue> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_plain = matches!(digits, [b'1'..=b'9', ..]) || bytes == b"0";
    let number = text(bytes).filter(|_| is_plain).and_then(|text| text.parse().ok());
    number.ok_or_else(|| InvalidValue::not(wanted))
}

//! SCAN over all primaries: one after the other, and the cursor says where it is.

use redis::{Cmd, Value};

use crate::backend::keys;
use crate::error::{Error, Result, convert};
use crate::mutant;

/// How many bits of a cursor are the server's own; those above them are the number of the primary.
const OWN_BITS: u32 = 48;

/// A cursor of the whole: at which primary, in the order of their slots, and where there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) primary: u16,
    own: u64,
}

impl Cursor {
    /// The cursor of a SCAN. What is no number is for a server to refuse.
    pub(crate) fn of(command: &Cmd) -> Option<Self> {
        let word = std::str::from_utf8(keys::word(command, 1)?).ok()?;
        Some(Self::from(word.parse::<u64>().ok()?))
    }

    /// Whether nothing was scanned yet.
    pub(crate) const fn is_begin(self) -> bool {
        self.primary == 0 && self.own == 0
    }

    /// The command for the primary, with the cursor that it gave.
    pub(crate) fn on_primary(self, command: &Cmd) -> Cmd {
        let mut own = Cmd::new();
        for (index, word) in keys::words(command).enumerate() {
            if index == 1 {
                own.arg(self.own)
            } else {
                own.arg(word)
            };
        }
        own
    }

    /// The reply of the primary as one of the whole, of so many primaries: where it ends, the next one begins.
    pub(crate) fn reply(self, reply: Value, primaries: usize) -> Result<Value> {
        let (own, items): (u64, Value) = convert(reply)?;
        let next = match own {
            0 if usize::from(self.primary) + 1 >= primaries
                || mutant::is_on("scan_ends_with_one_primary") =>
            {
                0
            }
            0 => u64::from(self.primary + 1) << OWN_BITS,
            own if own >> OWN_BITS == 0 => u64::from(self.primary) << OWN_BITS | own,
            _ => return Err(Error::unsupported("SCAN", WIDE)),
        };
        Ok(Value::Array(vec![Value::BulkString(next.to_string().into_bytes()), items]))
    }

    /// What is said where there is no such primary any more: its keys are elsewhere, and nothing is left to scan.
    pub(crate) fn end() -> Value {
        Value::Array(vec![Value::BulkString(b"0".to_vec()), Value::Array(Vec::new())])
    }
}

const WIDE: &str = "the server's cursor has over 48 bits: scan each of Cluster::primaries() by itself";

impl From<u64> for Cursor {
    fn from(cursor: u64) -> Self {
        // What is left of a shift by 48 has 16 bits.
        let primary = u16::try_from(cursor >> OWN_BITS).unwrap_or(u16::MAX);
        Self { primary, own: cursor & ((1 << OWN_BITS) - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(cursor: u64) -> Value {
        let items = Value::Array(vec![Value::BulkString(b"k".to_vec())]);
        Value::Array(vec![Value::BulkString(cursor.to_string().into_bytes()), items])
    }

    fn scan(cursor: &str) -> Cmd {
        redis::cmd("SCAN").arg(cursor).arg("MATCH").arg("17").take()
    }

    #[test]
    fn a_cursor_names_its_primary_in_the_high_bits() {
        let cursor = Cursor::of(&scan(&(3_u64 << 48 | 17).to_string())).unwrap();
        assert_eq!(cursor, Cursor { primary: 3, own: 17 });
        assert_eq!(cursor.on_primary(&scan("x")).get_packed_command(), scan("17").get_packed_command());
        assert!(
            Cursor::from(0).is_begin() && !Cursor::from(1).is_begin() && !Cursor::from(1 << 48).is_begin()
        );
        assert_eq!(Cursor::from(u64::MAX).primary, u16::MAX);
    }

    #[test]
    fn where_one_primary_ends_the_next_one_begins() {
        let next = |cursor: u64, own| Cursor::from(cursor).reply(reply(own), 2);
        assert_eq!(next(0, 5).unwrap(), reply(5));
        assert_eq!(next(5, 0).unwrap(), reply(1 << 48));
        assert_eq!(next(1 << 48, 7).unwrap(), reply(1 << 48 | 7));
        assert_eq!(next(1 << 48 | 7, 0).unwrap(), reply(0));
    }

    #[test]
    fn what_is_no_cursor_is_told_and_not_mistaken() {
        for text in ["x", "-1", "", "18446744073709551616"] {
            assert_eq!(Cursor::of(&scan(text)), None, "{text}");
        }
        assert_eq!(Cursor::of(&redis::cmd("SCAN")), None);
        assert!(matches!(Cursor::from(0).reply(reply(1 << 48), 2), Err(Error::Unsupported { .. })));
        assert!(matches!(Cursor::from(0).reply(Value::Okay, 2), Err(Error::Conversion { .. })));
    }
}

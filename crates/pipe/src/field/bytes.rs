//! Bytes as they are.

use super::{Field, InvalidValue};

#[diagnostic::do_not_recommend]
impl Field for Vec<u8> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(self);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        Ok(bytes.to_vec())
    }
}

/// Exactly so many bytes: a UUID, a hash.
#[diagnostic::do_not_recommend]
impl<const N: usize> Field for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(self);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        bytes.try_into().map_err(|_| InvalidValue::not("of as many bytes as asked for"))
    }
}

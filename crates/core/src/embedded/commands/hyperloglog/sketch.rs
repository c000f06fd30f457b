//! A sketch: a header with the last count, and registers in one of two forms.

use super::dense;
use super::sparse::{self, Raised};
use crate::embedded::refusal::Refusal;

/// How many bits of a hash choose the register.
pub(super) const REGISTER_BITS: u32 = 14;
pub(super) const REGISTERS: usize = 1 << REGISTER_BITS;
/// The mark, the form, three bytes that are not used, and the count.
pub(super) const HEADER_BYTES: usize = 16;

pub(super) const CORRUPT: Refusal = Refusal::fixed("INVALIDOBJ Corrupted HLL object detected");
const NO_SKETCH: Refusal = Refusal::fixed("WRONGTYPE Key is not a valid HyperLogLog string value.");

const MARK: [u8; 4] = *b"HYLL";
const FORM_AT: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
const COUNT_AT: usize = 8;
/// Set in the count when it does not hold any more.
const STALE: u64 = 1 << 63;

/// The bytes of a sketch. What is behind the header may be anything.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    bytes: Vec<u8>,
}

impl Default for Sketch {
    fn default() -> Self {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + 2);
        bytes.extend(MARK);
        bytes.push(SPARSE);
        bytes.resize(HEADER_BYTES, 0);
        sparse::push_empty(&mut bytes);
        Self { bytes }
    }
}

impl Sketch {
    /// The sketch that these bytes are, if their beginning says so.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let is_one = bytes.starts_with(&MARK)
            && bytes.len() >= HEADER_BYTES
            && match bytes.get(FORM_AT) {
                Some(&DENSE) => bytes.len() == dense::BYTES,
                Some(&SPARSE) => true,
                Some(_) | None => false,
            };
        if is_one { Ok(Self { bytes: bytes.to_vec() }) } else { Err(NO_SKETCH) }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn is_dense(&self) -> bool {
        self.bytes.get(FORM_AT) == Some(&DENSE)
    }

    /// The ranks of all registers.
    pub(super) fn registers(&self) -> Result<Vec<u8>, Refusal> {
        if self.is_dense() { Ok(dense::registers(&self.bytes)) } else { sparse::registers(&self.bytes) }
    }

    /// Gives a register this rank, if its own is lower. Whether it was.
    pub(super) fn raise(&mut self, register: usize, to: u8) -> Result<bool, Refusal> {
        if !self.is_dense() {
            match sparse::raise(&mut self.bytes, register, to)? {
                Raised::No => return Ok(false),
                Raised::Yes => return Ok(true),
                Raised::NeedsDense => self.make_dense()?,
            }
        }
        Ok(dense::raise(&mut self.bytes, register, to))
    }

    pub(super) fn make_dense(&mut self) -> Result<(), Refusal> {
        if self.is_dense() {
            return Ok(());
        }
        let registers = self.registers()?;
        self.bytes.truncate(HEADER_BYTES);
        self.bytes.resize(dense::BYTES, 0);
        if let Some(form) = self.bytes.get_mut(FORM_AT) {
            *form = DENSE;
        }
        for (register, rank) in registers.into_iter().enumerate() {
            dense::raise(&mut self.bytes, register, rank);
        }
        Ok(())
    }

    /// The count as it was last told, if it still holds.
    pub(super) fn known_count(&self) -> Option<u64> {
        let count = u64::from_le_bytes(*self.bytes.get(COUNT_AT..)?.first_chunk()?);
        (count & STALE == 0).then_some(count)
    }

    pub(super) fn remember_count(&mut self, count: u64) {
        if let Some(place) = self.bytes.get_mut(COUNT_AT..).and_then(<[u8]>::first_chunk_mut) {
            *place = count.to_le_bytes();
        }
    }

    /// The count does not hold any more. Its other bits stay as they are.
    pub(super) fn forget_count(&mut self) {
        if let Some(highest) = self.bytes.get_mut(HEADER_BYTES - 1) {
            *highest |= 0x80;
        }
    }
}

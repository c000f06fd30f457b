//! What stands behind a payload's body: a version and a checksum, so that nothing is read that was not written here.
//!
//! # References
//!
//! The checksum is FNV-1a with 64 bits, of Fowler, Noll and Vo: each step is one to one, so that one byte that is changed always
//! shows.

/// The form of the body. To be raised whenever what an old one says is read as something else.
const VERSION: u8 = 1;

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// The body, sealed.
pub(super) fn close(mut body: Vec<u8>) -> Vec<u8> {
    body.push(VERSION);
    let checksum = checksum(&body);
    body.extend(checksum.to_le_bytes());
    body
}

/// The body of a payload that is whole.
pub(super) fn open(payload: &[u8]) -> Option<&[u8]> {
    let (sealed, told) = payload.split_last_chunk()?;
    let (version, body) = sealed.split_last()?;
    (*version == VERSION && checksum(sealed) == u64::from_le_bytes(*told)).then_some(body)
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(OFFSET_BASIS, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(PRIME))
}

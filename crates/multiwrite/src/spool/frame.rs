//! How a segment is laid out: a header, then records, each with its length and its checksum.

use crc::{CRC_32_ISCSI, Crc, Table};

use super::bytes::wide;

/// The version of the format.
pub(super) const VERSION: u32 = 1;
/// Name, version, number and checksum.
pub(super) const HEADER_BYTES: usize = 24;
/// Mark, length and checksum.
pub(super) const FRAME_BYTES: usize = 10;

const NAME: [u8; 8] = *b"redspool";
const MARK: [u8; 2] = [0xf1, 0xee];

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// What a segment begins with.
pub(super) fn header(number: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let fields = NAME.into_iter().chain(VERSION.to_le_bytes()).chain(number.to_le_bytes());
    header.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
    let checksum = CRC.checksum(header.first_chunk::<20>().map_or(&[], |fields| fields));
    header.iter_mut().skip(20).zip(checksum.to_le_bytes()).for_each(|(byte, field)| *byte = field);
    header
}

/// What the beginning of a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// That of the segment with this number.
    Good,
    /// That of another version.
    Version(u32),
    /// None, or of another segment.
    Bad,
}

/// Reads what the segment of this number begins with.
pub(super) fn read_header(segment: &[u8], number: u64) -> Header {
    let expected = header(number);
    if segment.starts_with(&expected) {
        return Header::Good;
    }
    let version =
        segment.strip_prefix(&NAME).and_then(|rest| rest.first_chunk()).map(|it| u32::from_le_bytes(*it));
    // Another version may lay out the rest as it likes, but not its checksum, so that damage is not taken for a version.
    let (fields, checksum) = match segment.first_chunk::<HEADER_BYTES>() {
        Some(header) => header.split_at(20),
        None => return Header::Bad,
    };
    match version {
        Some(version) if version != VERSION && CRC.checksum(fields).to_le_bytes() == checksum => {
            Header::Version(version)
        }
        Some(_) | None => Header::Bad,
    }
}

/// Appends a record, whose body is what `put` appends, at this place of this segment. A record that is found at another place
/// is none. One of 4 GiB or more is not appended.
pub(super) fn put_frame(out: &mut Vec<u8>, number: u64, offset: u64, put: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&[0; FRAME_BYTES - MARK.len()]);
    put(out);
    let body = out.get(begin + FRAME_BYTES..).unwrap_or_default();
    let Ok(len) = u32::try_from(body.len()) else { return out.truncate(begin) };
    let checksum = checksum(number, offset, len, body);
    let fields = len.to_le_bytes().into_iter().chain(checksum.to_le_bytes());
    out.iter_mut().skip(begin + MARK.len()).zip(fields).for_each(|(byte, field)| *byte = field);
}

fn checksum(number: u64, offset: u64, len: u32, body: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&number.to_le_bytes());
    digest.update(&offset.to_le_bytes());
    digest.update(&len.to_le_bytes());
    digest.update(body);
    digest.finalize()
}

/// The body of the record that `bytes` begins with, if `bytes` stands at this place of this segment and the record is whole.
pub(super) fn read_frame(bytes: &[u8], number: u64, offset: u64) -> Option<&[u8]> {
    let (len, rest) = bytes.strip_prefix(&MARK)?.split_first_chunk()?;
    let (expected, rest) = rest.split_first_chunk()?;
    let len = u32::from_le_bytes(*len);
    let body = rest.get(..usize::try_from(len).ok()?)?;
    (checksum(number, offset, len, body) == u32::from_le_bytes(*expected)).then_some(body)
}

/// Whether a whole record stands anywhere in `bytes`, which stand at this place of this segment. Behind the torn tail of a
/// crash there is none; behind damage there is.
pub(super) fn has_frame(bytes: &[u8], number: u64, offset: u64) -> bool {
    let mut rest = bytes;
    let mut skipped = 0;
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        let here = rest.get(at..).unwrap_or_default();
        if read_frame(here, number, offset + wide(skipped + at)).is_some() {
            return true;
        }
        rest = here.get(1..).unwrap_or_default();
        skipped += at + 1;
    }
    false
}

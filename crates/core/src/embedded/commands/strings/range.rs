//! GETRANGE and SETRANGE: a part of a string.

use std::ops::Range;

use redis::Value;

use super::{bulk, check_len, integer};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;

pub(super) fn getrange(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, start, end) = (call.word(1)?, call.int(2)?, call.int(3)?);
    let value = call.keys().read::<Vec<u8>>(key)?.map_or(&[][..], Vec::as_slice);
    Ok(bulk(value.get(span(start, end, value.len())).unwrap_or_default()))
}

/// The indices from `start` to `end`, both of which count from the end if they are negative.
fn span(start: i64, end: i64, len: usize) -> Range<usize> {
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let total = i64::try_from(len).unwrap_or(i64::MAX);
    let from_front = |index: i64| {
        usize::try_from(if index < 0 { total.saturating_add(index) } else { index }).unwrap_or(0)
    };
    let (start, end) = (from_front(start), from_front(end).saturating_add(1).min(len));
    start.min(end)..end
}

pub(super) fn setrange(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, offset, part) = (call.word(1)?, call.int(2)?, call.word(3)?);
    let offset = usize::try_from(offset).map_err(|_| Refusal::fixed("ERR offset is out of range"))?;
    let before = call.keys().read::<Vec<u8>>(key)?.map_or(0, Vec::len);
    if part.is_empty() {
        return Ok(integer(before));
    }
    check_len(offset, part.len())?;
    let end = offset + part.len();
    let value = call.keys().write_or_new::<Vec<u8>>(key)?;
    if value.len() < end {
        value.resize(end, 0);
    }
    if let Some(room) = value.get_mut(offset..end) {
        room.copy_from_slice(part);
    }
    Ok(integer(value.len()))
}

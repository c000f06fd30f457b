//! Ids as commands write them.

use crate::embedded::refusal::Refusal;
use crate::embedded::store::StreamId;

const WRONG: Refusal = Refusal::fixed("ERR Invalid stream ID specified as stream command argument");

/// Reads an id; without a number behind the time, the first of that time.
pub(super) fn exact(word: &[u8]) -> Result<StreamId, Refusal> {
    StreamId::read(word, 0).ok_or(WRONG)
}

/// Reads where a range begins.
pub(super) fn start(word: &[u8]) -> Result<StreamId, Refusal> {
    const BEYOND: Refusal = Refusal::fixed("ERR invalid start ID for the interval");
    match word {
        [b'(', rest @ ..] if !rest.is_empty() => exact(rest)?.next().ok_or(BEYOND),
        _ => end_of(word, 0),
    }
}

/// Reads where a range ends, which is in it; without a number behind the time, it is the last of that time.
pub(super) fn end(word: &[u8]) -> Result<StreamId, Refusal> {
    const BEYOND: Refusal = Refusal::fixed("ERR invalid end ID for the interval");
    match word {
        [b'(', rest @ ..] if !rest.is_empty() => {
            StreamId::read(rest, u64::MAX).ok_or(WRONG)?.previous().ok_or(BEYOND)
        }
        _ => end_of(word, u64::MAX),
    }
}

/// Reads an id, or one of the two ends.
pub(super) fn end_of(word: &[u8], missing_seq: u64) -> Result<StreamId, Refusal> {
    match word {
        b"-" => Ok(StreamId::ZERO),
        b"+" => Ok(StreamId::MAX),
        _ => StreamId::read(word, missing_seq).ok_or(WRONG),
    }
}

/// What XADD is to give an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// By the clock.
    Now,
    /// The next one of this time.
    NextOf(u64),
    This(StreamId),
}

impl Wanted {
    pub(super) fn read(word: &[u8]) -> Result<Self, Refusal> {
        if word == b"*" {
            return Ok(Self::Now);
        }
        match word.strip_suffix(b"-*") {
            Some(ms) if !ms.contains(&b'-') => exact(ms).map(|id| Self::NextOf(id.ms)),
            _ => exact(word).map(Self::This),
        }
    }

    /// The id of an entry behind `last`.
    pub(super) fn after(self, last: StreamId, now_ms: i64) -> Result<StreamId, Refusal> {
        const USED_UP: Refusal =
            Refusal::fixed("ERR The stream has exhausted the last possible ID, unable to add more items");
        const TOO_SMALL: Refusal = Refusal::fixed(
            "ERR The ID specified in XADD is equal or smaller than the target stream top item",
        );
        let next = last.next().ok_or(USED_UP)?;
        let id = match self {
            Self::Now => {
                let now = StreamId { ms: u64::try_from(now_ms).unwrap_or_default(), seq: 0 };
                if now.ms > last.ms { now } else { next }
            }
            Self::NextOf(ms) if ms == last.ms => next,
            Self::NextOf(ms) => StreamId { ms, seq: 0 },
            Self::This(id) => id,
        };
        let is_of_its_time = !matches!(self, Self::NextOf(ms) if ms != id.ms);
        if id > last && is_of_its_time { Ok(id) } else { Err(TOO_SMALL) }
    }
}

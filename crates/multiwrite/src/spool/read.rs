//! Reading the effects that a spool keeps, while it is written.

use std::sync::Arc;

use super::bytes::wide;
use super::error::SpoolError;
use super::frame::{FRAME_BYTES, read_frame};
use super::log::{Log, error};
use super::record::{Record, read_record};
use super::storage::Storage;
use crate::effect::{Effect, Key};

/// How much is read at once, in bytes.
const WINDOW_BYTES: u64 = 256 << 10;

/// What [`read_from`](super::Spool::read_from) finds.
#[derive(Debug, Default)]
pub(crate) struct Spilled {
    /// Effects and their seq, ascending.
    pub(crate) entries: Vec<(u64, Arc<Effect>)>,
    /// Keys of effects that are not kept any more: they must be copied.
    pub(crate) gone: Vec<Key>,
    /// Whether so many effects are not kept any more that everything must be copied.
    pub(crate) is_everything_gone: bool,
}

impl Log {
    /// Where to begin to read for this outcome or the next later one: segment, place, and the segment's end.
    pub(super) fn place(&self, from: u64) -> Option<(u64, u64, u64)> {
        let mut segments = self.older.iter().chain([&self.active]);
        let segment = segments.find(|segment| segment.last_seq >= from)?;
        let at = segment.index.partition_point(|(seq, _)| *seq <= from).saturating_sub(1);
        segment.index.get(at).map(|(_, offset)| (segment.number, *offset, segment.bytes))
    }

    /// What is not kept of this outcome and later ones.
    pub(super) fn gone(&self, from: u64) -> Spilled {
        let mut found = Spilled { is_everything_gone: self.ledger.gone_all >= from, ..Spilled::default() };
        // What goes is the oldest, so this is seldom so, and then the first time only.
        if from <= self.ledger.last_gone {
            let gone = self.ledger.gone.iter().filter(|(_, seq)| **seq >= from);
            found.gone.extend(gone.map(|(key, _)| Arc::clone(key)));
        }
        found
    }
}

/// Reads outcomes from this one on, at least one if there is one in the segment, and at most `max_entries`. The place is what
/// [`Log::place`] says.
pub(super) fn read_entries(
    storage: &dyn Storage,
    (number, begin, end): (u64, u64, u64),
    from: u64,
    max_entries: usize,
) -> Result<Vec<(u64, Arc<Effect>)>, SpoolError> {
    let mut entries = Vec::new();
    let (mut window_bytes, mut offset) = (WINDOW_BYTES, begin);
    while offset < end && entries.is_empty() {
        let bytes = storage.read(number, offset, window_bytes.min(end - offset));
        let bytes = bytes.map_err(|cause| error(storage, "read", cause))?;
        let whole = read_outcomes(&bytes, number, offset, &mut |seq, effect| {
            if seq >= from {
                entries.push((seq, Arc::new(effect)));
            }
            entries.len() < max_entries
        });
        if whole == offset {
            // Not even one record, so it is longer than that; or it is none.
            if window_bytes >= end - offset {
                return Err(SpoolError::Corrupt { segment: storage.path(number), offset });
            }
            window_bytes = window_bytes.saturating_mul(2);
        }
        offset = whole;
    }
    Ok(entries)
}

/// Tells each outcome in `bytes`, which stand at this place of this segment, until the answer is no, a record is not whole, or
/// there is none. Says up to where all records were whole.
pub(super) fn read_outcomes(
    bytes: &[u8],
    number: u64,
    offset: u64,
    tell: &mut dyn FnMut(u64, Effect) -> bool,
) -> u64 {
    let (mut at, mut rest) = (offset, bytes);
    while let Some(body) = read_frame(rest, number, at) {
        let Some(record) = read_record(body) else { break };
        let len = FRAME_BYTES + body.len();
        at += wide(len);
        rest = rest.get(len..).unwrap_or_default();
        if let Record::Outcome { intent: _, seq, effect } = record
            && !tell(seq, effect)
        {
            break;
        }
    }
    at
}

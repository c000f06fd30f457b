//! What a spool still knows when it is opened again, however its process ended.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::mutant;

use super::bytes::wide;
use super::error::SpoolError;
use super::frame::{FRAME_BYTES, HEADER_BYTES, Header, VERSION, has_frame, read_frame, read_header};
use super::ledger::Ledger;
use super::log::{Log, Segment, error};
use super::options::SpoolOptions;
use super::record::{Record, read_record};
use super::storage::Storage;
use crate::effect::Key;

/// How far apart the seqs of two lives of a store are: more than what the first gave and did not bring into the spool.
const LIFE: u64 = 1 << 32;

/// What a spool still knows.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// The name under which remotes keep how far they are.
    pub(crate) source: String,
    /// All seqs from here on are new.
    pub(crate) next_seq: u64,
    /// Whether there was no spool before.
    pub(crate) is_new: bool,
    /// Keys of writes that may have been sent to local, and of which nobody knows what they did. They are dirty at all remotes.
    /// Local may carry them out even now, if it has not read all that the last process sent.
    pub(crate) unknown: Vec<Key>,
    /// Whether one of these may have changed everything. Then everything is to be copied to all remotes.
    pub(crate) is_everything_unknown: bool,
    /// The remotes, in the order in which they were given.
    pub(crate) remotes: Vec<RecoveredRemote>,
}

/// What a spool still knows of one remote.
#[derive(Debug)]
pub(crate) struct RecoveredRemote {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Whether the spool knew it. If not, it is for the caller to say what it lacks.
    pub(crate) is_known: bool,
    /// What the spool keeps above this is to be queued again, under its own seq: [`Spool::read_from`](super::Spool::read_from).
    pub(crate) settled: u64,
    /// Up to where it had acknowledged rounds, by lane. If it has less, it lost data.
    pub(crate) acked: Vec<(u16, u64)>,
    /// Whether everything is to be copied to it.
    pub(crate) is_everything: bool,
    /// What is to be copied to it.
    pub(crate) dirty: Vec<Key>,
}

/// Opens the spool that is kept there; begins one, called `source`, if there is none.
pub(super) fn recover(
    storage: Arc<dyn Storage>,
    options: &SpoolOptions,
    remotes: &[Arc<str>],
    source: &str,
) -> Result<(Log, Recovered), SpoolError> {
    let (ledger, mut older, newest) = replay(&*storage)?;
    let is_new = ledger.is_none();
    let mut ledger = ledger.unwrap_or_else(|| Ledger { source: source.into(), ..Ledger::default() });
    let (unknown, is_everything_unknown) = carry_over(&mut ledger);
    let known: BTreeSet<_> = ledger.remotes.values().map(|state| Arc::clone(&state.name)).collect();
    ledger.remotes.retain(|_, state| remotes.contains(&state.name));
    for name in remotes.iter().filter(|name| !known.contains(*name)) {
        ledger.add(name);
    }
    ledger.last_seq = ledger.last_seq.saturating_add(if is_new { 0 } else { LIFE });
    let told = remotes.iter().filter_map(|name| ledger.remote(name).map(|(_, state)| state.clone()));
    let told = told.map(|state| RecoveredRemote {
        is_known: known.contains(&state.name),
        name: state.name,
        settled: state.settled,
        acked: state.acked.into_iter().collect(),
        is_everything: state.is_everything,
        dirty: state.dirty.into_iter().collect(),
    });
    let recovered = Recovered {
        remotes: told.collect(),
        source: ledger.source.clone(),
        next_seq: ledger.last_seq + 1,
        is_new,
        unknown,
        is_everything_unknown,
    };
    // The last segment may be short, but it is never appended to again.
    let active = older.pop_back().unwrap_or_else(|| Segment::new(newest, 0));
    let is_none = active.bytes == 0;
    let mut log = Log {
        storage,
        options: options.clone(),
        ledger,
        older,
        active,
        buffer: Vec::new(),
        is_torn: false,
        is_unsynced: !is_none,
        last_sync: Duration::ZERO,
        failure: None,
    };
    log.rotate()?;
    if is_none {
        log.older.clear();
    }
    log.sync_now()?;
    Ok((log, recovered))
}

/// Turns what was under way into what is to be copied. The keys of which nobody knows what local did, and whether it may
/// be all.
fn carry_over(ledger: &mut Ledger) -> (Vec<Key>, bool) {
    let mut open = std::mem::take(&mut ledger.open);
    if mutant::is_on("intents_are_forgotten") {
        open.clear();
    }
    let is_everything_unknown = open.values().any(Option::is_none);
    let unknown: BTreeSet<_> = open.into_values().flatten().flatten().collect();
    let (gone, gone_all) = (std::mem::take(&mut ledger.gone), std::mem::take(&mut ledger.gone_all));
    for state in ledger.remotes.values_mut() {
        if gone_all > state.settled || is_everything_unknown {
            state.set_everything(true);
        }
        let lost = gone.iter().filter(|(_, seq)| **seq > state.settled).map(|(key, _)| Arc::clone(key));
        state.dirty.extend(lost.chain(unknown.iter().cloned()));
    }
    (unknown.into_iter().collect(), is_everything_unknown)
}

/// What the segments say; the segments; and the number of the last.
pub(super) type Replayed = (Option<Ledger>, VecDeque<Segment>, u64);

pub(super) fn replay(storage: &dyn Storage) -> Result<Replayed, SpoolError> {
    let mut numbers = storage.list().map_err(|cause| error(storage, "list the files", cause))?;
    let gap = numbers.iter().zip(numbers.iter().skip(1)).find(|(one, next)| *one + 1 != **next);
    if let Some((one, _)) = gap {
        return Err(SpoolError::Missing { segment: storage.path(one + 1) });
    }
    let (mut ledger, mut segments) = (None, VecDeque::new());
    let mut newest = numbers.last().copied().unwrap_or_default();
    // One that was begun and not completed held nothing yet: the one before it was still the last.
    if let Some(number) = numbers.pop() {
        let bytes = read(storage, number)?;
        if is_begun_only(storage, &bytes, number)? {
            if numbers.is_empty() && number > 1 {
                return Err(SpoolError::Corrupt { segment: storage.path(number), offset: 0 });
            }
            storage.remove(number).map_err(|cause| error(storage, "remove a file", cause))?;
            newest = number.saturating_sub(1);
        } else {
            numbers.push(number);
        }
    }
    for number in numbers {
        let bytes = read(storage, number)?;
        let (state, segment) = replay_segment(storage, &bytes, number, number == newest)?;
        ledger = Some(state);
        segments.push_back(segment);
    }
    Ok((ledger, segments, newest))
}

fn read(storage: &dyn Storage, number: u64) -> Result<Vec<u8>, SpoolError> {
    storage.read(number, 0, u64::MAX).map_err(|cause| error(storage, "read", cause))
}

/// Whether a crash came before the segment had all that it begins with.
fn is_begun_only(storage: &dyn Storage, bytes: &[u8], number: u64) -> Result<bool, SpoolError> {
    let mut at = HEADER_BYTES;
    match read_header(bytes, number) {
        Header::Version(found) => {
            return Err(SpoolError::Version { segment: storage.path(number), found, known: VERSION });
        }
        Header::Good => {}
        Header::Bad => at = 0,
    }
    if at > 0 {
        while let Some(body) = read_frame(bytes.get(at..).unwrap_or_default(), number, wide(at)) {
            if matches!(read_record(body), Some(Record::Complete)) {
                return Ok(false);
            }
            at += FRAME_BYTES + body.len();
        }
    }
    // A crash leaves nothing that is whole behind what is not.
    if has_frame(bytes.get(at..).unwrap_or_default(), number, wide(at)) {
        return Err(SpoolError::Corrupt { segment: storage.path(number), offset: wide(at) });
    }
    Ok(true)
}

/// Reads one segment, and cuts off its torn tail if it is the newest.
fn replay_segment(
    storage: &dyn Storage,
    bytes: &[u8],
    number: u64,
    is_newest: bool,
) -> Result<(Ledger, Segment), SpoolError> {
    let corrupt = |at: usize| SpoolError::Corrupt { segment: storage.path(number), offset: wide(at) };
    match read_header(bytes, number) {
        Header::Good => {}
        Header::Version(found) => {
            return Err(SpoolError::Version { segment: storage.path(number), found, known: VERSION });
        }
        Header::Bad => return Err(corrupt(0)),
    }
    let (mut ledger, mut segment, mut is_complete) = (Ledger::default(), Segment::new(number, 0), false);
    let mut at = HEADER_BYTES;
    while let Some(body) = read_frame(bytes.get(at..).unwrap_or_default(), number, wide(at)) {
        let record = read_record(body).ok_or_else(|| corrupt(at))?;
        if let Record::Outcome { intent: _, seq, effect: _ } = &record {
            segment.note(*seq, wide(at));
        }
        let is_end = matches!(record, Record::Complete);
        ledger.apply(record).ok_or_else(|| corrupt(at))?;
        at += FRAME_BYTES + body.len();
        if is_end {
            is_complete = true;
            segment.snapshot_bytes = wide(at);
        }
    }
    segment.bytes = wide(at);
    let rest = bytes.get(at..).unwrap_or_default();
    if !is_complete || (!rest.is_empty() && (!is_newest || has_frame(rest, number, wide(at)))) {
        return Err(corrupt(at));
    }
    if !rest.is_empty() && !mutant::is_on("torn_tail_is_accepted") {
        storage.truncate(number, wide(at)).map_err(|cause| error(storage, "cut off a torn tail", cause))?;
    }
    Ok((ledger, segment))
}

//! What a spool is told, as records. Every segment begins with those that say all that was known when it was begun.

use super::bytes::{Reader, put_bytes, put_number, wide};
use super::effects::{effect, keys, put_effect, put_keys};
use crate::effect::{Effect, Key};

const BEGIN: u8 = 1;
const COMPLETE: u8 = 2;
const REMOTE: u8 = 3;
const REMOVED: u8 = 4;
const INTENT: u8 = 5;
const NOTHING: u8 = 6;
const OUTCOME: u8 = 7;
const SETTLED: u8 = 8;
const DIRTY: u8 = 9;
const CLEAN: u8 = 10;
const EVERYTHING: u8 = 11;
const GONE: u8 = 12;
const GONE_ALL: u8 = 13;
const INTENT_ALL: u8 = 14;
const ACKED: u8 = 15;

/// One record, as it is read.
#[derive(Debug)]
pub(super) enum Record {
    /// A snapshot begins: what was known before is to be forgotten.
    Begin { source: String, last_seq: u64, last_intent: u64 },
    /// The snapshot is complete.
    Complete,
    /// There is such a remote.
    Remote { id: u64, name: String, settled: u64, is_everything: bool },
    /// There is no such remote any more.
    Removed { id: u64 },
    /// A write to these keys is about to be sent to local.
    Intent { id: u64, keys: Vec<Key> },
    /// A write that may change everything is about to be sent to local.
    IntentAll { id: u64 },
    /// It has nothing to be sent to remotes, or its keys were said to be dirty.
    Nothing { intent: u64 },
    /// It is to be sent to all remotes.
    Outcome { intent: u64, seq: u64, effect: Effect },
    /// The remote has all up to this, or its keys were said to be dirty.
    Settled { remote: u64, seq: u64 },
    /// Up to these the remote has acknowledged rounds, by lane.
    Acked { remote: u64, marks: Vec<(u16, u64)> },
    /// The keys are to be copied to the remote.
    Dirty { remote: u64, keys: Vec<Key> },
    /// The key was copied to the remote.
    Clean { remote: u64, key: Key },
    /// Whether everything is to be copied to the remote.
    Everything { remote: u64, is: bool },
    /// Outcomes on this key up to this one are not kept.
    Gone { key: Key, seq: u64 },
    /// No outcome up to this one is kept.
    GoneAll { seq: u64 },
}

pub(super) fn put_begin(out: &mut Vec<u8>, source: &str, last_seq: u64, last_intent: u64) {
    out.push(BEGIN);
    put_bytes(out, source.as_bytes());
    put_number(out, last_seq);
    put_number(out, last_intent);
}

pub(super) fn put_complete(out: &mut Vec<u8>) {
    out.push(COMPLETE);
}

pub(super) fn put_remote(out: &mut Vec<u8>, id: u64, name: &str, settled: u64, is_everything: bool) {
    out.push(REMOTE);
    put_number(out, id);
    put_bytes(out, name.as_bytes());
    put_number(out, settled);
    out.push(u8::from(is_everything));
}

pub(super) fn put_removed(out: &mut Vec<u8>, id: u64) {
    out.push(REMOVED);
    put_number(out, id);
}

pub(super) fn put_intent(out: &mut Vec<u8>, id: u64, keys: &[Key]) {
    out.push(INTENT);
    put_number(out, id);
    put_keys(out, keys);
}

pub(super) fn put_intent_all(out: &mut Vec<u8>, id: u64) {
    out.push(INTENT_ALL);
    put_number(out, id);
}

pub(super) fn put_nothing(out: &mut Vec<u8>, intent: u64) {
    out.push(NOTHING);
    put_number(out, intent);
}

pub(super) fn put_outcome(out: &mut Vec<u8>, intent: u64, seq: u64, effect: &Effect) {
    out.push(OUTCOME);
    put_number(out, intent);
    put_number(out, seq);
    put_effect(out, effect);
}

pub(super) fn put_settled(out: &mut Vec<u8>, remote: u64, seq: u64) {
    out.push(SETTLED);
    put_number(out, remote);
    put_number(out, seq);
}

pub(super) fn put_acked(out: &mut Vec<u8>, remote: u64, marks: &[(u16, u64)]) {
    out.push(ACKED);
    put_number(out, remote);
    put_number(out, wide(marks.len()));
    for (lane, seq) in marks {
        put_number(out, u64::from(*lane));
        put_number(out, *seq);
    }
}

pub(super) fn put_dirty(out: &mut Vec<u8>, remote: u64, keys: &[Key]) {
    out.push(DIRTY);
    put_number(out, remote);
    put_keys(out, keys);
}

pub(super) fn put_clean(out: &mut Vec<u8>, remote: u64, key: &[u8]) {
    out.push(CLEAN);
    put_number(out, remote);
    put_bytes(out, key);
}

pub(super) fn put_everything(out: &mut Vec<u8>, remote: u64, is: bool) {
    out.push(EVERYTHING);
    put_number(out, remote);
    out.push(u8::from(is));
}

pub(super) fn put_gone(out: &mut Vec<u8>, key: &[u8], seq: u64) {
    out.push(GONE);
    put_bytes(out, key);
    put_number(out, seq);
}

pub(super) fn put_gone_all(out: &mut Vec<u8>, seq: u64) {
    out.push(GONE_ALL);
    put_number(out, seq);
}

/// Reads one record. Nothing if the bytes are none, or more than one.
pub(super) fn read_record(body: &[u8]) -> Option<Record> {
    let mut reader = Reader::new(body);
    let record = record(&mut reader)?;
    reader.is_at_end().then_some(record)
}

fn record(reader: &mut Reader<'_>) -> Option<Record> {
    Some(match reader.byte()? {
        BEGIN => {
            let source = reader.text()?.to_owned();
            Record::Begin { source, last_seq: reader.number()?, last_intent: reader.number()? }
        }
        COMPLETE => Record::Complete,
        REMOTE => {
            let (id, name) = (reader.number()?, reader.text()?.to_owned());
            Record::Remote { id, name, settled: reader.number()?, is_everything: flag(reader)? }
        }
        REMOVED => Record::Removed { id: reader.number()? },
        INTENT => Record::Intent { id: reader.number()?, keys: keys(reader)? },
        INTENT_ALL => Record::IntentAll { id: reader.number()? },
        NOTHING => Record::Nothing { intent: reader.number()? },
        OUTCOME => {
            Record::Outcome { intent: reader.number()?, seq: reader.number()?, effect: effect(reader)? }
        }
        SETTLED => Record::Settled { remote: reader.number()?, seq: reader.number()? },
        ACKED => Record::Acked { remote: reader.number()?, marks: marks(reader)? },
        DIRTY => Record::Dirty { remote: reader.number()?, keys: keys(reader)? },
        CLEAN => Record::Clean { remote: reader.number()?, key: reader.bytes()?.into() },
        EVERYTHING => Record::Everything { remote: reader.number()?, is: flag(reader)? },
        GONE => Record::Gone { key: reader.bytes()?.into(), seq: reader.number()? },
        GONE_ALL => Record::GoneAll { seq: reader.number()? },
        _ => return None,
    })
}

fn marks(reader: &mut Reader<'_>) -> Option<Vec<(u16, u64)>> {
    let count = reader.count()?;
    (0..count).map(|_| Some((u16::try_from(reader.number()?).ok()?, reader.number()?))).collect()
}

fn flag(reader: &mut Reader<'_>) -> Option<bool> {
    match reader.byte()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

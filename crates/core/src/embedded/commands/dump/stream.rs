//! A stream as bytes: its entries, what is known of those that are gone, and its groups with what is pending.
//!
//! What is pending stands with its consumer, so that none can be pending for a consumer that is not there.

use super::read::Reader;
use super::write::{push_bytes, push_count, push_number};
use crate::embedded::store::{Group, Key, Pending, Stream, StreamId};

pub(super) fn push(body: &mut Vec<u8>, stream: &Stream) {
    push_count(body, stream.len());
    for entry in stream.after(StreamId::ZERO) {
        push_id(body, entry.id);
        push_count(body, entry.fields.len());
        entry.fields.iter().for_each(|item| push_bytes(body, item));
    }
    push_id(body, stream.last);
    push_id(body, stream.max_deleted);
    push_number(body, stream.added.cast_unsigned());
    push_count(body, stream.groups().len());
    for (name, group) in stream.groups() {
        push_bytes(body, name);
        push_group(body, group);
    }
}

fn push_group(body: &mut Vec<u8>, group: &Group) {
    push_id(body, group.last);
    push_optional(body, group.read.map(i64::cast_unsigned));
    push_count(body, group.consumers().len());
    for (name, consumer) in group.consumers() {
        push_bytes(body, name);
        push_number(body, natural(consumer.seen_at));
        push_optional(body, consumer.active_at.map(natural));
        push_count(body, consumer.pending());
        for id in consumer.pending_from(StreamId::ZERO) {
            let pending = group.pending_of(id);
            push_id(body, id);
            push_number(body, pending.map_or(0, |pending| natural(pending.delivered_at)));
            push_number(body, pending.map_or(0, |pending| natural(pending.deliveries)));
        }
    }
}

/// No time is before 1970, and nothing was delivered less than never.
fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn push_id(body: &mut Vec<u8>, id: StreamId) {
    push_number(body, id.ms);
    push_number(body, id.seq);
}

fn push_optional(body: &mut Vec<u8>, number: Option<u64>) {
    body.push(u8::from(number.is_some()));
    if let Some(number) = number {
        push_number(body, number);
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Stream> {
    let mut stream = Stream::default();
    for _ in 0..reader.number()? {
        let (id, count) = (read_id(reader)?, reader.number()?);
        // Fields have values, and entries are in order; all that is done to a stream relies on it.
        if id <= stream.last || count == 0 || count % 2 != 0 {
            return None;
        }
        let fields: Option<Vec<Key>> = (0..count).map(|_| reader.key()).collect();
        stream.add(id, fields?.into());
    }
    let last = read_id(reader)?;
    if last < stream.last {
        return None;
    }
    stream.last = last;
    stream.max_deleted = read_id(reader)?;
    stream.added = reader.number()?.cast_signed();
    for _ in 0..reader.number()? {
        let name = reader.bytes()?;
        if !stream.make_group(name, read_group(reader)?) {
            return None;
        }
    }
    Some(stream)
}

fn read_group(reader: &mut Reader<'_>) -> Option<Group> {
    let (last, read) = (read_id(reader)?, read_optional(reader)?);
    let mut group = Group::new(last, read.map(u64::cast_signed));
    for _ in 0..reader.number()? {
        let (consumer, seen_at) = (reader.key()?, read_natural(reader)?);
        if !group.make_consumer(&consumer, seen_at) {
            return None;
        }
        if let Some(active_at) = read_optional(reader)? {
            group.mark_active(&consumer, i64::try_from(active_at).ok()?);
        }
        for _ in 0..reader.number()? {
            let (id, consumer) = (read_id(reader)?, Key::clone(&consumer));
            let (delivered_at, deliveries) = (read_natural(reader)?, read_natural(reader)?);
            if group.pending_of(id).is_some() {
                return None;
            }
            group.assign(Pending { id, consumer, delivered_at, deliveries });
        }
    }
    Some(group)
}

fn read_natural(reader: &mut Reader<'_>) -> Option<i64> {
    i64::try_from(reader.number()?).ok()
}

fn read_id(reader: &mut Reader<'_>) -> Option<StreamId> {
    Some(StreamId { ms: reader.number()?, seq: reader.number()? })
}

/// The outer nothing is what cannot be read.
fn read_optional(reader: &mut Reader<'_>) -> Option<Option<u64>> {
    match reader.byte()? {
        0 => Some(None),
        1 => Some(Some(reader.number()?)),
        _ => None,
    }
}

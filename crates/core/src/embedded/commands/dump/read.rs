//! The body of a payload, read: nothing in it is believed, and no room is made for more than is there.

use super::{stream, tag};
use crate::embedded::store::{Hash, Key, List, Set, SortedSet, Stored};

/// The value that a body says, and nothing behind it.
pub(super) fn value(body: &[u8]) -> Option<Stored> {
    let mut reader = Reader { rest: body };
    let value = match reader.byte()? {
        tag::STRING => Stored::String(reader.bytes()?.to_vec()),
        tag::LIST => Stored::List(list(&mut reader)?),
        tag::SET => Stored::Set(set(&mut reader)?),
        tag::HASH => Stored::Hash(hash(&mut reader)?),
        tag::SORTED_SET => Stored::SortedSet(sorted_set(&mut reader)?),
        tag::STREAM => Stored::Stream(stream::read(&mut reader)?),
        _ => return None,
    };
    (reader.rest.is_empty() && !value.is_hollow()).then_some(value)
}

fn list(reader: &mut Reader<'_>) -> Option<List> {
    let mut list = List::default();
    for _ in 0..reader.number()? {
        list.push_back(reader.key()?);
    }
    Some(list)
}

/// What is in it twice is no set; nor are the other collections that.
fn set(reader: &mut Reader<'_>) -> Option<Set> {
    let mut set = Set::default();
    for _ in 0..reader.number()? {
        if !set.insert(reader.key()?) {
            return None;
        }
    }
    Some(set)
}

fn hash(reader: &mut Reader<'_>) -> Option<Hash> {
    let mut hash = Hash::default();
    for _ in 0..reader.number()? {
        let (name, value, end) = (reader.key()?, reader.key()?, reader.number()?);
        if !hash.set(name.clone(), value) {
            return None;
        }
        if end > 0 {
            hash.set_expiry(&name, Some(i64::try_from(end).ok()?));
        }
    }
    Some(hash)
}

fn sorted_set(reader: &mut Reader<'_>) -> Option<SortedSet> {
    let mut sorted = SortedSet::new();
    for _ in 0..reader.number()? {
        let (member, score) = (reader.key()?, reader.double()?);
        if score.is_nan() || sorted.insert(member, score).is_some() {
            return None;
        }
    }
    Some(sorted)
}

/// The part of a body that was not read yet.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return None;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(super) fn key(&mut self) -> Option<Key> {
        self.bytes().map(Key::from)
    }

    fn double(&mut self) -> Option<f64> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(f64::from_le_bytes(*bytes))
    }
}

//! The body of a payload, written: a tag, how many items there are, and the items.
//!
//! Numbers have seven bits a byte, the lowest first, and the eighth says that more follow. Bytes stand behind their length.

use super::{stream, tag};
use crate::embedded::store::Stored;

pub(super) fn body(value: &Stored) -> Vec<u8> {
    let mut body = Vec::new();
    match value {
        Stored::String(text) => {
            body.push(tag::STRING);
            push_bytes(&mut body, text);
        }
        Stored::List(list) => {
            push_head(&mut body, tag::LIST, list.len());
            list.iter().for_each(|item| push_bytes(&mut body, item));
        }
        Stored::Set(set) => {
            push_head(&mut body, tag::SET, set.len());
            set.iter().for_each(|member| push_bytes(&mut body, member));
        }
        Stored::Hash(hash) => {
            push_head(&mut body, tag::HASH, hash.len());
            for (name, field) in hash.iter() {
                push_bytes(&mut body, name);
                push_bytes(&mut body, &field.value);
                // 0 is no end; nothing that is there has ended before 1970.
                push_number(&mut body, field.expires_at.and_then(|at| u64::try_from(at).ok()).unwrap_or(0));
            }
        }
        Stored::SortedSet(sorted) => {
            push_head(&mut body, tag::SORTED_SET, sorted.len());
            for (member, score) in sorted.iter() {
                push_bytes(&mut body, member);
                body.extend(score.to_le_bytes());
            }
        }
        Stored::Stream(held) => {
            body.push(tag::STREAM);
            stream::push(&mut body, held);
        }
    }
    body
}

fn push_head(body: &mut Vec<u8>, tag: u8, count: usize) {
    body.push(tag);
    push_count(body, count);
}

pub(super) fn push_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    push_count(body, bytes.len());
    body.extend(bytes);
}

pub(super) fn push_count(body: &mut Vec<u8>, count: usize) {
    push_number(body, u64::try_from(count).unwrap_or(u64::MAX));
}

pub(super) fn push_number(body: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            body.push(low & 0x7f);
            return;
        }
        body.push(low | 0x80);
    }
}

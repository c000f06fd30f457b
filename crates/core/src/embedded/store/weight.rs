//! How much memory an entry needs, roughly.

use super::Key;
use super::stored::Stored;
use super::stream::StreamId;

/// What an entry needs beside its key and its value.
const ENTRY_BYTES: usize = 64;
/// What a member of a collection needs beside its bytes.
const MEMBER_BYTES: usize = 48;
/// How many members are looked at; the others are taken to be like them.
const SAMPLES: usize = 16;

/// An estimate of what a key and its value need, which looks at a few members only.
pub(crate) fn weight_bytes(key: &[u8], value: &Stored) -> usize {
    let inside = match value {
        Stored::String(text) => text.len(),
        Stored::List(list) => like(list.iter().map(|item| item.len()), list.len()),
        Stored::Set(set) => like(set.iter().map(|member| member.len()), set.len()),
        Stored::Hash(hash) => {
            let fields =
                hash.iter().map(|(name, _)| name.len() + hash.get(name).map_or(0, |value| value.len()));
            like(fields, hash.len())
        }
        Stored::SortedSet(sorted) => like(sorted.iter().map(|(member, _)| member.len()), sorted.len()),
        Stored::Stream(stream) => {
            let entries = stream.after(StreamId::ZERO).map(|entry| parts(&entry.fields));
            let groups = stream
                .groups()
                .map(|(name, group)| name.len() + (group.consumers().len() + group.pending()) * MEMBER_BYTES);
            let group_count = stream.groups().len();
            like(entries, stream.len()).saturating_add(like(groups, group_count))
        }
    };
    ENTRY_BYTES + key.len() + inside
}

/// The bytes of an entry's fields and values, each of which is kept by itself.
fn parts(items: &[Key]) -> usize {
    items.iter().map(|item| item.len() + MEMBER_BYTES).sum()
}

/// The bytes of `len` members, if all are like the first ones.
fn like(sizes: impl Iterator<Item = usize>, len: usize) -> usize {
    let (mut seen, mut bytes) = (0, 0);
    for size in sizes.take(SAMPLES) {
        (seen, bytes) = (seen + 1, bytes + size + MEMBER_BYTES);
    }
    len.saturating_mul(bytes).checked_div(seen).unwrap_or_default()
}

//! OBJECT: how a real server would hold a value, and when it was last used.

#[cfg(test)]
mod tests;

use redis::Value;

use super::help::help as help_text;
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Entry, Hash, Key, List, Set, SortedSet, Stored, packed};

pub(super) const COMMANDS: &[Spec] = &[Spec::container("object", SUBCOMMANDS)];

const SUBCOMMANDS: &[Spec] = &[
    Spec::read("object|encoding", 3, KEY, encoding),
    Spec::read("object|freq", 3, KEY, frequency),
    Spec::other("object|help", 2, help),
    Spec::read("object|idletime", 3, KEY, idle_time),
    Spec::read("object|refcount", 3, KEY, references),
];

const KEY: Keys = Keys::Range { first: 2, last: 2, step: 1 };

/// The longest string that Redis holds together with its object.
const EMBEDDED_MAX_BYTES: usize = 44;
/// The default of `list-max-listpack-size`, -2.
const LIST_PACKED_MAX_BYTES: usize = 8192;
/// The defaults of `*-max-listpack-value`.
const PACKED_VALUE_MAX_BYTES: usize = 64;
/// The default of `hash-max-listpack-entries`.
const HASH_PACKED_MAX: usize = 512;
/// The defaults of `set-max-listpack-entries` and `zset-max-listpack-entries`.
const SET_PACKED_MAX: usize = 128;
/// The default of `set-max-intset-entries`.
const SET_INTEGERS_MAX: usize = 512;
/// Small numbers are one object for all keys.
const SHARED_INTEGERS: std::ops::Range<i64> = 0..10_000;

/// The entry that is asked about, which this does not count as a use of.
fn entry<'a>(call: &'a mut Call<'_>) -> Result<Option<&'a Entry>, Refusal> {
    let key = call.word(2)?;
    Ok(call.keys().entry(key))
}

fn encoding(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let name = entry(call)?.map(|entry| encoding_of(&entry.value));
    Ok(name.map_or(Value::Nil, |name| Value::BulkString(name.into())))
}

fn references(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let Some(entry) = entry(call)? else { return Ok(Value::Nil) };
    let is_shared = match &entry.value {
        Stored::String(text) => number::integer(text).is_some_and(|value| SHARED_INTEGERS.contains(&value)),
        Stored::List(_) | Stored::Set(_) | Stored::Hash(_) | Stored::SortedSet(_) | Stored::Stream(_) => {
            false
        }
    };
    Ok(Value::Int(if is_shared { i64::from(i32::MAX) } else { 1 }))
}

fn idle_time(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let now_ms = call.now_ms();
    Ok(entry(call)?.map_or(Value::Nil, |entry| Value::Int((now_ms - entry.used_at).max(0) / 1000)))
}

fn frequency(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match entry(call)? {
        None => Ok(Value::Nil),
        Some(_) => Err(Refusal::fixed(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust.",
        )),
    }
}

/// What a Redis 8.0 with its default settings calls the form of such a value. What it depends on besides the contents,
/// such as that a set does not go back when it shrinks, is not known here.
pub(super) fn encoding_of(value: &Stored) -> &'static str {
    match value {
        Stored::String(text) => encoding_of_string(text),
        Stored::List(list) => encoding_of_list(list),
        Stored::Set(set) => encoding_of_set(set),
        Stored::Hash(hash) => encoding_of_hash(hash),
        Stored::SortedSet(sorted) => encoding_of_sorted_set(sorted),
        Stored::Stream(_) => "stream",
    }
}

fn encoding_of_string(text: &[u8]) -> &'static str {
    if number::integer(text).is_some() {
        "int"
    } else if text.len() <= EMBEDDED_MAX_BYTES {
        "embstr"
    } else {
        "raw"
    }
}

fn encoding_of_list(list: &List) -> &'static str {
    let bytes: usize = list.iter().map(|item| packed::item_bytes(item)).sum();
    if bytes + packed::FRAME_BYTES <= LIST_PACKED_MAX_BYTES { "listpack" } else { "quicklist" }
}

fn encoding_of_set(set: &Set) -> &'static str {
    if set.len() <= SET_INTEGERS_MAX && set.iter().all(|member| number::integer(member).is_some()) {
        "intset"
    } else if set.len() <= SET_PACKED_MAX && set.iter().all(is_short) {
        "listpack"
    } else {
        "hashtable"
    }
}

fn encoding_of_hash(hash: &Hash) -> &'static str {
    let is_packed = hash.len() <= HASH_PACKED_MAX
        && hash.iter().all(|(name, field)| is_short(name) && is_short(&field.value));
    match (is_packed, hash.next_expiry()) {
        (true, None) => "listpack",
        (true, Some(_)) => "listpackex",
        (false, _) => "hashtable",
    }
}

fn encoding_of_sorted_set(sorted: &SortedSet) -> &'static str {
    let is_packed = sorted.len() <= SET_PACKED_MAX && sorted.iter().all(|(member, _)| is_short(member));
    if is_packed { "listpack" } else { "skiplist" }
}

fn is_short(bytes: &Key) -> bool {
    bytes.len() <= PACKED_VALUE_MAX_BYTES
}

fn help(_call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(help_text(
        "OBJECT",
        &[
            "ENCODING <key>",
            "    Return the kind of internal representation used in order to store the value",
            "    associated with a <key>.",
            "FREQ <key>",
            "    Return the access frequency index of the <key>. The returned integer is",
            "    proportional to the logarithm of the recent access frequency of the key.",
            "IDLETIME <key>",
            "    Return the idle time of the <key>, that is the approximated number of",
            "    seconds elapsed since the last access to the key.",
            "REFCOUNT <key>",
            "    Return the number of references of the value associated with the specified",
            "    <key>.",
        ],
    ))
}

//! SCAN: a walk over all keys, some at a time.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::Kind;
use crate::embedded::{glob, number};

pub(super) const COMMANDS: &[Spec] = &[Spec::read("scan", -2, Keys::None, scan)];

/// How many are looked at if it is not said.
const COUNT_DEFAULT: usize = 10;

/// Where a walk is, and what of it is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    pub(super) cursor: u64,
    pub(super) count: usize,
    pattern: Option<&'a [u8]>,
    type_name: Option<&'a [u8]>,
    /// Fields without values.
    pub(super) is_without_values: bool,
}

/// What is walked over, where options differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Keys,
    Fields,
    Members,
}

impl<'a> Walk<'a> {
    /// From the words behind the name and, if there is one, the key.
    pub(super) fn read(words: &[&'a [u8]], over: Over) -> Result<Self, Refusal> {
        let (word, mut rest) = words.split_first().ok_or(Refusal::SYNTAX)?;
        let cursor = cursor(word)?;
        let mut walk =
            Self { cursor, count: COUNT_DEFAULT, pattern: None, type_name: None, is_without_values: false };
        while let [name, after @ ..] = rest {
            rest = match (name.to_ascii_uppercase().as_slice(), after) {
                (b"COUNT", [count, after @ ..]) => {
                    let count = number::integer(count).ok_or(Refusal::NO_INTEGER)?;
                    walk.count =
                        usize::try_from(count).ok().filter(|count| *count > 0).ok_or(Refusal::SYNTAX)?;
                    after
                }
                (b"MATCH", [pattern, after @ ..]) => {
                    walk.pattern = (**pattern != *b"*").then_some(*pattern);
                    after
                }
                (b"TYPE", [name, after @ ..]) if over == Over::Keys => {
                    walk.type_name = Some(*name);
                    after
                }
                (b"NOVALUES", after) if over == Over::Fields => {
                    walk.is_without_values = true;
                    after
                }
                (b"NOVALUES", _) => {
                    return Err(Refusal::fixed("ERR NOVALUES option can only be used in HSCAN"));
                }
                _ => return Err(Refusal::SYNTAX),
            };
        }
        Ok(walk)
    }

    /// Of a walk over what the key holds, if there is the key: only then are the options looked at.
    pub(super) fn within<T: Kind>(call: &mut Call<'a>, over: Over) -> Result<Option<Self>, Refusal> {
        cursor(call.word(2)?)?;
        let key = call.word(1)?;
        if call.keys().read::<T>(key)?.is_none() {
            return Ok(None);
        }
        Self::read(call.rest(2), over).map(Some)
    }

    /// Whether a key, a field or a member is wanted.
    pub(super) fn wants(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, name))
    }
}

fn cursor(word: &[u8]) -> Result<u64, Refusal> {
    number::unsigned(word).ok_or(Refusal::fixed("ERR invalid cursor"))
}

/// The reply: the cursor to go on with, and what was found.
pub(super) fn reply(next: u64, found: Vec<Value>) -> Value {
    Value::Array(vec![Value::BulkString(next.to_string().into_bytes()), Value::Array(found)])
}

fn scan(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let walk = Walk::read(call.rest(1), Over::Keys)?;
    let (next, found) = call.keys().scan(walk.cursor, walk.count);
    let is_wanted_type =
        |name: &str| walk.type_name.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name.as_bytes()));
    let found =
        found.into_iter().filter(|(key, entry)| walk.wants(key) && is_wanted_type(entry.value.type_name()));
    Ok(reply(next, found.map(|(key, _)| super::bulk(key)).collect()))
}

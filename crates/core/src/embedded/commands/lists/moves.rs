//! LMOVE, RPOPLPUSH and LMPOP: what takes items from one end of a list. The blocking commands take them in the same way.

use redis::Value;

use super::{bulk, items, pop_one, size};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, Keyspace, List};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("lmove", 5, Keys::FIRST_TWO, lmove),
    Spec::write("rpoplpush", 3, Keys::FIRST_TWO, rpoplpush),
    Spec::write("lmpop", -4, Keys::Counted { count: 1, also: None }, lmpop),
];

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::embedded::commands) enum End {
    Left,
    Right,
}

impl End {
    pub(in crate::embedded::commands) fn read(word: &[u8]) -> Result<Self, Refusal> {
        match word {
            _ if word.eq_ignore_ascii_case(b"LEFT") => Ok(Self::Left),
            _ if word.eq_ignore_ascii_case(b"RIGHT") => Ok(Self::Right),
            _ => Err(Refusal::SYNTAX),
        }
    }

    pub(super) fn push(self, list: &mut List, item: Key) {
        match self {
            Self::Left => list.push_front(item),
            Self::Right => list.push_back(item),
        }
    }

    pub(super) fn pop(self, list: &mut List) -> Option<Key> {
        match self {
            Self::Left => list.pop_front(),
            Self::Right => list.pop_back(),
        }
    }
}

fn lmove(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (from, to) = (End::read(call.word(3)?)?, End::read(call.word(4)?)?);
    Ok(move_item(call, from, to)?.unwrap_or(Value::Nil))
}

fn rpoplpush(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(move_item(call, End::Right, End::Left)?.unwrap_or(Value::Nil))
}

/// Moves an item from the list that the first word names to that of the second, which may be the same. Nothing, if
/// there is none to move.
pub(in crate::embedded::commands) fn move_item(
    call: &mut Call<'_>,
    from: End,
    to: End,
) -> Result<Option<Value>, Refusal> {
    let (source, target) = (call.word(1)?, call.word(2)?);
    let keys = call.keys();
    if keys.read::<List>(source)?.is_none() {
        return Ok(None);
    }
    keys.read::<List>(target)?;
    if source == target {
        let Some(list) = keys.write::<List>(source)? else { return Ok(None) };
        let Some(item) = from.pop(list) else { return Ok(None) };
        to.push(list, Key::clone(&item));
        return Ok(Some(bulk(item)));
    }
    let Some(item) = pop_one(keys, source, from)? else { return Ok(None) };
    to.push(keys.write_or_new::<List>(target)?, Key::clone(&item));
    Ok(Some(bulk(item)))
}

fn lmpop(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (keys, after) = counted_keys(call, 1)?;
    let end = End::read(call.word(after)?)?;
    let limit = count_of(call, after + 1)?;
    for key in keys {
        if call.keys().read::<List>(key)?.is_some() {
            let popped = items(pop_some(call.keys(), key, end, limit)?);
            return Ok(Value::Array(vec![Value::BulkString(key.to_vec()), popped]));
        }
    }
    Ok(Value::Nil)
}

/// Takes up to `limit` items out of a list that is there.
pub(in crate::embedded::commands) fn pop_some(
    keys: &mut Keyspace,
    key: &[u8],
    end: End,
    limit: usize,
) -> Result<Vec<Key>, Refusal> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let Some(list) = keys.write::<List>(key)? else { return Ok(Vec::new()) };
    let popped = (0..limit.min(list.len())).map_while(|_| end.pop(list)).collect();
    keys.drop_if_hollow(key);
    Ok(popped)
}

/// The keys whose number the word at `index` says, and where the words after them begin. There is one at least.
pub(in crate::embedded::commands) fn counted_keys<'a>(
    call: &Call<'a>,
    index: usize,
) -> Result<(&'a [&'a [u8]], usize), Refusal> {
    const NO_KEYS: Refusal = Refusal::fixed("ERR numkeys should be greater than 0");
    let number = size(call.int(index)).filter(|number| *number > 0).ok_or(NO_KEYS)?;
    let after = number.checked_add(index + 1).filter(|after| *after < call.words.len());
    let after = after.ok_or(Refusal::SYNTAX)?;
    Ok((call.words.get(index + 1..after).unwrap_or_default(), after))
}

/// What the words from `index` on say of COUNT, which is all they may say.
pub(in crate::embedded::commands) fn count_of(call: &Call<'_>, index: usize) -> Result<usize, Refusal> {
    const NO_COUNT: Refusal = Refusal::fixed("ERR count should be greater than 0");
    let mut limit = None;
    let mut at = index;
    while at < call.words.len() {
        if limit.is_some() || !call.is(at, "COUNT") || at + 1 == call.words.len() {
            return Err(Refusal::SYNTAX);
        }
        limit = Some(size(call.int(at + 1)).filter(|limit| *limit > 0).ok_or(NO_COUNT)?);
        at += 2;
    }
    Ok(limit.unwrap_or(1))
}

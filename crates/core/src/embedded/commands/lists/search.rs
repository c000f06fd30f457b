//! LINSERT, LREM and LPOS: what looks for an item in a list.

use redis::Value;

use super::{count, size};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, List};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("linsert", 5, Keys::FIRST, insert),
    Spec::write("lrem", 4, Keys::FIRST, remove),
    Spec::read("lpos", -3, Keys::FIRST, positions),
];

const TOO_LOW: Refusal = Refusal::fixed(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

fn insert(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_after = match call.word(2)? {
        word if word.eq_ignore_ascii_case(b"AFTER") => true,
        word if word.eq_ignore_ascii_case(b"BEFORE") => false,
        _ => return Err(Refusal::SYNTAX),
    };
    let (key, pivot, item) = (call.word(1)?, call.word(3)?, call.key(4)?);
    let Some(list) = call.keys().read::<List>(key)? else { return Ok(Value::Int(0)) };
    let Some(index) = list.position(pivot) else { return Ok(Value::Int(-1)) };
    let Some(list) = call.keys().write::<List>(key)? else { return Ok(Value::Int(0)) };
    list.insert(index + usize::from(is_after), item);
    Ok(count(list.len()))
}

fn remove(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, limit, item) = (call.word(1)?, call.int(2)?, call.word(3)?);
    if limit == i64::MIN {
        return Err(TOO_LOW);
    }
    let Some(list) = call.keys().read::<List>(key)? else { return Ok(Value::Int(0)) };
    let most = usize::try_from(limit.unsigned_abs()).ok().filter(|most| *most > 0);
    let found = find(list, item, limit < 0, 0, most, None);
    if !found.is_empty() {
        if let Some(list) = call.keys().write::<List>(key)? {
            list.remove_each(&found);
        }
        call.keys().drop_if_hollow(key);
    }
    Ok(count(found.len()))
}

/// What LPOS is asked for besides the item.
#[derive(Debug)]
struct Search {
    is_from_back: bool,
    /// How many matches are passed over.
    skip: usize,
    /// How many are told, in an array; without it, one, as it is.
    most: Option<usize>,
    /// How many items are looked at.
    depth: Option<usize>,
}

impl Search {
    fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        const NO_RANK: Refusal = Refusal::fixed(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
             or use negative to start from the end of the list",
        );
        let mut search = Self { is_from_back: false, skip: 0, most: None, depth: None };
        let mut at = 3;
        while at < call.words.len() {
            if at + 1 == call.words.len() {
                return Err(Refusal::SYNTAX);
            }
            if call.is(at, "RANK") {
                let rank = call.int(at + 1)?;
                if rank == i64::MIN {
                    return Err(TOO_LOW);
                }
                let skip = rank.unsigned_abs().checked_sub(1).ok_or(NO_RANK)?;
                search.skip = usize::try_from(skip).unwrap_or(usize::MAX);
                search.is_from_back = rank < 0;
            } else if call.is(at, "COUNT") {
                let negative = Refusal::fixed("ERR COUNT can't be negative");
                search.most = Some(size(call.int(at + 1)).ok_or(negative)?);
            } else if call.is(at, "MAXLEN") {
                let negative = Refusal::fixed("ERR MAXLEN can't be negative");
                search.depth = Some(size(call.int(at + 1)).ok_or(negative)?).filter(|depth| *depth > 0);
            } else {
                return Err(Refusal::SYNTAX);
            }
            at += 2;
        }
        Ok(search)
    }
}

fn positions(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, item, search) = (call.word(1)?, call.word(2)?, Search::read(call)?);
    let found = match call.keys().read::<List>(key)? {
        None => Vec::new(),
        Some(list) => {
            let most = search.most.map_or(Some(1), |most| Some(most).filter(|most| *most > 0));
            find(list, item, search.is_from_back, search.skip, most, search.depth)
        }
    };
    if search.most.is_some() {
        return Ok(Value::Array(found.into_iter().map(count).collect()));
    }
    Ok(found.first().map_or(Value::Nil, |index| count(*index)))
}

/// The indices of the items that equal `item`, in the order in which they are come upon: at most `most` after the
/// first `skip`, among the first `depth` items.
fn find(
    list: &List,
    item: &[u8],
    is_from_back: bool,
    skip: usize,
    most: Option<usize>,
    depth: Option<usize>,
) -> Vec<usize> {
    let (most, depth, len) = (most.unwrap_or(usize::MAX), depth.unwrap_or(usize::MAX), list.len());
    let is_found = |pair: &(usize, &Key)| **pair.1 == *item;
    if is_from_back {
        let indexed = (0..len).rev().zip(list.iter().rev());
        indexed.take(depth).filter(is_found).skip(skip).take(most).map(|(index, _)| index).collect()
    } else {
        let indexed = list.iter().enumerate();
        indexed.take(depth).filter(is_found).skip(skip).take(most).map(|(index, _)| index).collect()
    }
}

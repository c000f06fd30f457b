//! Commands of hashes, lists, sets and sorted sets that have options of their own, or whose reply says what they did.

use crate::effect::form::{Form, Told, When, Word};
use crate::effect::words::Words;

fn fields(words: &Words<'_>, fields: &[&[u8]], when: When) -> Option<Form> {
    let fields: Vec<Word> = fields.iter().map(|field| (*field).into()).collect();
    Some(Form::Fields { key: words.at(1).into(), fields, when })
}

/// HINCRBY and HINCRBYFLOAT: the sum depends on whether the field has come to its end.
pub(super) fn field_sum(words: &Words<'_>) -> Option<Form> {
    fields(words, words.from(2).get(..1)?, When::Always)
}

/// The words behind FIELDS and their number, at this place or later; `step` words a field.
fn listed<'a>(words: &Words<'a>, from: usize, step: usize) -> Option<Vec<&'a [u8]>> {
    let at = words.find(from, "FIELDS")?;
    let count = usize::try_from(words.number(at + 1)?).ok()?;
    let listed = words.from(at + 2).get(..count.checked_mul(step)?)?;
    Some(listed.iter().step_by(step).copied().collect())
}

/// HEXPIRE and its like, HPERSIST.
pub(super) fn field_lives(words: &Words<'_>) -> Option<Form> {
    fields(words, &listed(words, 2, 1)?, When::Always)
}

/// HGETEX, which is a read unless it says more.
pub(super) fn get_and_live(words: &Words<'_>) -> Option<Form> {
    if words.is(2, "FIELDS") { Some(Form::Reads) } else { field_lives(words) }
}

/// HSETEX key [FNX | FXX] [EX s | ..] FIELDS n field value ..
pub(super) fn set_and_live(words: &Words<'_>) -> Option<Form> {
    fields(words, &listed(words, 2, 2)?, When::NotZero)
}

fn shipped_as(words: &Words<'_>, name: &str, rest: &[&[u8]], when: When) -> Option<Form> {
    let key = words.at(1);
    let words = [name.as_bytes(), key].iter().chain(rest).map(|word| (*word).into()).collect();
    Some(Form::As { key: key.into(), words, when })
}

/// HGETDEL key FIELDS n field ..
pub(super) fn get_and_wipe(words: &Words<'_>) -> Option<Form> {
    shipped_as(words, "HDEL", &listed(words, 2, 1)?, When::Always)
}

/// HSETNX: the field was not there, or had come to its end, which it may not have elsewhere.
pub(super) fn set_if_new(words: &Words<'_>) -> Option<Form> {
    shipped_as(words, "HSET", words.from(2).get(..2)?, When::NotZero)
}

pub(super) fn pop_members(words: &Words<'_>) -> Option<Form> {
    Some(Form::Told(Told::Members(words.at(1).into())))
}

pub(super) fn pop_scored(words: &Words<'_>) -> Option<Form> {
    Some(Form::Told(Told::Scored(words.at(1).into())))
}

fn counted(words: &Words<'_>) -> Option<(Vec<Word>, usize)> {
    let count = usize::try_from(words.number(1)?).ok()?;
    let keys = words.from(2).get(..count)?.iter().map(|key| (*key).into()).collect();
    Some((keys, count.checked_add(2)?))
}

pub(super) fn pop_scored_of_many(words: &Words<'_>) -> Option<Form> {
    Some(Form::Told(Told::KeyAndScored(counted(words)?.0)))
}

pub(super) fn pop_elements_of_many(words: &Words<'_>) -> Option<Form> {
    let (keys, behind) = counted(words)?;
    Some(Form::Told(Told::KeyAndElements { keys, pop: end(words, behind)?.0 }))
}

/// What takes from and puts to this end.
fn end(words: &Words<'_>, at: usize) -> Option<(&'static str, &'static str)> {
    match words.upper(at).as_slice() {
        b"LEFT" => Some(("LPOP", "LPUSH")),
        b"RIGHT" => Some(("RPOP", "RPUSH")),
        _ => None,
    }
}

/// LMOVE from to LEFT|RIGHT LEFT|RIGHT
pub(super) fn move_element(words: &Words<'_>) -> Option<Form> {
    moved(words, end(words, 3)?.0, end(words, 4)?.1)
}

/// On one key it is as it is: its only element would take the key with it, and its life.
fn moved(words: &Words<'_>, pop: &'static str, push: &'static str) -> Option<Form> {
    let (from, to): (Word, Word) = (words.at(1).into(), words.at(2).into());
    Some(if from == to {
        Form::Builds { key: from, when: When::NotNil }
    } else {
        Form::Told(Told::Moved { from, pop, to, push })
    })
}

pub(super) fn pop_and_push(words: &Words<'_>) -> Option<Form> {
    moved(words, "RPOP", "LPUSH")
}

pub(super) fn move_member(words: &Words<'_>) -> Option<Form> {
    let (from, to, member): (Word, Word, Word) = (words.at(1).into(), words.at(2).into(), words.at(3).into());
    // To where it is already: nothing changes.
    Some(if from == to { Form::Reads } else { Form::Told(Told::MemberMoved { from, to, member }) })
}

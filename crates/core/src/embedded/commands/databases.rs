//! The one database: SELECT, SWAPDB, DBSIZE, FLUSHALL and FLUSHDB.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Kind, Spec};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::read("dbsize", 1, Keys::None, size),
    Spec::write("flushall", -1, Keys::None, flush),
    Spec::write("flushdb", -1, Keys::None, flush),
    Spec::other("select", 2, select),
    Spec { kind: Kind::Write, ..Spec::other("swapdb", 3, swap) },
];

const NO_SUCH: Refusal = Refusal::fixed("ERR DB index is out of range");

/// Checks a word that is to be the number of a database. There is only 0.
pub(super) fn index(word: &[u8]) -> Result<(), Refusal> {
    let index = number::integer(word).ok_or(Refusal::NO_INTEGER)?;
    match i32::try_from(index) {
        Ok(0) => Ok(()),
        Ok(_) => Err(NO_SUCH),
        Err(_) => Err(Refusal::new(format!(
            "ERR value is out of range, value must between {} and {}",
            i32::MIN,
            i32::MAX
        ))),
    }
}

fn select(call: &mut Call<'_>) -> Result<Value, Refusal> {
    index(call.word(1)?).map(|()| Value::Okay)
}

fn swap(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let is_number = |word| number::integer(word).is_some_and(|index| i32::try_from(index).is_ok());
    let (first, second) = (call.word(1)?, call.word(2)?);
    if !is_number(first) {
        return Err(Refusal::fixed("ERR invalid first DB index"));
    }
    if !is_number(second) {
        return Err(Refusal::fixed("ERR invalid second DB index"));
    }
    index(first)?;
    index(second)?;
    Ok(Value::Okay)
}

fn size(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(super::integer(call.keys().len()))
}

/// Whether it is asked to be done at once or aside makes no difference here.
fn flush(call: &mut Call<'_>) -> Result<Value, Refusal> {
    match call.rest(1) {
        [] => {}
        [mode] if mode.eq_ignore_ascii_case(b"SYNC") || mode.eq_ignore_ascii_case(b"ASYNC") => {}
        [..] => return Err(Refusal::SYNTAX),
    }
    call.keys().flush();
    Ok(Value::Okay)
}

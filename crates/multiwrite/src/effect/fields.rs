//! When the fields of a hash end.

use redfleet_core::{Error, Result};
use redis::{Cmd, Value, cmd};

use super::Key;
use super::said::{integer, items};

/// The end of a field that has none.
const NEVER: i64 = -1;
/// The end of a field that is not there: it may have come to its end since its name was told.
pub(crate) const GONE: i64 = -2;

/// Asks when these fields end.
pub(crate) fn question_of_ends<'a>(key: &Key, fields: impl ExactSizeIterator<Item = &'a [u8]>) -> Cmd {
    let mut question = cmd("HPEXPIRETIME");
    question.arg(&**key).arg("FIELDS").arg(fields.len());
    for field in fields {
        question.arg(field);
    }
    question
}

/// When each of so many fields ends, as Unix time in milliseconds; -1 for never, [`GONE`] for a field that is not there. On a
/// server that does not know the question, fields have no ends.
///
/// # Errors
///
/// What the server said instead of an answer.
pub(crate) fn ends(answer: Result<Value>, count: usize) -> Result<Vec<i64>> {
    let answer = match answer {
        Err(error) if is_unknown_command(&error) => return Ok(vec![NEVER; count]),
        answer => answer?,
    };
    let mut ends: Vec<i64> =
        items(&answer).unwrap_or_default().iter().map(|end| integer(end).unwrap_or(GONE)).collect();
    // A key that is not there may be answered with no list.
    if ends.is_empty() && items(&answer).is_some() {
        ends.resize(count, GONE);
    }
    if ends.len() == count { Ok(ends) } else { Err(Error::conversion::<Vec<i64>>(&answer)) }
}

fn is_unknown_command(error: &Error) -> bool {
    let Error::Refused { error, .. } = error else { return false };
    error.code() == "ERR" && error.details().is_some_and(|details| details.starts_with("unknown command"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_does_not_know_the_question_has_no_ends() {
        let refused = |code, text| ends(Err(Error::refused_with(code, text)), 2);
        assert_eq!(
            refused("ERR", "unknown command 'HPEXPIRETIME', with args beginning with: 'h'").unwrap(),
            [-1, -1]
        );
        for (code, text) in
            [("BUSY", "a script runs"), ("LOADING", "wait"), ("NOPERM", "no"), ("ERR", "other")]
        {
            assert_eq!(refused(code, text).unwrap_err().code(), Some(code));
        }
    }

    #[test]
    fn a_key_that_is_gone_has_no_field() {
        assert_eq!(ends(Ok(Value::Nil), 2).unwrap(), [GONE, GONE]);
        assert_eq!(ends(Ok(Value::Array(Vec::new())), 1).unwrap(), [GONE]);
        assert_eq!(ends(Ok(Value::Array(vec![Value::Int(9), Value::Int(-2)])), 2).unwrap(), [9, GONE]);
        assert!(ends(Ok(Value::Array(vec![Value::Int(9)])), 2).is_err());
        assert!(ends(Ok(Value::Okay), 2).is_err());
    }
}

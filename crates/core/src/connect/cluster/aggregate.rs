//! Several servers' replies to one command, made one.

use std::sync::Arc;

use redis::{Cmd, Value};

use crate::backend::keys;
use crate::backend::name;
use crate::error::{Effect, Error, Result, convert};

/// How the replies of several servers become one, as Redis's own command tips have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// All must have done it; their replies are the same.
    Every,
    /// One must have done it: only one can.
    Some,
    /// Numbers are added.
    Sum,
    /// Of lists of 0 and 1, what all agree on.
    Both,
    /// Lists are joined.
    Concat,
    /// Lists are put back: the reply's element of each part goes to these places.
    Places(Vec<Vec<usize>>),
}

/// How replies are merged, and whether a part that was carried out changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aggregate {
    pub(crate) merge: Merge,
    pub(crate) is_write: bool,
}

impl Aggregate {
    pub(crate) const fn read(merge: Merge) -> Self {
        Self { merge, is_write: false }
    }

    pub(crate) const fn write(merge: Merge) -> Self {
        Self { merge, is_write: true }
    }

    /// The one reply. What only some have done is told so, with effect unknown.
    pub(crate) fn merge(&self, answers: Vec<Result<Value>>) -> Result<Value> {
        let parts = answers.len();
        if self.merge == Merge::Some && answers.iter().any(Result::is_ok) {
            return answers.into_iter().find(Result::is_ok).unwrap_or(Err(Error::Unanswered));
        }
        let mut values = Vec::with_capacity(parts);
        let mut cause: Option<Error> = None;
        for answer in answers {
            match answer {
                Ok(value) => values.push(value),
                // An unknown effect outweighs a known one.
                Err(error) => match &cause {
                    Some(first) if first.effect() == Effect::Unknown || error.effect() == Effect::None => {}
                    _ => cause = Some(error),
                },
            }
        }
        match cause {
            None => self.join(values),
            Some(cause) if self.is_write && !values.is_empty() => {
                Err(Error::Partial { done: values.len(), parts, cause: Arc::new(cause) })
            }
            Some(cause) => Err(cause),
        }
    }

    fn join(&self, values: Vec<Value>) -> Result<Value> {
        match &self.merge {
            Merge::Every | Merge::Some => values.into_iter().next().ok_or(Error::Unanswered),
            Merge::Sum => Ok(Value::Int(values.into_iter().map(convert::<i64>).sum::<Result<i64>>()?)),
            Merge::Both => {
                let lists = values.into_iter().map(convert::<Vec<i64>>).collect::<Result<Vec<_>>>()?;
                let both = lists.into_iter().reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a & b).collect());
                Ok(Value::Array(both.unwrap_or_default().into_iter().map(Value::Int).collect()))
            }
            Merge::Concat => Ok(Value::Array(lists(values)?.into_iter().flatten().collect())),
            Merge::Places(places) => {
                let mut all: Vec<Value> = vec![Value::Nil; places.iter().map(Vec::len).sum()];
                for (list, places) in lists(values)?.into_iter().zip(places) {
                    for (value, place) in list.into_iter().zip(places) {
                        if let Some(slot) = all.get_mut(*place) {
                            *slot = value;
                        }
                    }
                }
                Ok(Value::Array(all))
            }
        }
    }
}

fn lists(values: Vec<Value>) -> Result<Vec<Vec<Value>>> {
    values.into_iter().map(convert).collect()
}

/// How the replies to a command that goes to every primary become one; none if it does not go to all.
pub(crate) fn of(command: &Cmd) -> Option<Aggregate> {
    let name = name(command);
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    let verb = |verbs: &[&str]| {
        let word = keys::word(command, 1).unwrap_or_default();
        verbs.iter().any(|verb| word.eq_ignore_ascii_case(verb.as_bytes()))
    };
    if is("DBSIZE") || is("SLOWLOG") && verb(&["LEN"]) {
        return Some(Aggregate::read(Merge::Sum));
    }
    if is("KEYS") {
        return Some(Aggregate::read(Merge::Concat));
    }
    if is("SCRIPT") && verb(&["EXISTS"]) {
        return Some(Aggregate::read(Merge::Both));
    }
    if (is("SCRIPT") || is("FUNCTION")) && verb(&["KILL"]) {
        return Some(Aggregate::write(Merge::Some));
    }
    let goes_to_all = is("FLUSHALL")
        || is("FLUSHDB")
        || is("SCRIPT") && verb(&["LOAD", "FLUSH"])
        || is("FUNCTION") && verb(&["LOAD", "DELETE", "FLUSH", "RESTORE"])
        || is("CONFIG") && verb(&["SET", "RESETSTAT", "REWRITE"])
        || is("ACL") && verb(&["SETUSER", "DELUSER", "LOAD", "SAVE"])
        || is("MEMORY") && verb(&["PURGE"])
        || is("SLOWLOG") && verb(&["RESET"])
        || is("LATENCY") && verb(&["RESET"]);
    goes_to_all.then_some(Aggregate::write(Merge::Every))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::LinkError;

    fn value(resp: &str) -> Result<Value> {
        let value = redis::parse_redis_value(resp.as_bytes()).unwrap();
        if let Value::ServerError(error) = value { Err(Error::refused(error)) } else { Ok(value) }
    }

    fn lost(effect: Effect) -> Result<Value> {
        Err(Error::link(LinkError::Closed { to: "n".into() }, effect))
    }

    #[test]
    fn replies_are_merged_as_the_commands_tips_say() {
        let of = |merge, replies: &[&str]| {
            Aggregate::read(merge).merge(replies.iter().map(|r| value(r)).collect())
        };
        assert_eq!(of(Merge::Sum, &[":1\r\n", ":2\r\n"]).unwrap(), value(":3\r\n").unwrap());
        assert_eq!(of(Merge::Every, &["+OK\r\n", "+OK\r\n"]).unwrap(), Value::Okay);
        assert_eq!(
            of(Merge::Both, &["*2\r\n:1\r\n:1\r\n", "*2\r\n:0\r\n:1\r\n"]).unwrap(),
            value("*2\r\n:0\r\n:1\r\n").unwrap()
        );
        assert_eq!(
            of(Merge::Concat, &["*1\r\n$1\r\na\r\n", "*0\r\n"]).unwrap(),
            value("*1\r\n$1\r\na\r\n").unwrap()
        );
        let places = Merge::Places(vec![vec![0, 2], vec![1]]);
        assert_eq!(
            of(places, &["*2\r\n:0\r\n:2\r\n", "*1\r\n:1\r\n"]).unwrap(),
            value("*3\r\n:0\r\n:1\r\n:2\r\n").unwrap()
        );
        assert_eq!(of(Merge::Some, &["-NOTBUSY no\r\n", "+OK\r\n"]).unwrap(), Value::Okay);
        assert_eq!(of(Merge::Some, &["-NOTBUSY no\r\n"]).unwrap_err().code(), Some("NOTBUSY"));
        assert!(matches!(of(Merge::Sum, &["+OK\r\n"]), Err(Error::Conversion { .. })));
    }

    #[test]
    fn a_write_that_only_some_carried_out_has_an_unknown_effect() {
        let write = Aggregate::write(Merge::Sum);
        let error = write.merge(vec![value(":1\r\n"), value("-OOM full\r\n")]).unwrap_err();
        assert_eq!((error.effect(), error.code()), (Effect::Unknown, None));
        assert_eq!(
            error.to_string(),
            "1 of its 2 parts were carried out, the others not or perhaps not: refused: OOM full"
        );
    }

    #[test]
    fn a_write_that_nobody_carried_out_keeps_the_servers_words() {
        let write = Aggregate::write(Merge::Sum);
        let error = write.merge(vec![value("-OOM full\r\n"), lost(Effect::None)]).unwrap_err();
        assert_eq!((error.effect(), error.code()), (Effect::None, Some("OOM")));
    }

    #[test]
    fn an_unknown_effect_outweighs_a_known_one() {
        for aggregate in [Aggregate::write(Merge::Sum), Aggregate::read(Merge::Sum)] {
            let error = aggregate.merge(vec![value("-OOM full\r\n"), lost(Effect::Unknown)]).unwrap_err();
            assert_eq!(error.effect(), Effect::Unknown);
        }
    }
}

//! A deferred as a program keeps it, and what it says.

use redfleet_pipe::{Deferred, Error, InvalidValue, Resolve};
use redis::Value;

use super::case::Hold;

/// What a deferred said, as text: a value or the kind of an error.
pub(crate) type Said = String;

pub(crate) enum Held {
    Get(Deferred<Value>),
    Take(Deferred<Value>),
    Clone(Deferred<Value>, Deferred<Value>),
    Text(Deferred<String>),
    Number(Deferred<i64>),
    Outcome(Deferred<Result<Value, Error>>),
    Pair(Deferred<(String, String)>),
    All(Deferred<Vec<String>>),
}

impl Held {
    pub(crate) fn new(deferred: Deferred<Value>, hold: Hold) -> Option<Self> {
        Some(match hold {
            Hold::Get => Self::Get(deferred),
            Hold::Take => Self::Take(deferred),
            Hold::Clone => Self::Clone(deferred.clone(), deferred),
            Hold::Map => Self::Text(deferred.map(|value| text(&value))),
            Hold::Number => {
                Self::Number(deferred.and_then(|value| redfleet_core::convert(value).map_err(Error::Reply)))
            }
            Hold::Outcome => Self::Outcome(deferred.result()),
            Hold::ZipSelf => Self::zipped(deferred.clone(), deferred),
            Hold::Fails => Self::Text(deferred.and_then(|_| Err(InvalidValue::not("an oracle").into()))),
            Hold::Dropped => return None,
        })
    }

    pub(crate) fn zipped(one: Deferred<Value>, other: Deferred<Value>) -> Self {
        Self::Pair(one.map(|value| text(&value)).zip(other.map(|value| text(&value))))
    }

    pub(crate) fn all(deferreds: Vec<Deferred<Value>>) -> Self {
        Self::All(Deferred::all(deferreds.into_iter().map(|one| one.map(|value| text(&value)))))
    }

    /// What it says when it is asked early.
    pub(crate) fn peek(&self) -> Said {
        match self {
            Self::Get(one) | Self::Take(one) | Self::Clone(_, one) => said(one.get(), text),
            Self::Text(one) => said(one.get(), Clone::clone),
            Self::Number(one) => said(one.get(), ToString::to_string),
            Self::Outcome(one) => said(one.get(), outcome),
            Self::Pair(one) => said(one.get(), pair),
            Self::All(one) => said(one.get(), |all| all.join(",")),
        }
    }

    /// What it says in the end.
    pub(crate) fn read(self) -> Vec<Said> {
        let told = |result| said(result, text);
        match self {
            Self::Get(one) => vec![told(one.get()), told(one.get())],
            Self::Take(one) => vec![told(one.take())],
            Self::Clone(one, other) => vec![told(one.take()), told(other.take())],
            Self::Text(one) => vec![said(one.take(), Clone::clone)],
            Self::Number(one) => vec![said(one.take(), ToString::to_string)],
            Self::Outcome(one) => vec![said(one.take(), outcome)],
            Self::Pair(one) => vec![said(one.take(), pair)],
            Self::All(one) => vec![said(one.take(), |all| all.join(","))],
        }
    }
}

/// A structure of one's own for `Pipes::run`.
impl Resolve for Held {
    type Output = Vec<Said>;

    fn resolve(self) -> Result<Vec<Said>, Error> {
        Ok(match self {
            Self::Get(one) | Self::Take(one) => vec![text(&one.resolve()?)],
            Self::Clone(one, other) => {
                let (one, other) = (one, other).resolve()?;
                vec![text(&one), text(&other)]
            }
            Self::Text(one) => vec![one.resolve()?],
            Self::Number(one) => vec![one.resolve()?.to_string()],
            Self::Outcome(one) => vec![outcome(&one.resolve()?)],
            Self::Pair(one) => vec![pair(&one.resolve()?)],
            Self::All(one) => vec![one.resolve()?.join(",")],
        })
    }
}

pub(crate) fn text(value: &Value) -> String {
    format!("{value:?}")
}

fn outcome(result: &Result<Value, Error>) -> String {
    result.as_ref().map_or_else(|error| format!("[{}]", kind(error)), text)
}

fn pair((one, other): &(String, String)) -> String {
    format!("{one}+{other}")
}

fn said<T>(result: Result<T, Error>, show: impl Fn(&T) -> String) -> Said {
    result.map_or_else(|error| kind(&error), |value| show(&value))
}

/// What kind of error it is, and for whom.
#[expect(clippy::wildcard_enum_match_arm, reason = "of all others the whole text is compared")]
pub(crate) fn kind(error: &Error) -> Said {
    match error {
        Error::NotExecuted => "! not executed".into(),
        Error::Dropped => "! dropped".into(),
        Error::RolledBack => "! rolled back".into(),
        Error::UnknownConnection { name, .. } => format!("! no {name}"),
        Error::Invalid(_) => "! invalid".into(),
        Error::Refused(_) => "! forbidden".into(),
        Error::AtomicElsewhere { block, command, .. } => format!("! {command} in {block}"),
        Error::TooLong { .. } => "! too long".into(),
        Error::Reply(_) => "! reply".into(),
        Error::Command { connection, command, cause, .. } => {
            format!("! {command} on {connection}: {}", cause.code().unwrap_or("no code"))
        }
        other => format!("! {other:?}"),
    }
}

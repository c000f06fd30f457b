//! What one write does to one record, and the one command that does it.

use std::fmt;
use std::sync::{Arc, LazyLock};

use redfleet_core::{Script, mutant};
use redis::Value;

use super::columns::Name;
use super::plain;
use super::read::at_home;
use super::written::Written;
use crate::deferred::{Deferred, convert};
use crate::error::{Error, Result};
use crate::model::definition::Model;
use crate::pipe::Pipe;

static WRITE_RECORD: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("../scripts/write_record.lua")));

/// What is to be done with one field.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: Name,
    pub(super) action: Action,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Action {
    Set(Vec<u8>),
    /// Where there is no value yet.
    SetMissing(Vec<u8>),
    Remove,
    Increment {
        by: Vec<u8>,
        is_float: bool,
    },
}

/// On which records the change may be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Any,
    /// Only if it is not there.
    New,
    /// Only if it is there.
    Old,
    /// If it is not there, there is nothing to do.
    Rest,
}

/// What one write does to one record.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) rule: Rule,
    /// The version that the record must have.
    pub(super) version: Option<u64>,
    pub(super) steps: Vec<Step>,
    /// Whether removed values are asked for.
    pub(super) wants_values: bool,
}

/// What the server said to a change, before it is matched with the steps.
pub(super) struct Answer {
    pub(super) version: Option<u64>,
    /// One a step, or none if there is nothing to say of any.
    pub(super) results: Vec<Value>,
}

impl Change {
    pub(super) const fn new(rule: Rule, steps: Vec<Step>) -> Self {
        Self { rule, version: None, steps, wants_values: false }
    }

    /// Queues it: one command. Nothing comes out if the record should have been new and was not.
    pub(super) fn send<M: Model>(self, p: &mut Pipe, name: &[u8]) -> Deferred<Option<Written>> {
        let answer = at_home::<M, _>(p, |p| match plain::command::<M>(&self, name) {
            Some((command, read)) => p.add_with(command, read),
            None => self.call::<M>(p, name),
        });
        let steps: Arc<[Step]> = self.steps.into();
        answer.recast(move |answer| match answer {
            Ok(answer) => Ok(answer.map(|answer| Written::new(Arc::clone(&steps), answer))),
            Err(error) => Err(match error.code() {
                Some("ABSENT") => Error::Absent { keyspace: M::KEYSPACE },
                Some("CONFLICT") => Error::Outdated { keyspace: M::KEYSPACE },
                _ => error,
            }),
        })
    }

    /// The script does all there is to do, or nothing.
    fn call<M: Model>(&self, p: &mut Pipe, name: &[u8]) -> Deferred<Option<Answer>> {
        let version = self.version.filter(|_| !mutant::is_on("versions_are_not_compared"));
        let ttl = M::TTL_MS.map(u64::from).filter(|_| !mutant::is_on("ttls_are_forgotten"));
        let rule = match self.rule {
            _ if mutant::is_on("half_a_record_is_written") => "any",
            Rule::Any => "any",
            Rule::New => "new",
            Rule::Old => "old",
            Rule::Rest => "rest",
        };
        let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let mut call = WRITE_RECORD.key(name).arg(rule).arg(text(ttl));
        call = call.arg(M::VERSION_NAME.unwrap_or_default()).arg(text(version));
        call = call.arg(if self.wants_values { "values" } else { "" });
        for Step { name, action } in &self.steps {
            call = match action {
                Action::Set(value) => call.arg("=").arg(&**name).arg(value),
                Action::SetMissing(value) => call.arg("?").arg(&**name).arg(value),
                Action::Remove => call.arg("-").arg(&**name),
                Action::Increment { by, is_float: false } => call.arg("+").arg(&**name).arg(by),
                Action::Increment { by, is_float: true } => call.arg("*").arg(&**name).arg(by),
            };
        }
        p.script_with(&call, answer)
    }
}

/// The field's name and what is done with it, without any value.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.action {
            Action::Set(_) => "set",
            Action::SetMissing(_) => "set if missing",
            Action::Remove => "remove",
            Action::Increment { .. } => "increment",
        };
        write!(f, "{verb} {}", self.name.escape_ascii())
    }
}

/// The script's reply.
fn answer(reply: Value) -> Result<Option<Answer>> {
    let Some(parts) = convert::<Option<Vec<Value>>>(reply)? else { return Ok(None) };
    let mut parts = parts.into_iter();
    let version: String = convert(parts.next().unwrap_or(Value::Nil))?;
    Ok(Some(Answer { version: version.parse().ok(), results: parts.collect() }))
}

//! Changes that need no script, because one command of Redis does the same.

use redis::{Cmd, Value, cmd};

use super::change::{Action, Answer, Change, Rule, Step};
use crate::error::Result;
use crate::model::definition::Model;

/// How the command's reply is read.
pub(super) type Read = fn(Value) -> Result<Option<Answer>>;

/// The command that does all of the change, if there is one, and how its reply is read.
pub(super) fn command<M: Model>(change: &Change, name: &[u8]) -> Option<(Cmd, Read)> {
    let is_plain = M::TTL_MS.is_none() && M::VERSION_NAME.is_none() && !change.wants_values;
    if !is_plain || !matches!(change.rule, Rule::Any | Rule::Rest) {
        return None;
    }
    if let [step] = change.steps.as_slice() {
        return Some((one(step, name), its_result));
    }
    let mut command = cmd("HSET");
    command.arg(name);
    for step in &change.steps {
        let Action::Set(value) = &step.action else { return None };
        command.arg(&*step.name).arg(value);
    }
    (!change.steps.is_empty()).then_some((command, no_results))
}

fn one(step: &Step, name: &[u8]) -> Cmd {
    let (verb, value) = match &step.action {
        Action::Set(value) => ("HSET", Some(value)),
        Action::SetMissing(value) => ("HSETNX", Some(value)),
        Action::Remove => ("HDEL", None),
        Action::Increment { by, is_float: false } => ("HINCRBY", Some(by)),
        Action::Increment { by, is_float: true } => ("HINCRBYFLOAT", Some(by)),
    };
    let mut command = cmd(verb);
    command.arg(name).arg(&*step.name);
    if let Some(value) = value {
        command.arg(value);
    }
    command
}

#[expect(clippy::unnecessary_wraps, reason = "other replies are read by what may fail")]
fn its_result(reply: Value) -> Result<Option<Answer>> {
    Ok(Some(Answer { version: None, results: vec![reply] }))
}

#[expect(clippy::unnecessary_wraps, reason = "other replies are read by what may fail")]
fn no_results(_: Value) -> Result<Option<Answer>> {
    Ok(Some(Answer { version: None, results: Vec::new() }))
}

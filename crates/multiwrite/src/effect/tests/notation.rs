//! Commands, replies and effects as short text.

use redfleet_core::{Error, Result};
use redis::{Arg, Cmd, Value};

use crate::effect::{Effect, Life, Plan, Shipped};

/// A command of words that are parted by one blank.
pub(super) fn command(text: &str) -> Cmd {
    let mut command = Cmd::new();
    for word in text.split(' ') {
        command.arg(word);
    }
    command
}

/// `nil`, `:1`, `,1.5` (a double), `[a b]`, `-CODE` (a refusal), `?` (nobody knows), or a string.
pub(super) fn reply(text: &str) -> Result<Value> {
    match text.split_at_checked(1) {
        Some(("-", code)) => Err(Error::refused_with(code, "no")),
        Some(("?", _)) => Err(Error::Unanswered),
        _ => Ok(value(&mut text.replace('[', " [ ").replace(']', " ] ").split_whitespace())),
    }
}

fn value<'a>(words: &mut impl Iterator<Item = &'a str>) -> Value {
    item(words).unwrap()
}

/// Nothing at the end of a list.
fn item(words: &mut dyn Iterator<Item = &str>) -> Option<Value> {
    let word = words.next().unwrap();
    Some(match word.split_at(1) {
        ("]", _) => return None,
        ("[", _) => Value::Array(std::iter::from_fn(|| item(words)).collect()),
        (":", number) => Value::Int(number.parse().unwrap()),
        (",", number) => Value::Double(number.parse().unwrap()),
        _ if word == "nil" => Value::Nil,
        _ if word == "OK" => Value::Okay,
        _ => Value::BulkString(word.into()),
    })
}

pub(super) fn text(command: &Cmd) -> String {
    let word = |arg| {
        if let Arg::Simple(word) = arg { String::from_utf8_lossy(word).into_owned() } else { "?".into() }
    };
    command.args_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The steps, then the lives in brackets, then the kind.
pub(super) fn said(effect: &Effect) -> String {
    let steps: Vec<_> = effect.steps.iter().map(text).collect();
    let life = |(key, life): &(crate::effect::Key, Life)| {
        let key = String::from_utf8_lossy(key);
        match life {
            Life::Forever => format!(" [{key} forever]"),
            Life::Until { unix_ms } => format!(" [{key} until {unix_ms}]"),
            Life::Gone => format!(" [{key} gone]"),
        }
    };
    let lives: String = effect.lives.iter().map(life).collect();
    format!("{}{lives} {:?}", steps.join("; "), effect.kind)
}

/// The plan of commands that are parted by `; `.
pub(super) fn plan(commands: &str) -> Plan {
    let commands: Vec<Cmd> = commands.split("; ").map(command).collect();
    Plan::of(&commands.iter().collect::<Vec<_>>()).unwrap()
}

pub(super) fn shipped(plan: &Plan, replies: &str, answers: &str) -> String {
    let list = |text: &str| match text {
        "" => Vec::new(),
        text => text.split("; ").map(reply).collect::<Vec<_>>(),
    };
    match plan.shipped(&list(replies), &list(answers)) {
        Shipped::Effect(effect) => said(&effect),
        Shipped::Nothing => "nothing".into(),
        Shipped::Unclear => "unclear".into(),
        Shipped::Everything => "everything".into(),
    }
}

pub(super) fn questions(plan: &Plan) -> String {
    let short = |question: &Cmd| {
        let text = text(question);
        if let Some((_, fields)) = text.rsplit_once("return {values, ends}\n 1 ") {
            format!("FIELDS {fields}")
        } else {
            text
        }
    };
    plan.questions().iter().map(short).collect::<Vec<_>>().join("; ")
}

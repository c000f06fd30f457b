//! A node for tests of commands, at which one types lines as in redis-cli.

use redis::Value;

use super::client::{ClientId, Protocol};
use super::data::Data;
use super::number;
use super::state::{Answer, State};

/// A fresh node, its time, and one connection to it.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) state: State,
    pub(crate) now_ms: i64,
    id: ClientId,
}

impl Console {
    /// Connected with RESP3.
    pub(crate) fn new() -> Self {
        Self::with(Protocol::Resp3)
    }

    pub(crate) fn with(protocol: Protocol) -> Self {
        let now_ms = 1_700_000_000_000;
        let mut state = State::new(Data::new(fastrand::Rng::with_seed(7), now_ms));
        let id = state.connect(protocol);
        Self { state, now_ms, id }
    }

    /// The reply to a line, as one line: arrays in brackets, maps in braces, nothing as `nil`, and what waits as
    /// `waits`; of a connection that ended, `gone`.
    pub(crate) fn run(&mut self, line: &str) -> String {
        let words = words(line);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        text(&self.reply(&words))
    }

    /// The reply to these words.
    pub(crate) fn reply(&mut self, words: &[&[u8]]) -> Value {
        match self.state.execute(self.id, words, self.now_ms) {
            Answer::Reply(reply) => reply.unwrap_or_else(super::refusal::Refusal::into_value),
            Answer::Confirmed(confirmations) => Value::Array(confirmations),
            Answer::Waits { .. } => Value::SimpleString("waits".into()),
            Answer::Gone => Value::SimpleString("gone".into()),
        }
    }

    /// Runs lines of which each says behind ` => ` what it is answered.
    #[track_caller]
    pub(crate) fn expect(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (line, reply) = line.split_once(" => ").expect("each line has a reply");
            assert_eq!(self.run(line.trim()), reply, "reply to `{}`", line.trim());
        }
    }
}

/// Words between spaces, or between quotes with `\n`, `\"` and `\xff` in them.
pub(crate) fn words(line: &str) -> Vec<Vec<u8>> {
    let (mut words, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_word(quoted),
            None => {
                let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
                (word.as_bytes().to_vec(), after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn quoted_word(rest: &str) -> (Vec<u8>, &str) {
    let (mut word, mut chars) = (Vec::new(), rest.chars());
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => match chars.next().expect("something is escaped") {
                'n' => word.push(b'\n'),
                'r' => word.push(b'\r'),
                'x' => {
                    let digits: String = chars.by_ref().take(2).collect();
                    word.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
                }
                other => word.extend(other.to_string().bytes()),
            },
            other => word.extend(other.to_string().bytes()),
        }
    }
    (word, chars.as_str())
}

/// A reply as one line.
#[expect(clippy::wildcard_enum_match_arm, reason = "what a test does not know it prints as it is")]
pub(crate) fn text(value: &Value) -> String {
    let all = |values: &[Value]| values.iter().map(text).collect::<Vec<_>>().join(", ");
    match value {
        Value::Nil => "nil".into(),
        Value::Okay => "OK".into(),
        Value::Int(number) => number.to_string(),
        Value::BulkString(bytes) => bytes.escape_ascii().to_string(),
        Value::SimpleString(text) => text.clone(),
        Value::Boolean(is_true) => is_true.to_string(),
        Value::Double(number) => number::double_text(*number),
        Value::Array(values) => format!("[{}]", all(values)),
        Value::Set(values) => format!("~[{}]", all(values)),
        Value::Map(pairs) => {
            let pair = |(key, value): &(Value, Value)| format!("{}: {}", text(key), text(value));
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Value::VerbatimString { text, .. } => text.clone(),
        Value::ServerError(error) => match error.details() {
            Some(details) => format!("{} {details}", error.code()),
            None => error.code().to_owned(),
        },
        other => format!("{other:?}"),
    }
}

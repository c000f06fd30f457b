//! Commands and replies as short words, for a trace.

use std::fmt;

use redis::{Arg, Cmd, Value};

use crate::backend::{name, word};
use crate::error::Result;
use crate::{Batch, Message};

/// How much of one word and of how many words is shown.
const MAX_WORD_BYTES: usize = 48;
const MAX_WORDS: usize = 12;

/// A command: its name and its arguments. Of a script only the beginning of its hash is shown.
pub(super) struct Command<'a>(pub(super) &'a Cmd);

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = word(name(self.0));
        f.write_str(&name)?;
        for (index, argument) in self.0.args_iter().enumerate().skip(1) {
            if index == MAX_WORDS {
                return f.write_str(" ..");
            }
            f.write_str(" ")?;
            match argument {
                Arg::Simple(hash) if name == "EVALSHA" && index == 1 => {
                    bytes(f, hash.get(..8).unwrap_or(hash))?;
                }
                Arg::Simple(text) if name == "EVAL" && index == 1 => write!(f, "({} bytes)", text.len())?,
                Arg::Simple(argument) => bytes(f, argument)?,
                Arg::Cursor | _ => f.write_str("0")?,
            }
        }
        Ok(())
    }
}

/// A batch: its commands, those of a block in brackets.
pub(super) struct Commands<'a>(pub(super) &'a Batch);

impl fmt::Display for Commands<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_atomic() { "MULTI" } else { "batch" })?;
        for (index, command) in self.0.commands().enumerate() {
            if index == MAX_WORDS {
                return write!(f, " .. of {}", self.0.len());
            }
            let blocks = self.0.blocks();
            let before = if blocks.iter().any(|block| block.start == index) { "[" } else { "" };
            let after = if blocks.iter().any(|block| block.end == index + 1) { "]" } else { "" };
            write!(f, " | {before}{}{after}", Command(command))?;
        }
        Ok(())
    }
}

/// An answer: the reply, or the error.
pub(super) struct Answered<'a>(pub(super) &'a Result<Value>);

impl fmt::Display for Answered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(value) => Reply(value).fmt(f),
            Err(error) => error.fmt(f),
        }
    }
}

/// The answer to a batch: an entry for every command.
pub(super) struct Entries<'a>(pub(super) &'a Result<Vec<Result<Value>>>);

impl fmt::Display for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Err(error) => error.fmt(f),
            Ok(entries) => list(f, entries.iter().map(Answered)),
        }
    }
}

/// A published message, an invalidation, or a gap.
pub(super) struct Said<'a>(pub(super) &'a Message);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Message::Published { channel, payload, .. } => {
                f.write_str("message ")?;
                bytes(f, channel)?;
                f.write_str(" ")?;
                bytes(f, payload)
            }
            Message::Invalidated { keys: None } => f.write_str("invalidated all"),
            Message::Invalidated { keys: Some(keys) } => {
                f.write_str("invalidated ")?;
                list(f, keys.iter().map(|key| Bytes(key)))
            }
            Message::Gap => f.write_str("gap"),
        }
    }
}

struct Reply<'a>(&'a Value);

impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Nil => f.write_str("nil"),
            Value::Int(number) => number.fmt(f),
            Value::BulkString(text) => {
                f.write_str("\"")?;
                bytes(f, text)?;
                f.write_str("\"")
            }
            Value::Array(values) | Value::Set(values) => list(f, values.iter().map(Reply)),
            Value::SimpleString(text) => bytes(f, text.as_bytes()),
            Value::Okay => f.write_str("OK"),
            Value::Map(pairs) => list(f, pairs.iter().map(|(key, value)| Pair(key, value))),
            Value::Double(number) => number.fmt(f),
            Value::Boolean(is_true) => is_true.fmt(f),
            Value::ServerError(error) => write!(f, "-{}", error.code()),
            Value::Attribute { .. }
            | Value::VerbatimString { .. }
            | Value::BigNumber(_)
            | Value::Push { .. }
            | _ => f.write_str("(..)"),
        }
    }
}

struct Pair<'a>(&'a Value, &'a Value);

impl fmt::Display for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Reply(self.0), Reply(self.1))
    }
}

struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bytes(f, self.0)
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, entries: impl Iterator<Item = T>) -> fmt::Result {
    f.write_str("[")?;
    for (index, entry) in entries.enumerate() {
        if index == MAX_WORDS {
            f.write_str(" ..")?;
            break;
        }
        write!(f, "{}{entry}", if index == 0 { "" } else { ", " })?;
    }
    f.write_str("]")
}

/// Bytes on one line: what is no printable letter is escaped, what is long is cut off.
fn bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let shown = bytes.get(..MAX_WORD_BYTES).unwrap_or(bytes);
    match std::str::from_utf8(shown) {
        Ok(text) if !text.chars().any(char::is_control) => f.write_str(text)?,
        Ok(_) | Err(_) => write!(f, "{}", shown.escape_ascii())?,
    }
    if shown.len() < bytes.len() { f.write_str("..") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use redis::cmd;

    use super::*;
    use crate::Error;

    #[test]
    fn commands_are_one_line_each_and_short() {
        let show = |command: &mut Cmd| Command(command).to_string();
        assert_eq!(show(cmd("set").arg("k").arg(b"a\r\nb\xff")), r"SET k a\r\nb\xff");
        let hash = "a".repeat(40);
        assert_eq!(show(cmd("EVALSHA").arg(hash).arg(1).arg("k")), "EVALSHA aaaaaaaa 1 k");
        assert_eq!(show(cmd("EVAL").arg("return 1").arg(0)), "EVAL (8 bytes) 0");
        assert!(show(cmd("SET").arg("k").arg("v".repeat(100_000))).len() < 100);
        assert!(show(cmd("DEL").arg(&["k"; 1000])).ends_with(" .."));
        let mut batch: Batch = [cmd("PING"), cmd("INCR").arg("k").take()].into_iter().collect();
        assert_eq!(Commands(&batch).to_string(), "batch | PING | INCR k");
        batch.make_atomic(0..1);
        assert_eq!(Commands(&batch).to_string(), "batch | [PING] | INCR k");
        assert_eq!(Commands(&Batch::new().atomic()).to_string(), "MULTI");
    }

    #[test]
    fn replies_are_shown_by_their_kind() {
        let reply = redis::parse_redis_value(b"*4\r\n:1\r\n$1\r\nx\r\n$-1\r\n+OK\r\n").unwrap();
        assert_eq!(Answered(&Ok(reply)).to_string(), "[1, \"x\", nil, OK]");
        let entries = Ok(vec![Ok(Value::Int(5)), Err(Error::refused_with("ERR", "no"))]);
        assert_eq!(Entries(&entries).to_string(), "[5, refused: ERR no]");
        assert_eq!(Said(&Message::published("c", None::<&str>, "hello")).to_string(), "message c hello");
        assert_eq!(Said(&Message::invalidated(Some(vec![b"k".to_vec()]))).to_string(), "invalidated [k]");
    }
}

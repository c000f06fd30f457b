//! Error replies, in Redis's own words.

use std::borrow::Cow;

use redis::{ServerError, Value};

use crate::error::Error;

/// How much is told of a word that was not understood.
pub(crate) const MAX_TOLD_BYTES: usize = 128;

/// What is told of a word: it ends where a string of C ends.
pub(crate) fn told(word: &[u8], room_bytes: usize) -> &[u8] {
    let word = word.get(..room_bytes).unwrap_or(word);
    word.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Why a command was refused. The text starts with its code, as on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    text: Cow<'static, str>,
}

impl Refusal {
    pub(crate) const SYNTAX: Self = Self::fixed("ERR syntax error");
    pub(crate) const NO_INTEGER: Self = Self::fixed("ERR value is not an integer or out of range");
    pub(crate) const NO_FLOAT: Self = Self::fixed("ERR value is not a valid float");
    pub(crate) const OVERFLOW: Self = Self::fixed("ERR increment or decrement would overflow");
    pub(crate) const WRONG_TYPE: Self =
        Self::fixed("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub(crate) const NO_SUCH_KEY: Self = Self::fixed("ERR no such key");
    pub(crate) const TOO_LONG: Self =
        Self::fixed("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    pub(crate) const INDEX_OUT_OF_RANGE: Self = Self::fixed("ERR index out of range");

    /// A text that is always the same.
    pub(crate) const fn fixed(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text) }
    }

    /// A text made for the occasion, in one line.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text: String = text.into();
        let text = if text.contains(['\r', '\n']) { text.replace(['\r', '\n'], " ") } else { text };
        Self { text: Cow::Owned(text) }
    }

    /// A word as error texts show it: up to its first NUL.
    pub(crate) fn shown(word: &[u8]) -> Cow<'_, str> {
        String::from_utf8_lossy(told(word, word.len()))
    }

    pub(crate) fn wrong_arity(name: &str) -> Self {
        Self::new(format!("ERR wrong number of arguments for '{name}' command"))
    }

    pub(crate) fn unknown_subcommand(command: &str, verb: &[u8]) -> Self {
        let verb = String::from_utf8_lossy(told(verb, MAX_TOLD_BYTES));
        Self::new(format!("ERR unknown subcommand '{verb}'. Try {command} HELP."))
    }

    /// Of EXEC itself: with it, what was queued is gone.
    pub(crate) fn of_exec(&self) -> Self {
        let reason = self.text.strip_prefix("ERR ").unwrap_or(&self.text);
        Self::new(format!("EXECABORT Transaction discarded because of: {reason}"))
    }

    /// What a RESP2 connection may not send that listens to channels.
    pub(crate) fn while_subscribed(name: &str) -> Self {
        Self::new(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this \
             context"
        ))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The code and what follows it.
    fn parts(&self) -> (&str, &str) {
        self.text.split_once(' ').unwrap_or((&self.text, ""))
    }

    /// As an entry of a transaction's replies, or of a script's.
    pub(crate) fn into_value(self) -> Value {
        if let Error::Refused { error } = Error::from(self) { Value::ServerError(error) } else { Value::Nil }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, details) = refusal.parts();
        Self::refused_with(code, details)
    }
}

impl From<&ServerError> for Refusal {
    fn from(error: &ServerError) -> Self {
        match error.details() {
            Some(details) => Self::new(format!("{} {details}", error.code())),
            None => Self::new(error.code()),
        }
    }
}

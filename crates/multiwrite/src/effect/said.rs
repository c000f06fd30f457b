//! What a reply says of whether its command did anything, and what is in it.

use redfleet_core::Effect as Certainty;
use redfleet_core::{Error, Result};
use redis::Value;

use super::form::{Form, When};

/// What a reply says of its command.
pub(super) enum Said<'a> {
    /// It did nothing.
    Nothing,
    /// It did what it does.
    Done(&'a Value),
    /// Nobody knows.
    Unclear,
}

/// What this reply says of a command of this form.
pub(super) fn said<'a>(form: &Form, reply: Option<&'a Result<Value>>) -> Said<'a> {
    let when = form.when();
    match reply {
        Some(Ok(reply)) if is_done(when, plain(reply)) => Said::Done(plain(reply)),
        Some(Ok(_)) => Said::Nothing,
        Some(Err(Error::Refused { .. })) if matches!(form, Form::Vouched(_)) => Said::Unclear,
        Some(Err(Error::Refused { .. })) if matches!(when, When::EvenRefused) => Said::Done(&Value::Nil),
        Some(Err(error)) if error.effect() == Certainty::None => Said::Nothing,
        Some(Err(_)) | None => Said::Unclear,
    }
}

fn is_done(when: &When, reply: &Value) -> bool {
    let is_nil = matches!(reply, Value::Nil);
    match when {
        When::Always | When::EvenRefused => true,
        When::NotNil => !is_nil,
        When::Nil => is_nil,
        When::NotZero => !is_nil && integer(reply).is_none_or(|number| number > 0),
        When::Was(old) => bytes(reply).is_some_and(|was| *was == **old),
        When::WasNot(old) => bytes(reply).is_none_or(|was| *was != **old),
    }
}

/// The reply without the attributes around it.
pub(super) fn plain(reply: &Value) -> &Value {
    if let Value::Attribute { data, .. } = reply { plain(data) } else { reply }
}

/// The whole number that a reply is, by whatever protocol.
pub(super) fn integer(reply: &Value) -> Option<i64> {
    let reply = plain(reply);
    if let Value::Int(number) = reply {
        return Some(*number);
    }
    if let Value::Boolean(is) = reply { Some((*is).into()) } else { None }
}

/// The bytes that a reply is.
pub(super) fn bytes(reply: &Value) -> Option<&[u8]> {
    let reply = plain(reply);
    if let Value::BulkString(bytes) = reply {
        return Some(bytes);
    }
    let (Value::SimpleString(text) | Value::VerbatimString { text, .. }) = reply else { return None };
    Some(text.as_bytes())
}

/// The items that a reply has.
pub(super) fn items(reply: &Value) -> Option<&[Value]> {
    let reply = plain(reply);
    if let Value::Array(items) | Value::Set(items) = reply {
        return Some(items);
    }
    matches!(reply, Value::Nil).then_some(&[])
}

/// The members of a reply of members and scores: one after the other, or in pairs.
pub(super) fn scored(reply: &Value) -> Option<Vec<&[u8]>> {
    let items = items(reply)?;
    let is_paired = items.first().is_some_and(|first| matches!(plain(first), Value::Array(_)));
    if is_paired {
        return items.iter().map(|pair| bytes(self::items(pair)?.first()?)).collect();
    }
    items.iter().step_by(2).map(bytes).collect()
}

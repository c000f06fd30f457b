//! From a server's reply to an answer: a value of the type asked for, or an error that names types alone.

use redis::{FromRedisValue, ParsingError, Value};

use super::{Error, Result};

/// A server's reply as an answer: an error that it replies is a refusal.
pub(crate) fn answer(reply: Value) -> Result<Value> {
    if let Value::ServerError(error) = reply { Err(Error::refused(error)) } else { Ok(reply) }
}

/// The reply as a `T`.
///
/// # Errors
///
/// [`Error::Conversion`] if it is none. It names types and never the value, which may be a secret.
///
/// # Example
///
/// ```
/// use redfleet_core::{Effect, convert};
/// use redis::Value;
///
/// assert_eq!(convert::<u64>(Value::BulkString(b"7".to_vec()))?, 7);
/// let error = convert::<u64>(Value::BulkString(b"hunter2".to_vec())).unwrap_err();
/// assert_eq!(error.to_string(), "the reply is a bulk string, which is no u64");
/// assert_eq!(error.effect(), Effect::Unknown); // the command was carried out
/// # Ok::<(), redfleet_core::Error>(())
/// ```
pub fn convert<T: FromRedisValue>(reply: Value) -> Result<T> {
    let got = kind(&reply);
    redis::from_redis_value(reply).map_err(|_| Error::Conversion { wanted: std::any::type_name::<T>(), got })
}

/// For `?` on conversions of one's own. The text of a `ParsingError` quotes the value, so it is left out.
impl From<ParsingError> for Error {
    fn from(_: ParsingError) -> Self {
        Self::misfit()
    }
}

/// A reply's type in Redis's terms.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Int(_) => "an integer",
        Value::BulkString(_) => "a bulk string",
        Value::Array(_) => "an array",
        Value::SimpleString(_) | Value::Okay => "a simple string",
        Value::Map(_) => "a map",
        Value::Attribute { .. } => "an attribute",
        Value::Set(_) => "a set",
        Value::Double(_) => "a double",
        Value::Boolean(_) => "a boolean",
        Value::VerbatimString { .. } => "a verbatim string",
        Value::BigNumber(_) => "a big number",
        Value::Push { .. } => "a push message",
        Value::ServerError(_) => "an error",
        _ => "of an unknown type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_quotes_of_a_command_that_it_does_not_know_is_left_out() {
        let told = "-ERR unknown command 'SETT', with args beginning with: 'key' 'hunter2' \r\n";
        let error = answer(redis::parse_redis_value(told.as_bytes()).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "refused: ERR unknown command 'SETT'");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

//! To and from the error type of redis-rs, losing nothing on the way.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};

use super::{Effect, Error};

/// Wrapped as the source of an IO error, so that the way back finds it whole.
impl From<Error> for RedisError {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Refused { error } => return error.clone().into(),
            Error::Deadline { .. } => io::ErrorKind::TimedOut,
            Error::Link { effect: Effect::None, .. } | Error::Down { .. } => io::ErrorKind::ConnectionRefused,
            Error::Link { effect: Effect::Unknown, .. } => io::ErrorKind::BrokenPipe,
            Error::Unsupported { .. } | Error::Duplicate { .. } | Error::Policy { .. } => {
                io::ErrorKind::Unsupported
            }
            Error::Conflict
            | Error::Conversion { .. }
            | Error::Unanswered
            | Error::NotAtomic { .. }
            | Error::Declined { .. }
            | Error::Foreign { .. }
            | Error::Overloaded { .. }
            | Error::Shutdown
            | Error::Panicked { .. }
            | Error::Partial { .. } => io::ErrorKind::Other,
        };
        io::Error::new(kind, error).into()
    }
}

/// One of ours comes back as it was. A foreign one is a refusal if a server said it; else its effect is unknown.
impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        if let Some(ours) = wrapped(&error) {
            return ours.clone();
        }
        // These texts quote the value, which may be a secret.
        if matches!(error.kind(), ErrorKind::Parse | ErrorKind::UnexpectedReturnType) {
            return Self::misfit();
        }
        let reason = error.to_string().into();
        // An aborted transaction has done nothing; a pipeline of which one command failed has done the others.
        let is_aborted = error.kind() == ErrorKind::Server(ServerErrorKind::ExecAbort);
        let refusal = match ServerError::try_from(error) {
            Ok(refusal) => Some(refusal),
            Err(several) if is_aborted => {
                several.into_server_errors().and_then(|all| all.first().map(|(_, first)| first.clone()))
            }
            Err(_) => None,
        };
        refusal.map_or(Self::Foreign { reason }, Self::refused)
    }
}

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        Self::refused(error)
    }
}

/// Our own error inside one of redis-rs, if it is there.
pub(crate) fn wrapped(error: &RedisError) -> Option<&Error> {
    let source: &(dyn StdError + 'static) = error.source()?;
    let shared = source.downcast_ref::<Arc<dyn StdError + Send + Sync>>()?;
    shared.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<Error>()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_error_survives_the_way_through_redis_rs_and_back() {
        let unsent = Error::Deadline { after: Duration::from_millis(7), effect: Effect::None };
        for error in [unsent, Error::deadline(Duration::from_secs(1)), Error::Conflict, Error::Shutdown] {
            let text = error.to_string();
            let effect = error.effect();
            let back = Error::from(RedisError::from(error));
            assert_eq!((back.to_string(), back.effect()), (text, effect));
        }
    }

    #[test]
    fn a_reply_of_another_type_is_told_without_the_reply() {
        let secret = redis::Value::BulkString(b"hunter2".to_vec());
        let theirs = RedisError::from(redis::from_redis_value::<i64>(secret).unwrap_err());
        let ours = Error::from(theirs);
        assert!(matches!(ours, Error::Conversion { .. }));
        assert!(!format!("{ours} {ours:?}").contains("hunter2"));
    }

    #[test]
    fn a_foreign_error_keeps_its_words_and_its_effect_is_unknown() {
        let ours = Error::from(RedisError::from((ErrorKind::Client, "held by somebody else")));
        assert!(ours.to_string().contains("held by somebody else"), "{ours}");
        assert_eq!(ours.effect(), Effect::Unknown);
    }

    #[tokio::test]
    async fn a_pipeline_of_which_one_command_failed_has_unknown_effect() {
        let mut connection = crate::Handle::new(
            crate::test_util::Scripted::new()
                .on("INCR", ":1\r\n")
                .on("LPUSH", "-WRONGTYPE not a list\r\n")
                .shared(),
        );
        for atomic in [false, true] {
            let mut pipe = redis::pipe();
            if atomic {
                pipe.atomic();
            }
            pipe.cmd("INCR").arg("k").cmd("LPUSH").arg("k").arg(1);
            let theirs = pipe.query_async::<(i64, i64)>(&mut connection).await.unwrap_err();
            assert_eq!(Error::from(theirs).effect(), Effect::Unknown, "INCR was carried out");
        }
    }

    #[test]
    fn a_refusal_can_be_made_of_words_and_is_one_line() {
        let ours = Error::refused_with("WRONGTYPE", "not a list\r\n+OK");
        assert_eq!(
            (ours.code(), ours.to_string().as_str()),
            (Some("WRONGTYPE"), "refused: WRONGTYPE not a list  +OK")
        );
    }

    #[test]
    fn a_refusal_stays_a_refusal_on_both_sides() {
        let value = redis::parse_redis_value(b"-WRONGTYPE not a list\r\n").unwrap();
        let theirs = value.extract_error().unwrap_err();
        let ours = Error::from(theirs);
        assert_eq!(ours.code(), Some("WRONGTYPE"));
        assert_eq!(ours.effect(), Effect::None);
        assert_eq!(RedisError::from(ours).code(), Some("WRONGTYPE"));
    }
}

//! The replies of a transaction, one entry a command: pure.

use redis::Value;

use crate::error::{Error, Result, answer};

/// From the replies of MULTI, of each queueing and of EXEC to one entry for each of the `commands` commands.
pub(crate) fn entries(mut replies: Vec<Value>, commands: usize) -> Vec<Result<Value>> {
    let exec = replies.pop().unwrap_or_default();
    let mut replies = replies.into_iter();
    let multi = replies.next().unwrap_or_default();
    if let Value::ServerError(error) = multi {
        // Without MULTI the commands were not queued but carried out, one by one.
        return vec![Err(Error::NotAtomic { error }); commands];
    }
    if let Value::ServerError(aborted) = exec {
        // The server refused to queue one: nothing was done. That one says why, the others that they were
        // aborted.
        let queued = replies.chain(std::iter::repeat(Value::Okay)).take(commands);
        return queued.map(|queued| answer(queued).and(Err(Error::refused(aborted.clone())))).collect();
    }
    if exec == Value::Nil {
        return vec![Err(Error::Conflict); commands];
    }
    let misfit = Error::conversion::<Vec<Value>>(&exec);
    if let Value::Array(values) = exec
        && values.len() == commands
    {
        return values.into_iter().map(answer).collect();
    }
    vec![Err(misfit); commands]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Effect;

    fn replies(resp: &str) -> Vec<Value> {
        redis::from_redis_value(redis::parse_redis_value(resp.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn each_command_gets_its_own_entry_of_exec() {
        let entries = entries(replies("*4\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n-WRONGTYPE no\r\n"), 2);
        assert!(matches!(entries[0], Ok(Value::Int(1))));
        assert_eq!(entries[1].as_ref().unwrap_err().code(), Some("WRONGTYPE"));
    }

    #[test]
    fn a_command_that_is_not_queued_aborts_all_and_says_why() {
        let entries = entries(replies("*4\r\n+OK\r\n+QUEUED\r\n-ERR unknown\r\n-EXECABORT no\r\n"), 2);
        assert_eq!(entries[0].as_ref().unwrap_err().code(), Some("EXECABORT"));
        assert_eq!(entries[1].as_ref().unwrap_err().code(), Some("ERR"));
    }

    #[test]
    fn a_changed_watched_key_is_a_conflict_for_all() {
        let entries = entries(replies("*3\r\n+OK\r\n+QUEUED\r\n*-1\r\n"), 1);
        assert!(matches!(entries[0], Err(Error::Conflict)));
    }

    #[test]
    fn where_multi_is_not_permitted_the_effect_is_unknown() {
        let entries = entries(replies("*3\r\n-NOPERM no\r\n:1\r\n-ERR EXEC without MULTI\r\n"), 1);
        assert_eq!(entries[0].as_ref().unwrap_err().effect(), Effect::Unknown);
    }
}

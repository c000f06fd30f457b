//! Transactions on the wire: what is sent for them, and what their replies are, one entry a command. Pure.

use redis::{Pipeline, Value};

use super::{Batch, Portion};
use crate::error::{Error, Result, answer};

/// The commands of a batch with MULTI and EXEC around its transactions, and with ASKING where it is wanted: for what
/// redis-rs does not put in by itself.
pub(crate) fn spelled_out(batch: &Batch) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(2 * batch.len() + 3 * batch.blocks().len() + 3);
    let mut commands = batch.commands();
    for portion in batch.portions() {
        if batch.is_asking() {
            pipeline.cmd("ASKING");
        }
        let is_block = matches!(portion, Portion::Block(_));
        if is_block {
            pipeline.cmd("MULTI");
        }
        for command in commands.by_ref().take(portion.len()) {
            pipeline.add_command(command.clone());
        }
        if is_block {
            pipeline.cmd("EXEC");
        }
    }
    pipeline
}

/// From the replies to what was [`spelled_out`] to one entry for each command of the batch.
pub(crate) fn fold(batch: &Batch, replies: Vec<Value>) -> Vec<Result<Value>> {
    let mut replies = replies.into_iter();
    let mut all = Vec::with_capacity(batch.len());
    for portion in batch.portions() {
        if batch.is_asking() {
            replies.next();
        }
        match portion {
            Portion::Command => all.push(replies.next().map_or(Err(Error::Unanswered), answer)),
            Portion::Block(commands) => {
                all.extend(entries(replies.by_ref().take(commands + 2).collect(), commands));
            }
        }
    }
    all
}

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
    use crate::backend::name;
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

    fn batch(texts: &[&str]) -> Batch {
        texts.iter().map(|text| redis::cmd(text)).collect()
    }

    #[test]
    fn blocks_are_spelled_out_and_nothing_else() {
        let words = |batch: &Batch| {
            let pipeline = spelled_out(batch);
            let names =
                pipeline.cmd_iter().map(|command| String::from_utf8_lossy(name(command)).into_owned());
            names.collect::<Vec<_>>().join(" ")
        };
        let mut some = batch(&["a", "b", "c", "d"]);
        some.make_atomic(1..3);
        some.make_atomic(3..4);
        assert_eq!(words(&some), "a MULTI b c EXEC MULTI d EXEC");
        assert_eq!(words(&some.asking()), "ASKING a ASKING MULTI b c EXEC ASKING MULTI d EXEC");
        assert_eq!(words(&batch(&["a", "b"]).asking()), "ASKING a ASKING b");
        assert_eq!(words(&batch(&["a", "b"]).atomic().asking()), "ASKING MULTI a b EXEC");
    }

    #[test]
    fn each_block_has_its_own_fate() {
        let told = "+OK\r\n+QUEUED\r\n-ERR unknown\r\n-EXECABORT no\r\n";
        let done = "+OK\r\n+QUEUED\r\n*1\r\n:4\r\n";
        let mut some = batch(&["a", "b", "c", "d", "e"]);
        some.make_atomic(1..3);
        some.make_atomic(3..4);
        let codes = |batch: &Batch, resp: &str| {
            let entries = fold(batch, replies(resp));
            let code = |entry: Result<Value>| match entry {
                Ok(value) => redis::from_redis_value::<String>(value).unwrap(),
                Err(error) => error.code().unwrap_or_default().to_owned(),
            };
            entries.into_iter().map(code).collect::<Vec<_>>()
        };
        let expected = ["1", "EXECABORT", "ERR", "4", "5"];
        assert_eq!(codes(&some, &format!("*9\r\n:1\r\n{told}{done}:5\r\n")), expected);
        let asked = format!("*13\r\n+OK\r\n:1\r\n+OK\r\n{told}+OK\r\n{done}+OK\r\n:5\r\n");
        assert_eq!(codes(&some.asking(), &asked), expected);
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

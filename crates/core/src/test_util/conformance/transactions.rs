//! Clause 3: atomic means whole.

use futures::future::{try_join, try_join_all};
use redis::cmd;

use super::clause::{Clause, Found};
use super::subject::{Ability, Subject};
use super::trial::{Trial, holds, read, same, tell};
use crate::{Batch, Effect, Error, Result};

const PART: &str = "3. Atomic means whole";
const BATCHES: usize = 20;
const COMMANDS: usize = 5;
const COUNTS: usize = 50;

/// A command that fails while a transaction runs does not undo the others: all of it is carried out.
pub fn an_atomic_batch_is_carried_out_whole(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "an_atomic_batch_is_carried_out_whole", subject, |trial| async move {
        let key = trial.key().await?;
        let mut batch = Batch::new().atomic();
        batch.push(cmd("SET").arg(&key).arg(5).take());
        batch.push(cmd("LPUSH").arg(&key).arg("x").take());
        batch.push(cmd("INCR").arg(&key).take());
        let replies = trial.batch(trial.node(), &batch).await?;
        let kinds: Vec<_> = replies.iter().map(Result::is_ok).collect();
        same("SET, LPUSH on a number, INCR (true where it is carried out)", vec![true, false, true], kinds)?;
        let count = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        same("what SET and INCR leave", 6, count)
    });
    clause.needing(&[Ability::Transactions])
}

/// A transaction that the server does not take whole is not carried out in part. The command that it does not
/// take says why; the others are refused with EXECABORT.
pub fn an_atomic_batch_is_not_carried_out_in_part(subject: &Subject) -> Clause<'_> {
    let name = "an_atomic_batch_is_not_carried_out_in_part";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let mut batch = Batch::new().atomic();
        batch.push(cmd("SET").arg(&key).arg(1).take());
        batch.push(cmd("NOSUCHCOMMAND"));
        let answer = trial.within("an answer to a transaction", trial.node().call_batch(&batch)).await?;
        let count: Option<i64> = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        same("the key after a transaction that was refused", None, count)?;
        let is_none = |error: &Error| error.effect() == Effect::None;
        let is_told = match &answer {
            Err(error) => is_none(error),
            Ok(replies) => {
                let codes: Vec<_> = replies.iter().map(code).collect();
                matches!(codes[..], [Some("EXECABORT"), Some(other)] if other != "EXECABORT")
            }
        };
        let expected =
            "SET aborted with EXECABORT and NOSUCHCOMMAND refused, or all of it an error without effect";
        holds(is_told, expected, || tell(&answer))
    });
    clause.needing(&[Ability::Transactions])
}

fn code(reply: &Result<redis::Value>) -> Option<&str> {
    reply.as_ref().err().and_then(Error::code)
}

/// While a transaction runs, nothing of anybody else's is carried out in between.
pub fn nothing_comes_between_the_commands_of_an_atomic_batch(subject: &Subject) -> Clause<'_> {
    let name = "nothing_comes_between_the_commands_of_an_atomic_batch";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        nothing_comes_between(&trial, &key, &incr(&key, COMMANDS).atomic()).await
    });
    clause.needing(&[Ability::Transactions])
}

/// A block is carried out after what stands before it in its batch, and before what stands behind it; a command that
/// fails while it runs does not undo the others.
pub fn a_block_is_carried_out_whole_and_in_its_place(subject: &Subject) -> Clause<'_> {
    let name = "a_block_is_carried_out_whole_and_in_its_place";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let mut batch = Batch::new();
        batch.push(cmd("SET").arg(&key).arg(1).take());
        batch.extend(incr(&key, 1).commands().cloned());
        batch.push(cmd("LPUSH").arg(&key).arg("x").take());
        batch.extend(incr(&key, 3).commands().cloned());
        batch.make_atomic(1..4);
        let replies = trial.batch(trial.node(), &batch).await?;
        let counts: Vec<Option<i64>> = replies.into_iter().map(read).collect();
        let what = "the counts of SET, a block of INCR, LPUSH on a number, INCR, and INCR twice behind it";
        same(what, vec![None, Some(2), None, Some(3), Some(4), Some(5)], counts)
    });
    clause.needing(&[Ability::Transactions])
}

/// A block that the server does not take whole is not carried out in part, and the rest of its batch is.
pub fn a_block_is_not_carried_out_in_part(subject: &Subject) -> Clause<'_> {
    let name = "a_block_is_not_carried_out_in_part";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let mut batch = incr(&key, 2);
        batch.push(cmd("NOSUCHCOMMAND"));
        batch.extend(incr(&key, 1).commands().cloned());
        batch.make_atomic(1..3);
        let answer = trial.within("an answer to a batch", trial.node().call_batch(&batch)).await?;
        let is_told = answer.as_ref().is_ok_and(|replies| {
            let codes: Vec<_> = replies.iter().map(code).collect();
            matches!(codes[..], [None, Some("EXECABORT"), Some(other), None] if other != "EXECABORT")
        });
        let expected = "INCR; INCR aborted with EXECABORT in one block with NOSUCHCOMMAND; INCR";
        holds(is_told, expected, || tell(&answer))?;
        let count = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        same("what the two INCR around the block leave", 2, count)
    });
    clause.needing(&[Ability::Transactions])
}

/// While a block is carried out, nothing of anybody else's is.
pub fn nothing_comes_between_the_commands_of_a_block(subject: &Subject) -> Clause<'_> {
    let name = "nothing_comes_between_the_commands_of_a_block";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let [key, other] = trial.keys().await?;
        let mut batch = incr(&key, COMMANDS);
        batch.extend(incr(&other, COMMANDS).commands().cloned());
        batch.make_atomic(0..COMMANDS);
        nothing_comes_between(&trial, &key, &batch).await
    });
    clause.needing(&[Ability::Transactions])
}

/// So many times INCR.
fn incr(key: &str, times: usize) -> Batch {
    (0..times).map(|_| cmd("INCR").arg(key).to_owned()).collect()
}

/// Sees that the first commands of the batch, INCR of `key`, count on without a gap while others count too.
async fn nothing_comes_between(trial: &Trial<'_>, key: &str, batch: &Batch) -> Found {
    let batches = (0..BATCHES).map(|_| async move {
        let replies = trial.batch(trial.node(), batch).await?;
        let seen = format!("{replies:?}");
        let counts: Option<Vec<usize>> = replies.into_iter().take(COMMANDS).map(read).collect();
        let counts = counts.unwrap_or_default();
        let span = counts.iter().max().zip(counts.iter().min()).map(|(most, least)| most - least);
        let expected = "the INCR of one transaction to count on without a gap";
        holds(span == Some(COMMANDS - 1), expected, || seen)
    });
    let others =
        (0..COUNTS).map(|_| async move { trial.ask::<i64>(trial.node(), cmd("INCR").arg(key)).await });
    try_join(try_join_all(batches), try_join_all(others)).await.map(drop)
}

//! Clause 1: one call, one reply.

use futures::future::try_join_all;
use redis::cmd;

use super::clause::{Clause, Finding};
use super::subject::{Ability, Subject};
use super::trial::{TRIES, holds, read, same, tell};
use crate::Batch;

const PART: &str = "1. One call, one reply";
const CALLERS: u32 = 300;
const COUNTS: i64 = 100;

/// Many callers at once, with single calls and batches, are each answered with what they asked for.
pub fn each_call_gets_its_own_reply(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "each_call_gets_its_own_reply", subject, |trial| async move {
        let calls = (0..CALLERS).map(|index| async move {
            let echo = cmd("ECHO").arg(index).to_owned();
            let echoed = if index % 10 == 9 {
                let batch: Batch = [cmd("PING"), echo].into_iter().collect();
                let mut replies = trial.batch(trial.node(), &batch).await?;
                replies.pop().and_then(read)
            } else {
                read(trial.call(trial.node(), &echo).await?)
            };
            same("the reply to ECHO", Some(index), echoed)
        });
        try_join_all(calls).await.map(drop)
    })
}

/// With nothing wrong, what many callers ask for at once is carried out once for each of them.
pub fn each_call_is_carried_out_once(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "each_call_is_carried_out_once", subject, |trial| async move {
        let key = &trial.key().await?;
        let calls =
            (0..COUNTS).map(|_| async move { trial.ask::<i64>(trial.node(), cmd("INCR").arg(key)).await });
        let mut counts = try_join_all(calls).await?;
        counts.sort_unstable();
        let expected: Vec<_> = (1..=COUNTS).collect();
        same("the replies to 100 INCR at once, in order,", expected, counts)?;
        let count = trial.ask(trial.node(), cmd("GET").arg(key)).await?;
        same("the count after 100 INCR", COUNTS, count)
    })
}

/// After a lost reply, the command is not sent again: that would be the caller's to decide.
pub fn a_lost_reply_is_not_made_up_for_by_sending_again(subject: &Subject) -> Clause<'_> {
    let name = "a_lost_reply_is_not_made_up_for_by_sending_again";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let disruption = trial.disruption()?;
        let incr = cmd("INCR").arg(&key).to_owned();
        for sent in 1..=TRIES {
            trial.recover().await?;
            disruption.lose_next_reply().await;
            let answer = trial.call(trial.node(), &incr).await?;
            trial.recover().await?;
            let count: Option<usize> = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
            let count = count.unwrap_or_default();
            let expected = format!("INCR to be carried out at most {sent} times, as often as it was called");
            holds(count <= sent, expected, || format!("{count}, and the last answer {}", tell(&answer)))?;
            if answer.is_err() {
                return Ok(());
            }
            // The disruption hit something else: then there was nothing to make up for.
            trial.let_others_pass(sent).await;
        }
        let expected = "the disruption to lose the reply to a command".into();
        Err(Finding { expected, seen: format!("{TRIES} replies that arrived") })
    });
    clause.needing(&[Ability::AtMostOnce, Ability::Disruption])
}

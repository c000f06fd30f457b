//! Clause 2: one entry a command.

use redis::cmd;

use super::clause::{Clause, Found};
use super::subject::{Ability, Subject};
use super::trial::{TRIES, Trial, holds, read, same, tell};
use crate::{Batch, Effect};

const PART: &str = "2. One entry a command";
const COMMANDS: i64 = 1000;

/// Entries stand in the order of the batch, and its commands are carried out in that order.
pub fn a_batch_is_answered_in_its_order(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "a_batch_is_answered_in_its_order", subject, |trial| async move {
        let key = trial.key().await?;
        let batch: Batch = (0..COMMANDS).map(|_| cmd("INCR").arg(&key).to_owned()).collect();
        let replies = trial.batch(trial.node(), &batch).await?;
        for (expected, reply) in (1..).zip(replies) {
            let seen = tell(&reply);
            let is_so = read::<i64>(reply) == Some(expected);
            holds(is_so, format!("entry {expected} of {COMMANDS} INCR to be {expected}"), || seen)?;
        }
        Ok(())
    })
}

/// Each command has an entry, also where some are refused, and those that are not refused lose nothing.
pub fn each_command_of_a_batch_has_an_entry_also_where_some_are_refused(subject: &Subject) -> Clause<'_> {
    let name = "each_command_of_a_batch_has_an_entry_also_where_some_are_refused";
    Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let mut batch = Batch::new();
        batch.push(cmd("INCR").arg(&key).take());
        batch.push(cmd("LPUSH").arg(&key).arg("x").take());
        batch.push(cmd("INCR").arg(&key).take());
        let replies = trial.batch(trial.node(), &batch).await?;
        let kinds: Vec<_> = replies.iter().map(Result::is_ok).collect();
        same("INCR, LPUSH on a number, INCR (true where it is carried out)", vec![true, false, true], kinds)?;
        let count = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        same("the count after both INCR", 2, count)
    })
}

/// An empty batch, atomic or not, is answered with no entries, and is no error.
pub fn an_empty_batch_has_no_entries(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "an_empty_batch_has_no_entries", subject, empty)
}

/// An empty batch costs nothing: it is answered also while the server cannot be reached, or hangs.
pub fn an_empty_batch_costs_nothing(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "an_empty_batch_costs_nothing", subject, |trial| async move {
        trial.recover().await?;
        trial.disruption()?.hang().await;
        empty(trial).await?;
        trial.disruption()?.cut().await;
        empty(trial).await
    });
    clause.needing(&[Ability::Disruption])
}

async fn empty(trial: Trial<'_>) -> Found {
    for batch in [Batch::new(), Batch::new().atomic()] {
        let replies = trial.batch(trial.node(), &batch).await?;
        same("the entries of an empty batch", 0, replies.len())?;
    }
    Ok(())
}

/// A batch whose replies are lost has an entry for each command all the same, with effect unknown.
pub fn a_batch_that_loses_its_replies_has_an_entry_for_each_command(subject: &Subject) -> Clause<'_> {
    let name = "a_batch_that_loses_its_replies_has_an_entry_for_each_command";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let batch: Batch = (0..3).map(|_| cmd("INCR").arg(&key).to_owned()).collect();
        for sent in 1..=TRIES {
            trial.recover().await?;
            trial.disruption()?.lose_next_reply().await;
            let replies = trial.batch(trial.node(), &batch).await?;
            same("the entries of a batch of 3", 3, replies.len())?;
            for lost in replies.iter().filter(|reply| reply.is_err()) {
                let is_unknown = lost.as_ref().is_err_and(|error| error.effect() == Effect::Unknown);
                holds(is_unknown, "an entry whose reply was lost to have effect Unknown", || tell(lost))?;
            }
            if replies.iter().any(Result::is_err) {
                return Ok(());
            }
            // It arrived: the disruption hit something else, or it was sent again, which is another clause's.
            trial.let_others_pass(sent).await;
        }
        Ok(())
    });
    clause.needing(&[Ability::Disruption])
}

//! What a backend lacks: it says so itself.

use redis::cmd;

use super::clause::{Clause, Found};
use super::subject::{Ability, Subject};
use super::trial::{Trial, holds, same, tell};
use crate::{Batch, Delivery, Effect, Error, Result, Topic};

const PART: &str = "What is lacking";

/// What its author says that the backend lacks, it does lack, and it refuses it as the contract has it.
pub fn what_is_lacking_is_told_by_the_backend_too(subject: &Subject) -> Clause<'_> {
    let name = "what_is_lacking_is_told_by_the_backend_too";
    Clause::new(PART, name, subject, |trial| async move {
        for ability in trial.subject.lacks() {
            match ability {
                Ability::AtMostOnce => {
                    same("delivery()", Delivery::AtLeastOnce, trial.node().delivery())?;
                }
                Ability::Transactions => no_transactions(trial).await?,
                Ability::Sessions => {
                    let session = trial.within("an answer to session()", trial.node().session(None)).await?;
                    unsupported("session()", &session)?;
                }
                Ability::Messages => {
                    let topics = [Topic::channel(trial.name("a"))];
                    let messages = trial.node().subscribe(&topics);
                    let messages = trial.within("an answer to subscribe()", messages).await?;
                    unsupported("subscribe()", &messages)?;
                }
                Ability::Invalidations => no_invalidations(trial).await?,
                Ability::RunId => {
                    let told = trial.within("an answer to identify()", trial.node().identify()).await?;
                    let has_none = told.as_ref().is_ok_and(|told| told.run_id().is_none());
                    holds(has_none, "identify() to tell no run id", || tell(&told))?;
                }
                Ability::Disruption => {}
            }
        }
        Ok(())
    })
}

async fn no_transactions(trial: Trial<'_>) -> Found {
    let key = trial.key().await?;
    let batch = Batch::from_iter([cmd("INCR").arg(&key).to_owned()]).atomic();
    let answer = trial.within("an answer to an atomic batch", trial.node().call_batch(&batch)).await?;
    let is_none = |error: &Error| error.effect() == Effect::None;
    let is_refused = match &answer {
        Err(error) => is_none(error),
        Ok(entries) => entries.iter().all(|entry| entry.as_ref().is_err_and(is_none)),
    };
    holds(is_refused, "an atomic batch to be refused with effect None", || tell(&answer))?;
    let made: i64 = trial.ask(trial.node(), cmd("EXISTS").arg(&key)).await?;
    same("the keys that a refused batch made", 0, made)
}

async fn no_invalidations(trial: Trial<'_>) -> Found {
    if trial.subject.lack(Ability::Sessions).is_some() {
        return Ok(());
    }
    let session = trial.session(&trial.key().await?).await?;
    let messages = session.subscribe(&[Topic::Invalidations]);
    let messages = trial.within("an answer to subscribe() on a session", messages).await?;
    unsupported("Topic::Invalidations on a session", &messages)
}

fn unsupported<T: std::fmt::Debug>(what: &str, answer: &Result<T>) -> Found {
    let is_unsupported = matches!(answer, Err(Error::Unsupported { .. }));
    holds(is_unsupported, format!("{what} to be Error::Unsupported"), || tell(answer))
}

//! Clause 6: a refusal has no effect.

use redis::{Cmd, cmd};

use super::clause::{Clause, Found};
use super::subject::{Ability, Subject};
use super::trial::{TRIES, Trial, command, holds, same, tell, words};
use crate::{Effect, Error, Result};

const PART: &str = "6. A refusal has no effect";

/// What the server answers with an error is told as refused, by its code, with effect none; and it did nothing.
pub fn a_refusal_is_told_as_one_and_has_no_effect(subject: &Subject) -> Clause<'_> {
    let name = "a_refusal_is_told_as_one_and_has_no_effect";
    Clause::new(PART, name, subject, |trial| async move {
        let [a, b] = trial.keys().await?;
        trial.ask::<()>(trial.node(), cmd("SET").arg(&a).arg("text")).await?;
        refused(trial, "WRONGTYPE", cmd("LPUSH").arg(&a).arg("x")).await?;
        refused(trial, "ERR", cmd("INCR").arg(&a)).await?;
        refused(trial, "ERR", cmd("SET").arg(&b)).await?;
        refused(trial, "ERR", cmd("SET").arg(&b).arg(1).arg("NOSUCHOPTION")).await?;
        refused(trial, "ERR", &command("NOSUCHCOMMAND with words")).await?;
        let kept: Option<String> = trial.ask(trial.node(), cmd("GET").arg(&a)).await?;
        same("the key after LPUSH and INCR that were refused", Some("text".into()), kept)?;
        let made: i64 = trial.ask(trial.node(), cmd("EXISTS").arg(&b)).await?;
        same("the keys that a refused SET made", 0, made)
    })
}

async fn refused(trial: Trial<'_>, code: &str, command: &Cmd) -> Found {
    let answer = trial.call(trial.node(), command).await?;
    let is_refused = matches!(&answer, Err(error @ Error::Refused { .. })
        if error.code() == Some(code) && error.effect() == Effect::None);
    let expected = format!("{} to be Error::Refused with the code {code} and effect None", words(command));
    holds(is_refused, expected, || tell(&answer))
}

/// A reply that is lost is an error with effect unknown: the command may have been carried out.
pub fn a_lost_reply_has_effect_unknown(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_lost_reply_has_effect_unknown", subject, |trial| async move {
        let key = trial.key().await?;
        for _ in 0..TRIES {
            trial.recover().await?;
            trial.disruption()?.lose_next_reply().await;
            let answer = trial.call(trial.node(), cmd("INCR").arg(&key)).await?;
            if answer.is_err() {
                return has_effect(Effect::Unknown, "a command whose reply was lost", &answer);
            }
            // It arrived: the disruption hit something else, or it was sent again, which is another clause's.
        }
        Ok(())
    });
    clause.needing(&[Ability::Disruption])
}

/// What cannot be sent because the server refuses connections is an error with effect none, once that is known.
pub fn what_cannot_be_sent_has_no_effect(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "what_cannot_be_sent_has_no_effect", subject, |trial| async move {
        let key = trial.key().await?;
        trial.recover().await?;
        trial.disruption()?.cut().await;
        let mut unsure = 0;
        let mut last = trial.call(trial.node(), cmd("INCR").arg(&key)).await?;
        while unsure < TRIES && last.as_ref().err().map(Error::effect) != Some(Effect::None) {
            // The connection's end may not have been noticed yet.
            unsure += 1;
            last = trial.call(trial.node(), cmd("INCR").arg(&key)).await?;
        }
        has_effect(Effect::None, "a command without a connection", &last)?;
        trial.recover().await?;
        let count: Option<usize> = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        let expected = format!("at most {unsure} INCR carried out, the others having had no effect");
        holds(count.unwrap_or_default() <= unsure, expected, || format!("{count:?}"))
    });
    clause.needing(&[Ability::Disruption])
}

/// A session that cannot be made is an error with effect none.
pub fn a_session_that_cannot_be_made_has_no_effect(subject: &Subject) -> Clause<'_> {
    let name = "a_session_that_cannot_be_made_has_no_effect";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        trial.recover().await?;
        trial.disruption()?.cut().await;
        let session =
            trial.within("an answer to session()", trial.node().session(Some(key.as_bytes()))).await?;
        has_effect(Effect::None, "a session without a connection", &session)
    });
    clause.needing(&[Ability::Sessions, Ability::Disruption])
}

fn has_effect<T: std::fmt::Debug>(effect: Effect, what: &str, answer: &Result<T>) -> Found {
    let is_so = answer.as_ref().is_err_and(|error| error.effect() == effect);
    holds(is_so, format!("{what} to be an error with effect {effect:?}"), || tell(answer))
}

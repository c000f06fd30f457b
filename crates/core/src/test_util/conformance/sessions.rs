//! Clause 7: state stays private, on sessions.

use redis::{Value, cmd};

use super::clause::Clause;
use super::privacy::PART;
use super::subject::{Ability, Subject};
use super::trial::{holds, same, tell};
use crate::{Batch, Effect, Error, Message, Topic};

/// What one session has begun, neither another session nor the shared connection notices.
pub fn a_session_keeps_its_state_to_itself(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_session_keeps_its_state_to_itself", subject, |trial| async move {
        let key = trial.key().await?;
        let (one, two) = (trial.session(&key).await?, trial.session(&key).await?);
        let set = |text: &str| cmd("SET").arg(&key).arg(text).to_owned();
        let get = cmd("GET").arg(&key).to_owned();
        trial.ask::<()>(&*one, &cmd("MULTI")).await?;
        let queued: String = trial.ask(&*one, &set("one")).await?;
        same("SET within a transaction", "QUEUED".to_owned(), queued)?;
        let set_by_two: String = trial.ask(&*two, &set("two")).await?;
        same("SET on another session meanwhile", "OK".to_owned(), set_by_two)?;
        let kept: String = trial.ask(trial.node(), &get).await?;
        same("GET on the shared connection meanwhile", "two".to_owned(), kept)?;
        trial.ask::<Vec<Value>>(&*one, &cmd("EXEC")).await?;
        let kept: String = trial.ask(trial.node(), &get).await?;
        same("GET after EXEC", "one".to_owned(), kept)
    });
    clause.needing(&[Ability::Sessions])
}

/// A transaction whose watched key somebody else changed does nothing, and each of its entries says so.
pub fn a_watched_key_that_changed_is_a_conflict(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_watched_key_that_changed_is_a_conflict", subject, |trial| async move {
        let key = trial.key().await?;
        let session = trial.session(&key).await?;
        let get = cmd("GET").arg(&key).to_owned();
        let mut batch = Batch::new().atomic();
        batch.push(cmd("SET").arg(&key).arg("mine").take());
        batch.push(cmd("APPEND").arg(&key).arg(" alone").take());

        trial.ask::<()>(&*session, cmd("WATCH").arg(&key)).await?;
        trial.ask::<()>(trial.node(), cmd("SET").arg(&key).arg("theirs")).await?;
        let replies = trial.batch(&*session, &batch).await?;
        let are_conflicts = matches!(replies[..], [Err(Error::Conflict), Err(Error::Conflict)]);
        holds(are_conflicts, "Error::Conflict for both commands", || format!("{replies:?}"))?;
        let kept: String = trial.ask(trial.node(), &get).await?;
        same("the key after the conflict", "theirs".to_owned(), kept)?;

        trial.ask::<()>(&*session, cmd("WATCH").arg(&key)).await?;
        let replies = trial.batch(&*session, &batch).await?;
        let are_done = replies.iter().all(Result::is_ok);
        holds(are_done, "a transaction whose watched key did not change to be done", || {
            format!("{replies:?}")
        })?;
        let kept: String = trial.ask(trial.node(), &get).await?;
        same("the key after the transaction", "mine alone".to_owned(), kept)
    });
    clause.needing(&[Ability::Sessions, Ability::Transactions])
}

/// What blocks a session waits for as long as it takes, and nobody else waits for it.
pub fn a_blocking_command_waits_on_its_session_alone(subject: &Subject) -> Clause<'_> {
    let name = "a_blocking_command_waits_on_its_session_alone";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        let session = trial.session(&key).await?;
        let pop = cmd("BLPOP").arg(&key).arg(0).to_owned();
        let mut waiting = session.call(&pop);
        let others = async { trial.ask::<String>(trial.node(), &cmd("PING")).await.map(drop) };
        trial.waits("BLPOP on an empty list", &mut waiting, others).await?;
        trial.ask::<i64>(trial.node(), cmd("RPUSH").arg(&key).arg("x")).await?;
        let answer = trial.within("the answer to BLPOP after a push", waiting).await?;
        let seen = tell(&answer);
        let popped = answer.ok().and_then(|reply| redis::from_redis_value::<[String; 2]>(reply).ok());
        holds(
            popped.is_some_and(|popped| popped == [key, "x".into()]),
            "BLPOP to give what was pushed",
            || seen,
        )
    });
    clause.needing(&[Ability::Sessions])
}

/// Tracking on a session tells that session which keys others have changed.
pub fn tracking_tells_its_session_what_changed(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "tracking_tells_its_session_what_changed", subject, |trial| async move {
        let key = trial.key().await?;
        let session = trial.session(&key).await?;
        trial.ask::<()>(&*session, cmd("CLIENT").arg("TRACKING").arg("ON")).await?;
        let mut invalidated = trial.subscribe(&*session, &[Topic::Invalidations]).await?;
        trial.ask::<Option<String>>(&*session, cmd("GET").arg(&key)).await?;
        trial.ask::<()>(trial.node(), cmd("SET").arg(&key).arg(1)).await?;
        let told = trial.next(&mut invalidated).await?;
        let is_told = told == Message::invalidated(Some(vec![key.into_bytes()]));
        holds(is_told, "an invalidation of the one key that was read and changed", || format!("{told:?}"))
    });
    clause.needing(&[Ability::Sessions, Ability::Invalidations])
}

/// A session does not come back by itself: when its connection is lost, every further call says so, and those that
/// were never sent with effect none.
pub fn a_lost_session_stays_lost(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_lost_session_stays_lost", subject, |trial| async move {
        let key = trial.key().await?;
        let session = trial.session(&key).await?;
        let ping = cmd("PING");
        trial.ask::<String>(&*session, &ping).await?;
        trial.disruption()?.cut().await;
        trial.recover().await?;
        let first = trial.call(&*session, &ping).await?;
        holds(first.is_err(), "an error on a session that was lost", || tell(&first))?;
        let second = trial.call(&*session, &ping).await?;
        let is_lost = second.as_ref().is_err_and(|error| error.effect() == Effect::None);
        holds(is_lost, "an error with effect None on a session that is known to be lost", || tell(&second))?;
        same("the incarnation of a session that is lost", None, session.incarnation())
    });
    clause.needing(&[Ability::Sessions, Ability::Disruption])
}

//! What `identify` and `incarnation` tell, and what `disconnect` does.

use std::time::Duration;

use redis::cmd;
use tokio::time::timeout;

use super::clause::{Clause, Finding, Found};
use super::subject::{Ability, Subject};
use super::trial::{Trial, holds, same, tell};
use crate::{Effect, Incarnation};

const PART: &str = "identify(), incarnation() and disconnect()";
/// How long a call is in flight before the connection is dropped.
const IN_FLIGHT: Duration = Duration::from_millis(50);

/// Who answers is told, the same again while the connection is up, and without a round trip from then on.
pub fn identify_tells_who_answers(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "identify_tells_who_answers", subject, |trial| async move {
        let told = identify(trial).await?;
        same("incarnation() after identify()", Some(&told), trial.node().incarnation().as_ref())?;
        same("identify() once more", told, identify(trial).await?)
    })
}

/// The server's run id is told.
pub fn identify_tells_the_run_id(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "identify_tells_the_run_id", subject, |trial| async move {
        let told = identify(trial).await?;
        let has_id = told.run_id().is_some_and(|id| !id.is_empty());
        holds(has_id, "identify() to tell the server's run id", || told.to_string())
    });
    clause.needing(&[Ability::RunId])
}

/// While no connection can be made, nobody answers; when one can again, it is the same server through another
/// connection.
pub fn another_connection_is_told_from_the_one_before(subject: &Subject) -> Clause<'_> {
    let name = "another_connection_is_told_from_the_one_before";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        trial.recover().await?;
        let before = identify(trial).await?;
        trial.disruption()?.cut().await;
        // The first may find out that the connection is gone, and the second that none can be made.
        for _ in 0..2 {
            let answer = trial.call(trial.node(), &cmd("PING")).await?;
            holds(answer.is_err(), "an error from a server that refuses connections", || tell(&answer))?;
        }
        same("incarnation() without a connection", None, trial.node().incarnation())?;
        trial.recover().await?;
        let after = identify(trial).await?;
        let is_same = before.is_same_server(&after);
        holds(is_same, format!("the same server as before, {before}"), || after.to_string())?;
        let is_another = before.link() != after.link();
        holds(is_another, format!("another connection than before, {before}"), || after.to_string())
    });
    clause.needing(&[Ability::RunId, Ability::Disruption])
}

/// A backend that was told to drop its connection answers the next call.
pub fn a_backend_that_was_disconnected_comes_back(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "a_backend_that_was_disconnected_comes_back", subject, |trial| async move {
        for _ in 0..3 {
            trial.ask::<String>(trial.node(), &cmd("PING")).await?;
            trial.node().disconnect();
        }
        trial.ask::<String>(trial.node(), &cmd("PING")).await.map(drop)
    })
}

/// What is in flight when the connection is dropped ends, with effect unknown.
pub fn disconnecting_ends_what_is_in_flight(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "disconnecting_ends_what_is_in_flight", subject, |trial| async move {
        let key = trial.key().await?;
        trial.recover().await?;
        trial.disruption()?.hang().await;
        let incr = cmd("INCR").arg(&key).to_owned();
        let mut call = trial.node().call(&incr);
        let early = timeout(IN_FLIGHT, &mut call).await;
        holds(early.is_err(), "a call to a hung server to wait", || format!("{early:?}"))?;
        trial.node().disconnect();
        let answer = trial.within("the end of a call whose connection was dropped", call).await?;
        let is_unknown = answer.as_ref().is_err_and(|error| error.effect() == Effect::Unknown);
        holds(is_unknown, "an error with effect Unknown", || tell(&answer))
    });
    clause.needing(&[Ability::Disruption])
}

async fn identify(trial: Trial<'_>) -> Found<Incarnation> {
    let told = trial.within("an answer to identify()", trial.node().identify()).await?;
    let seen = tell(&told);
    told.map_err(|_| Finding { expected: "identify() to tell who answers".into(), seen })
}

//! Clause 9: a fence holds.

use std::pin::pin;
use std::time::Duration;

use redis::cmd;
use tokio::time::{Instant, sleep, timeout};

use super::clause::{Clause, Finding, Found};
use super::subject::{Ability, Subject};
use super::trial::{PAUSE, Trial, holds, same, tell};
use crate::Batch;

const PART: &str = "9. A fence holds";
/// How long a call is in flight before the connection is dropped.
const IN_FLIGHT: Duration = Duration::from_millis(50);

/// Where nothing was lost, a fence is there at once; and it takes nothing from what is written before and after.
pub fn a_fence_takes_nothing_from_a_connection_that_is_up(subject: &Subject) -> Clause<'_> {
    let name = "a_fence_takes_nothing_from_a_connection_that_is_up";
    Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        trial.ask::<()>(trial.node(), cmd("SET").arg(&key).arg("before")).await?;
        fenced(trial).await?;
        let value: String = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        same("what was written before a fence", "before", &value)?;
        trial.ask::<()>(trial.node(), cmd("SET").arg(&key).arg("after")).await?;
        let value: String = trial.ask(trial.node(), cmd("GET").arg(&key)).await?;
        same("what was written after a fence", "after", &value)
    })
}

/// A call that was cut off, and a batch that its caller had given up before, are on their way while the connection is
/// dropped. After a fence they never arrive, not even when all that was held up comes through.
pub fn what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence(subject: &Subject) -> Clause<'_> {
    let name = "what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let keys = trial.keys().await?;
        let [a, b] = &keys;
        trial.recover().await?;
        trial.disruption()?.strand().await;
        {
            let late = cmd("SET").arg(a).arg("late").to_owned();
            let given_up: Batch = [cmd("SET").arg(b).arg("late").to_owned()].into_iter().collect();
            let mut call = trial.node().call(&late);
            {
                let mut batch = pin!(trial.node().call_batch(&given_up));
                let early = timeout(IN_FLIGHT, futures::future::select(&mut call, &mut batch)).await;
                holds(early.is_err(), "what is held up on its way to wait", || "an answer".into())?;
            }
            trial.node().disconnect();
            // How it ends is another clause's, and so is how the next one does.
            drop(timeout(IN_FLIGHT, call).await);
        }
        drop(timeout(IN_FLIGHT, trial.node().call(&cmd("PING"))).await);
        fenced(trial).await?;
        for key in &keys {
            trial.ask::<()>(trial.node(), cmd("SET").arg(key).arg("fenced")).await?;
        }
        trial.disruption()?.heal().await;
        sleep(trial.subject.how_long_nothing()).await;
        for key in &keys {
            let value: String = trial.ask(trial.node(), cmd("GET").arg(key)).await?;
            same("what was written after a fence", "fenced", &value)?;
        }
        Ok(())
    });
    clause.needing(&[Ability::Disruption])
}

/// A fence may be uncertain for a while, and is there in the end.
async fn fenced(trial: Trial<'_>) -> Found {
    let started = Instant::now();
    loop {
        let answer = trial.within("an answer to fence()", trial.node().fence()).await?;
        let seen = tell(&answer);
        match answer {
            Ok(()) => return Ok(()),
            Err(_) if started.elapsed() > trial.subject.how_long_at_most() => {
                return Err(Finding { expected: "a fence, where the server answers".into(), seen });
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

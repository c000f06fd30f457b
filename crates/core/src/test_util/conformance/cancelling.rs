//! Clause 5: cancel safe.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::select;
use redis::cmd;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::clause::{Clause, Found};
use super::subject::{Ability, Subject};
use super::trial::{Trial, holds, same};
use crate::Batch;

const PART: &str = "5. Cancel safe";
/// How many calls are dropped, each a little later than the one before.
const DROPPED: i64 = 40;
/// How far into a call it is dropped at most, in turns of the runtime.
const TURNS: i64 = 8;
const COMMANDS: i64 = 3;
const CALLS: i64 = 10;
/// How long a call is in flight before it is dropped.
const IN_FLIGHT: Duration = Duration::from_millis(50);

/// Calls and batches that are dropped at one moment or another leave the backend usable: the next call gets its own
/// reply, and what was dropped is carried out once or not at all.
pub fn a_dropped_call_is_nobody_else_s_business(subject: &Subject) -> Clause<'_> {
    let name = "a_dropped_call_is_nobody_else_s_business";
    Clause::new(PART, name, subject, |trial| async move {
        let [a, b] = trial.keys().await?;
        let incr = cmd("INCR").arg(&a).to_owned();
        let batch: Batch = (0..COMMANDS).map(|_| cmd("INCR").arg(&b).to_owned()).collect();
        for index in 0..DROPPED {
            {
                let mut call = pin!(trial.node().call(&incr).fuse());
                let mut batch = pin!(trial.node().call_batch(&batch).fuse());
                for _ in 0..=index % TURNS {
                    call.as_mut().now_or_never();
                    batch.as_mut().now_or_never();
                    yield_now().await;
                }
            }
            let echo = trial.ask(trial.node(), cmd("ECHO").arg(index)).await?;
            same("the reply to ECHO after a call that was dropped", index, echo)?;
        }
        counts(trial, &a, DROPPED).await?;
        counts(trial, &b, DROPPED * COMMANDS).await
    })
}

/// A call and a batch that are dropped while the server hangs leave the backend usable too.
pub fn a_call_dropped_in_flight_is_nobody_else_s_business(subject: &Subject) -> Clause<'_> {
    let name = "a_call_dropped_in_flight_is_nobody_else_s_business";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let [a, b] = trial.keys().await?;
        trial.recover().await?;
        trial.disruption()?.hang().await;
        let incr = cmd("INCR").arg(&a).to_owned();
        let batch: Batch = (0..COMMANDS).map(|_| cmd("INCR").arg(&b).to_owned()).collect();
        let both = select(trial.node().call(&incr), trial.node().call_batch(&batch));
        // Were it answered, that would be another clause's.
        drop(timeout(IN_FLIGHT, both).await);
        trial.recover().await?;
        counts(trial, &a, 1).await?;
        counts(trial, &b, COMMANDS).await
    });
    clause.needing(&[Ability::Disruption])
}

/// Counts on from what was dropped. Whoever got another's reply, or was carried out twice, is off.
async fn counts(trial: Trial<'_>, key: &str, dropped: i64) -> Found {
    let mut last = 0;
    for calls in 1..=CALLS {
        let count: i64 = trial.ask(trial.node(), cmd("INCR").arg(key)).await?;
        let most = calls + dropped;
        let expected = format!("INCR to count on from {last}, to {most} at most");
        holds(last < count && count <= most, expected, || count.to_string())?;
        last = count;
    }
    Ok(())
}

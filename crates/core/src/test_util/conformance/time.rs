//! Clause 4: no time of its own.

use futures::future::select;
use redis::cmd;

use super::clause::Clause;
use super::subject::{Ability, Subject};
use super::trial::{holds, tell};
use crate::{Batch, Effect};

const PART: &str = "4. No time of its own";

/// While the server hangs, a call and a batch wait: the deadline is the caller's. When it answers again, so do they;
/// and if their connection was lost meanwhile, with effect unknown.
pub fn a_hung_server_is_waited_for(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_hung_server_is_waited_for", subject, |trial| async move {
        let [a, b] = trial.keys().await?;
        trial.recover().await?;
        trial.disruption()?.hang().await;
        let incr = cmd("INCR").arg(a).to_owned();
        let batch: Batch = (0..3).map(|_| cmd("INCR").arg(&b).to_owned()).collect();
        let mut call = trial.node().call(&incr);
        let mut batch = trial.node().call_batch(&batch);
        trial
            .waits("a call or a batch to a hung server", select(&mut call, &mut batch), async { Ok(()) })
            .await?;
        trial.disruption()?.heal().await;
        let answer = trial.within("the answer to the call that waited", call).await?;
        let answers = trial.within("the answer to the batch that waited", batch).await?;
        let mut unsure = answers.iter().flatten().chain([&answer]).filter_map(|answer| answer.as_ref().err());
        let is_sure = unsure.all(|error| error.effect() == Effect::Unknown) && answers.is_ok();
        let expected = "replies, or errors with effect Unknown";
        holds(is_sure, expected, || format!("{} and {}", tell(&answer), tell(&answers)))
    });
    clause.needing(&[Ability::Disruption])
}

//! Clause 8: no ghosts.

use std::time::Duration;

use redis::{Value, cmd};
use tokio::time::sleep;

use super::clause::Clause;
use super::subject::Subject;
use super::trial::same;
use crate::Batch;

const PART: &str = "8. No ghosts";
const LIFE: Duration = Duration::from_millis(50);
/// What the clocks of the server and of its caller may differ by, over so short a time.
const MARGIN: Duration = Duration::from_millis(30);

/// A key whose life is over is not returned, however it is asked for, alone or in a batch; one whose life is not over
/// is.
pub fn an_expired_key_is_never_returned(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "an_expired_key_is_never_returned", subject, |trial| async move {
        let [short, long] = trial.keys().await?;
        let node = trial.node();
        trial.ask::<()>(node, cmd("SET").arg(&long).arg("long").arg("PX").arg(3_600_000)).await?;
        trial
            .ask::<()>(node, cmd("SET").arg(&short).arg("short").arg("PX").arg(LIFE.as_millis().to_string()))
            .await?;
        sleep(LIFE + MARGIN).await;
        let questions = [
            cmd("GET").arg(&short).to_owned(),
            cmd("MGET").arg(&short).arg(&long).to_owned(),
            cmd("EXISTS").arg(&short).arg(&long).to_owned(),
            cmd("STRLEN").arg(&short).to_owned(),
            cmd("PTTL").arg(&short).to_owned(),
        ];
        let text = |text: &str| Value::BulkString(text.into());
        let answers = [
            Value::Nil,
            Value::Array(vec![Value::Nil, text("long")]),
            Value::Int(1),
            Value::Int(0),
            Value::Int(-2),
        ];
        let batch: Batch = questions.iter().cloned().collect();
        let mut replies = trial.batch(node, &batch).await?.into_iter();
        for (question, expected) in questions.iter().zip(answers) {
            let alone: Value = trial.ask(node, question).await?;
            same("a reply about a key that has expired", &expected, &alone)?;
            let batched = replies.next().and_then(Result::ok);
            same("a reply about a key that has expired, in a batch,", Some(&expected), batched.as_ref())?;
        }
        let count: i64 = trial.ask(node, cmd("INCR").arg(&short)).await?;
        same("INCR on a key that has expired", 1, count)
    })
}

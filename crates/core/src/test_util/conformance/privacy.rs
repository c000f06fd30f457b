//! Clause 7: state stays private, on the connection that all share.

use redis::{Cmd, cmd};

use super::clause::{Clause, Found};
use super::subject::{Ability, Subject};
use super::trial::{Trial, command, holds, same, tell, words};
use crate::{Backend, Batch, Effect, Error, Topic};

pub(super) const PART: &str = "7. State stays private";

/// What would change the connection for other callers. `KEY` stands for a key.
const CHANGING: [&str; 16] = [
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH KEY",
    "UNWATCH",
    "SELECT 1",
    "AUTH nobody",
    "CLIENT SETNAME mine",
    "client setname mine",
    "CLIENT TRACKING ON",
    "CLIENT CACHING YES",
    "CLIENT NO-EVICT ON",
    "CLIENT NO-TOUCH ON",
    "READONLY",
    "READWRITE",
    "ASKING",
];

/// What would make other callers wait. The times are short, so that a backend that lets them pass is not stuck.
const BLOCKING: [&str; 13] = [
    "BLPOP KEY 0.01",
    "brpop KEY 0.01",
    "BLMOVE KEY KEY LEFT RIGHT 0.01",
    "BRPOPLPUSH KEY KEY 0.01",
    "BLMPOP 0.01 1 KEY LEFT",
    "BZPOPMIN KEY 0.01",
    "BZPOPMAX KEY 0.01",
    "BZMPOP 0.01 1 KEY MIN",
    "XREAD BLOCK 10 STREAMS KEY $",
    "XREAD COUNT 1 BLOCK 10 STREAMS KEY 0",
    "XREADGROUP GROUP streams me BLOCK 10 STREAMS KEY >",
    "WAIT 0 10",
    "WAITAOF 0 0 10",
];

/// What would end the order of one reply a command.
const ENDING: [&str; 14] = [
    "SUBSCRIBE KEY",
    "PSUBSCRIBE KEY",
    "SSUBSCRIBE KEY",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
    "MONITOR",
    "HELLO 3",
    "RESET",
    "QUIT",
    "PSYNC ? -1",
    "CLIENT REPLY OFF",
    "SCRIPT DEBUG YES",
    "REPLCONF ACK 1",
];

/// What would change the connection for other callers is unsupported, and they notice nothing.
pub fn what_changes_the_connection_is_refused(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "what_changes_the_connection_is_refused", subject, |trial| async move {
        unsupported(trial, trial.node(), &CHANGING).await
    })
}

/// What would make other callers wait is unsupported.
pub fn what_blocks_the_connection_is_refused(subject: &Subject) -> Clause<'_> {
    Clause::new(PART, "what_blocks_the_connection_is_refused", subject, |trial| async move {
        unsupported(trial, trial.node(), &BLOCKING).await
    })
}

/// What would end the order of one reply a command is unsupported, and so is a command that asks for no reply or
/// has no name.
pub fn what_ends_the_order_of_replies_is_refused(subject: &Subject) -> Clause<'_> {
    let name = "what_ends_the_order_of_replies_is_refused";
    Clause::new(PART, name, subject, |trial| async move {
        unsupported(trial, trial.node(), &ENDING).await?;
        let mut silent = cmd("PING");
        silent.set_no_response(true);
        refused(trial, trial.node(), &silent).await?;
        refused(trial, trial.node(), &Cmd::new()).await
    })
}

/// It is unsupported on a session as well.
pub fn what_ends_the_order_of_replies_is_refused_on_a_session_too(subject: &Subject) -> Clause<'_> {
    let name = "what_ends_the_order_of_replies_is_refused_on_a_session_too";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let session = trial.session(&trial.key().await?).await?;
        unsupported(trial, &*session, &ENDING).await
    });
    clause.needing(&[Ability::Sessions])
}

/// A batch with such a command in it is refused whole: nothing of it is sent.
pub fn a_batch_with_such_a_command_is_refused_whole(subject: &Subject) -> Clause<'_> {
    let name = "a_batch_with_such_a_command_is_refused_whole";
    Clause::new(PART, name, subject, |trial| async move {
        let key = trial.key().await?;
        for text in ["WATCH KEY", "BLPOP KEY 0.01", "MONITOR"] {
            let mut batch = Batch::new();
            batch.push(cmd("INCR").arg(&key).take());
            batch.push(command(&text.replace("KEY", &key)));
            batch.push(cmd("INCR").arg(&key).take());
            for batch in [batch.clone(), batch.atomic()] {
                let answer = trial.within("an answer to a batch", trial.node().call_batch(&batch)).await?;
                let is_refused = matches!(&answer, Err(Error::Unsupported { .. }));
                let expected = format!("a batch with {text} in it to be Error::Unsupported as a whole");
                holds(is_refused, expected, || tell(&answer))?;
            }
        }
        let made: i64 = trial.ask(trial.node(), cmd("EXISTS").arg(&key)).await?;
        same("the keys that a refused batch made", 0, made)
    })
}

/// Invalidations belong to one connection: to listen to them on the shared one is unsupported.
pub fn listening_to_invalidations_is_refused_where_all_share_a_connection(subject: &Subject) -> Clause<'_> {
    let name = "listening_to_invalidations_is_refused_where_all_share_a_connection";
    Clause::new(PART, name, subject, |trial| async move {
        let messages = trial.node().subscribe(&[Topic::Invalidations]);
        let answer = trial.within("an answer to subscribe()", messages).await?;
        let is_refused = matches!(&answer, Err(Error::Unsupported { .. }));
        holds(is_refused, "Topic::Invalidations to be Error::Unsupported", || tell(&answer))
    })
}

async fn unsupported(trial: Trial<'_>, node: &dyn Backend, texts: &[&str]) -> Found {
    let key = trial.key().await?;
    for text in texts {
        refused(trial, node, &command(&text.replace("KEY", &key))).await?;
    }
    trial.ask::<()>(node, cmd("SET").arg(&key).arg("kept")).await?;
    let kept: String = trial.ask(node, cmd("GET").arg(&key)).await?;
    same("a key that is set after all this", "kept".into(), kept)
}

async fn refused(trial: Trial<'_>, node: &dyn Backend, command: &Cmd) -> Found {
    let answer = trial.call(node, command).await?;
    let is_refused =
        matches!(&answer, Err(error @ Error::Unsupported { .. }) if error.effect() == Effect::None);
    holds(is_refused, format!("{:?} to be Error::Unsupported", words(command)), || tell(&answer))
}

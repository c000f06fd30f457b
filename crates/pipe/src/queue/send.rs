//! Sending what one connection's queue holds: in order, once, and within a deadline.

use std::ops::Range;
use std::sync::Arc;

use redfleet_core::{Backend, BackendExt, Batch, Effect, Error as Said, mutant};
use redis::Value;
use tokio::time::{Instant, timeout_at};

use super::{Queue, repeat};
use crate::error::Error;
use crate::flush::Answers;
use crate::pipes::{Connection, Limits};

/// How one command was answered.
type Entry = redfleet_core::Result<Value>;

impl Queue {
    /// Sends everything: one round trip a batch, each after the one before.
    ///
    /// After a batch that the connection lost, those behind it are not sent: they may depend on it.
    pub(crate) async fn send(&mut self, connection: &Connection, limits: &Limits) -> Answers {
        let (len, mut at) = (self.len(), 0);
        let mut replies: Vec<Entry> = Vec::new();
        let mut failures = Vec::new();
        let mut lost: Option<Said> = None;
        for turn in 0.. {
            let Some(batch) = self.batch(turn) else { break };
            let positions = at..at + batch.len();
            at = positions.end;
            let entries = match &lost {
                Some(cause) => vec![Err(cause.clone()); batch.len()],
                None => {
                    let start = positions.start;
                    let is_repeatable =
                        (!self.repeatable.is_empty()).then_some(|at| self.may_repeat(start + at));
                    send_repeatedly(&batch, is_repeatable, connection, limits).await
                }
            };
            // Looked for in one go, because mostly there is none.
            if entries.iter().any(Result::is_err) {
                failures.extend(failed(&batch, positions, &entries, lost.is_none().then_some(connection)));
                let is_first = |error: &&Said| breaks(error) && !mutant::is_on("batches_follow_a_lost_one");
                lost =
                    lost.or_else(|| entries.iter().filter_map(|e| e.as_ref().err()).find(is_first).cloned());
            }
            if replies.is_empty() && at == len {
                replies = entries;
            } else {
                replies.extend(entries);
            }
        }
        Answers::new(replies, failures).with_holes(&self.holes)
    }

    /// Takes out the batch whose turn it is. What was sent is not kept.
    fn batch(&mut self, turn: usize) -> Option<Batch> {
        let draft = match self.earlier.get_mut(turn) {
            Some(draft) => draft,
            None if self.last.len() == 0 => return None,
            None => &mut self.last,
        };
        Some(std::mem::take(draft).into_batch())
    }
}

/// What is to be said of the commands that have no reply. They were sent on the connection, if there is one here.
fn failed(
    batch: &Batch,
    positions: Range<usize>,
    entries: &[Entry],
    sent: Option<&Connection>,
) -> Vec<(u32, Error)> {
    let failures = positions.zip(batch.commands()).zip(entries).filter_map(|((position, command), entry)| {
        let cause = entry.as_ref().err()?.clone();
        let error = match sent {
            Some(connection) => {
                let command = redfleet_core::command_name(command).into();
                Error::Command { connection: connection.name(), command, cause }
            }
            None => Error::NotSent { cause },
        };
        Some((u32::try_from(position).unwrap_or(u32::MAX), error))
    });
    failures.collect()
}

/// Whether the error is the connection's and not a command's own.
const fn breaks(error: &Said) -> bool {
    !matches!(error, Said::Refused { .. } | Said::Conflict | Said::Conversion { .. })
}

/// Whether nobody knows if the command was carried out.
fn is_lost(error: &Said) -> bool {
    breaks(error) && error.effect() == Effect::Unknown
}

/// One batch, and then again those of its commands whose effect is unknown and that may be sent again, all of it within one
/// deadline.
async fn send_repeatedly(
    batch: &Batch,
    is_repeatable: Option<impl Fn(usize) -> bool>,
    connection: &Connection,
    limits: &Limits,
) -> Vec<Entry> {
    let until = limits.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
    let mut entries = send_once(batch, connection, limits, until).await;
    let repeats_all = mutant::is_on("what_is_unknown_is_repeated");
    if is_repeatable.is_none() && !repeats_all {
        return entries;
    }
    for _ in 0..limits.repeats {
        if until.is_some_and(|until| until <= Instant::now()) {
            break;
        }
        let is_lost = |at: usize| matches!(entries.get(at), Some(Err(error)) if is_lost(error));
        let may = |at| repeats_all || is_repeatable.as_ref().is_some_and(|is_repeatable| is_repeatable(at));
        let due = repeat::due(batch, is_lost, may);
        // Copied only where there is something to repeat.
        let (part, offsets) = batch.choose(|at| due.get(at).copied().unwrap_or(false));
        if part.is_empty() {
            break;
        }
        let answer = Box::pin(send_once(&part, connection, limits, until)).await;
        update(&mut entries, offsets, answer);
    }
    entries
}

/// Takes in what came of sending these commands again. One that had its answer keeps it.
fn update(entries: &mut [Entry], offsets: Vec<usize>, answer: Vec<Entry>) {
    for (offset, entry) in offsets.into_iter().zip(answer) {
        // That the repetition did nothing says nothing of the time before.
        let is_certain = entry.as_ref().map_or_else(is_lost, |_| true) || mutant::is_on("repetitions_deny");
        let slot = entries.get_mut(offset).filter(|slot| matches!(slot, Err(error) if is_lost(error)));
        if let Some(slot) = slot.filter(|_| is_certain) {
            *slot = entry;
        }
    }
}

/// One entry a command, whatever happens.
///
/// A future is moved as a whole where it is awaited, so the one that is rare is kept elsewhere.
async fn send_once(
    batch: &Batch,
    connection: &Connection,
    limits: &Limits,
    until: Option<Instant>,
) -> Vec<Entry> {
    let backend: &Arc<dyn Backend> = connection.backend();
    let Some((deadline, until)) = limits.deadline.zip(until) else {
        let answer = Box::pin(backend.send_batch(batch)).await;
        return answer.unwrap_or_else(|error| vec![Err(error); batch.len()]);
    };
    let mut entries = Vec::new();
    let answer = timeout_at(until, backend.send_batch_into(batch, &mut entries)).await;
    match answer {
        Ok(Ok(())) => entries,
        Ok(Err(error)) => vec![Err(error); batch.len()],
        Err(_) => {
            backend.overdue(deadline);
            let missing = || Err(Said::deadline(deadline));
            // In the second trip, of scripts that the server forgot, everything else has its reply.
            let is_missing = |entry: &&mut Entry| matches!(entry, Err(Said::Unanswered));
            entries.iter_mut().filter(is_missing).for_each(|entry| *entry = missing());
            entries.resize_with(batch.len(), missing);
            entries
        }
    }
}

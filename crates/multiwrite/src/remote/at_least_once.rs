//! A round with at-least-once effect: a plain pipeline, at the end of which each lane's watermark is moved.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use redfleet_core::{Backend, Batch, Effect, Error, Result};
use redis::{Cmd, Value, cmd};

use super::look::{self, Seen};
use super::pack::life_word;
use super::ship::Verdict;
use super::watermark::{TTL_MS, Watermarks};
use super::{refusal, vouched};
use crate::effect::{Key, Kind};
use crate::entry::Entry;

/// One verdict an entry.
pub(super) async fn send(
    round: &[Arc<Entry>],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Vec<Verdict> {
    match look::before(round, remote, marks, source).await {
        Ok(Seen::Same) => {}
        Ok(Seen::LostData) => return vec![Verdict::LostData; round.len()],
        Err(error) => return vec![refusal::of_unsent(error); round.len()],
    }
    let is_sharded = remote.is_sharded();
    let lasts: BTreeMap<u16, u64> = round.iter().map(|entry| (entry.lane, entry.seq)).collect();
    let mut batch = Batch::with_capacity(2 * round.len() + lasts.len());
    let places: Vec<_> = round.iter().map(|entry| push(&mut batch, entry)).collect();
    for (lane, seq) in &lasts {
        let key = &marks.of(*lane, is_sharded, source).key;
        batch.push(cmd("SET").arg(key).arg(seq).arg("PX").arg(TTL_MS).take());
    }
    let mut replies = match remote.call_batch(&batch).await {
        Ok(replies) => replies,
        Err(error) => return vec![refusal::of_unsent(error); round.len()],
    };
    replies.resize_with(batch.len(), || Err(Error::Unanswered));
    let moves = replies.split_off(batch.len() - lasts.len());
    let mut verdicts: Vec<_> = round
        .iter()
        .zip(places)
        .map(|(entry, place)| verdict(entry, replies.get(place).unwrap_or_default()))
        .collect();
    let mut is_over = BTreeMap::new();
    for ((lane, seq), moved) in lasts.into_iter().zip(moves) {
        if moved.is_ok() {
            marks.of(lane, is_sharded, source).acked = seq;
        }
        is_over.insert(lane, moved.is_ok());
    }
    keep_order(round, &mut verdicts, &mut is_over);
    verdicts
}

/// What is to be thought of the entries of a round that was given up, or that a journal gives back after a crash: nobody knows
/// what of it arrived.
pub(crate) fn cut(round: &[Arc<Entry>], error: &Error) -> Vec<(u64, Verdict)> {
    round.iter().map(|entry| (entry.seq, unknown(entry, error.clone()))).collect()
}

/// The keys of which it is asked beforehand whether they are there and have no end: a script that somebody vouched for may read
/// what ended here earlier or later than on local, and hide it by what it writes.
fn doubted(entry: &Entry) -> &[Key] {
    if vouched::is_in(entry) { &entry.effect.keys } else { &[] }
}

/// Adds an entry's commands: its steps, in one transaction if they are several, and the questions after its lives.
fn push(batch: &mut Batch, entry: &Entry) -> Range<usize> {
    let start = batch.len();
    batch.extend(doubted(entry).iter().map(question));
    batch.extend(entry.effect.steps.iter().cloned());
    let is_block = batch.len() > start + 1;
    batch.extend(entry.effect.lives.iter().map(|(key, _)| question(key)));
    if is_block {
        batch.make_atomic(start..batch.len());
    }
    start..batch.len()
}

fn question(key: &Key) -> Cmd {
    cmd("PEXPIRETIME").arg(&key[..]).take()
}

/// What the replies to an entry's commands say of it.
fn verdict(entry: &Entry, replies: &[Result<Value>]) -> Verdict {
    let doubted = doubted(entry);
    let (before, replies) = replies.split_at_checked(doubted.len()).unwrap_or((replies, &[]));
    let (steps, lives) = replies.split_at_checked(entry.effect.steps.len()).unwrap_or((replies, &[]));
    let mut worst: Option<&Error> = None;
    for error in steps.iter().filter_map(|reply| reply.as_ref().err()) {
        // That nobody knows weighs more than a refusal, and of several refusals the first says why.
        if worst.is_none_or(|worst| worst.effect() == Effect::None && error.effect() == Effect::Unknown) {
            worst = Some(error);
        }
    }
    match worst {
        Some(error) if error.effect() == Effect::Unknown => return unknown(entry, error.clone()),
        Some(error) => return refusal::of_command(error.clone()),
        None => {}
    }
    let differs = |((key, life), reply): (&(Key, _), &Result<Value>)| {
        let is_same = matches!(reply, Ok(Value::Int(ends)) if *ends == life_word(*life));
        (!is_same).then(|| Arc::clone(key))
    };
    if before.iter().any(|reply| !matches!(reply, Ok(Value::Int(-1)))) {
        return Verdict::LifeDiffers(doubted.to_vec());
    }
    let differing: Vec<Key> = entry.effect.lives.iter().zip(lives).filter_map(differs).collect();
    if differing.is_empty() { Verdict::Applied } else { Verdict::LifeDiffers(differing) }
}

/// Where a later entry of the lane, or its watermark, is there already, an earlier one that is not must not come after it.
fn keep_order(round: &[Arc<Entry>], verdicts: &mut [Verdict], is_over: &mut BTreeMap<u16, bool>) {
    for (entry, verdict) in round.iter().zip(verdicts).rev() {
        let is_over = is_over.entry(entry.lane).or_default();
        match verdict {
            Verdict::Again(error) if *is_over => *verdict = Verdict::MayBeThere(error.clone()),
            Verdict::Again(_) | Verdict::MayBeThere(_) | Verdict::LostData | Verdict::Halted(_) => {}
            Verdict::Applied | Verdict::AlreadyThere | Verdict::Refused(_) | Verdict::LifeDiffers(_) => {
                *is_over = true;
            }
        }
    }
}

/// The verdict on an entry of which nobody knows whether it arrived: what leaves the same when it comes twice is sent again.
fn unknown(entry: &Entry, error: Error) -> Verdict {
    match entry.effect.kind {
        Kind::Overwrites | Kind::SetsLife | Kind::Reads => Verdict::Again(error),
        Kind::Adds(_) | Kind::Builds => Verdict::MayBeThere(error),
    }
}

//! A round with exactly-once effect: one script call a lane, which looks at the watermark, carries out what is above it, and
//! moves it, in one atomic step.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use redfleet_core::{Backend, Batch, Error, Result, Script};
use redis::{Cmd, Value};

use super::ship::Verdict;
use super::watermark::Watermarks;
use super::{pack, refusal, reply, vouched};
use crate::entry::Entry;

/// What every round's script begins and goes on with.
const BODY: &str = include_str!("../scripts/ship.lua");

static TEXT: LazyLock<String> = LazyLock::new(|| format!("{}{BODY}", vouched::NONE));
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(&TEXT));

/// Lua has no room for more arguments of one call.
const MAX_WORDS: usize = 7000;

/// The entries of one lane, by their index in the round.
type Lane<'a> = Vec<(usize, &'a Entry)>;

/// One verdict an entry.
pub(super) async fn send(
    round: &[Arc<Entry>],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Vec<Verdict> {
    let mut verdicts: Vec<Option<Verdict>> = Vec::new();
    verdicts.resize_with(round.len(), || None);
    let mut lanes: BTreeMap<u16, Lane<'_>> = BTreeMap::new();
    for (index, entry) in round.iter().enumerate() {
        match unfit(entry) {
            Some(error) => set(&mut verdicts, index, Verdict::Refused(error)),
            None => lanes.entry(entry.lane).or_default().push((index, entry)),
        }
    }
    // Each turn takes of each lane what goes into one script.
    while !lanes.is_empty() {
        let calls: Vec<_> = lanes.iter_mut().map(|(lane, entries)| (*lane, next_call(entries))).collect();
        lanes.retain(|_, entries| !entries.is_empty());
        for (lane, entries, told) in call(&calls, remote, marks, source).await {
            if !told.iter().all(is_done) {
                // What comes after an entry that is not there must not come before it.
                let later = lanes.remove(&lane).unwrap_or_default();
                let last = told.last().cloned();
                for ((index, _), verdict) in later.into_iter().zip(std::iter::repeat(last)) {
                    verdict.into_iter().for_each(|verdict| set(&mut verdicts, index, verdict));
                }
            }
            for ((index, _), verdict) in entries.iter().zip(told) {
                set(&mut verdicts, *index, verdict);
            }
        }
    }
    verdicts.into_iter().map(|verdict| verdict.unwrap_or(Verdict::Again(Error::Unanswered))).collect()
}

fn set(verdicts: &mut [Option<Verdict>], index: usize, verdict: Verdict) {
    if let Some(slot) = verdicts.get_mut(index) {
        *slot = Some(verdict);
    }
}

/// Whether an entry is behind us, so that the next may come.
const fn is_done(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Applied
        | Verdict::AlreadyThere
        | Verdict::Refused(_)
        | Verdict::LifeDiffers(_)
        | Verdict::MayBeThere(_) => true,
        Verdict::Again(_) | Verdict::LostData | Verdict::Halted(_) => false,
    }
}

/// Why an entry cannot be carried out by a script.
fn unfit(entry: &Entry) -> Option<Error> {
    if entry.effect.steps.iter().any(|step| step.args_iter().len() > MAX_WORDS) {
        return Some(Error::unsupported("a command of so many words", "its keys are copied instead"));
    }
    if vouched::is_in(entry) { vouched::functions(entry).err() } else { None }
}

/// What goes into the lane's next script: an entry with scripts that somebody vouched for has one of its own.
fn next_call<'a>(entries: &mut Lane<'a>) -> Lane<'a> {
    let plain = entries.iter().take_while(|(_, entry)| !vouched::is_in(entry)).count();
    let rest = entries.split_off(plain.max(1));
    std::mem::replace(entries, rest)
}

/// Sends one script a lane, and answers with its lane and its entries again.
async fn call<'c, 'a>(
    calls: &'c [(u16, Lane<'a>)],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Vec<(u16, &'c Lane<'a>, Vec<Verdict>)> {
    let is_sharded = remote.is_sharded();
    let replies = deliver(calls, remote, marks, source).await;
    let mut told = Vec::with_capacity(calls.len());
    for ((lane, entries), reply) in calls.iter().zip(replies) {
        let mark = marks.of(*lane, is_sharded, source);
        let verdicts = match reply {
            Ok(reply) => reply::verdicts(reply, entries.len(), mark),
            Err(error) => vec![refusal::of_call(error); entries.len()],
        };
        told.push((*lane, entries, verdicts));
    }
    told
}

/// One reply a call.
async fn deliver(
    calls: &[(u16, Lane<'_>)],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Vec<Result<Value>> {
    let is_sharded = remote.is_sharded();
    let mut command = |(lane, entries): &(u16, Lane<'_>), is_known| {
        write(marks.of(*lane, is_sharded, source), entries, is_known)
    };
    let mut replies = exchange(remote, calls.iter().map(|one| command(one, true)).collect()).await;
    replies.resize_with(calls.len(), || Err(Error::Unanswered));
    let unknown = |reply: &Result<Value>| matches!(reply, Err(error) if error.code() == Some("NOSCRIPT"));
    let missing: Vec<usize> =
        (0..).zip(&replies).filter(|(_, reply)| unknown(reply)).map(|(index, _)| index).collect();
    if !missing.is_empty() {
        let in_full =
            missing.iter().filter_map(|index| calls.get(*index)).map(|one| command(one, false)).collect();
        for (index, reply) in missing.into_iter().zip(exchange(remote, in_full).await) {
            replies.iter_mut().skip(index).take(1).for_each(|slot| *slot = Err(Error::Unanswered));
            replies.iter_mut().skip(index).take(1).zip([reply]).for_each(|(slot, reply)| *slot = reply);
        }
    }
    replies
}

/// The command of one call: by the script's hash if the server is thought to know it.
fn write(mark: &super::watermark::Mark, entries: &Lane<'_>, is_known: bool) -> Cmd {
    let only: Vec<&Entry> = entries.iter().map(|(_, entry)| *entry).collect();
    let functions =
        only.first().filter(|entry| vouched::is_in(entry)).and_then(|entry| vouched::functions(entry).ok());
    match functions {
        Some(functions) => pack::pack("EVAL", &format!("{functions}{BODY}"), mark, &only),
        None if is_known => pack::pack("EVALSHA", SCRIPT.hash(), mark, &only),
        None => pack::pack("EVAL", &TEXT, mark, &only),
    }
}

async fn exchange(remote: &dyn Backend, mut commands: Vec<Cmd>) -> Vec<Result<Value>> {
    if let [_] = &commands[..]
        && let Some(command) = commands.pop()
    {
        return vec![remote.call(&command).await];
    }
    let count = commands.len();
    let batch: Batch = commands.into_iter().collect();
    match remote.call_batch(&batch).await {
        Ok(replies) => replies,
        Err(error) => vec![Err(error); count],
    }
}

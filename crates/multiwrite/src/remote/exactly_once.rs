//! A round with exactly-once effect: one script call a lane, which looks at the watermark, carries out what is above it, and
//! moves it, in one atomic step.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use redfleet_core::{Backend, Error};
use redis::cmd;

use super::call::{self, Call};
use super::ship::Verdict;
use super::watermark::Watermarks;
use super::{refusal, reply, vouched};
use crate::entry::Entry;

/// Lua's `unpack` gives at most some 8000 words.
const MAX_WORDS: usize = 7000;

/// The entries of one lane that have no verdict yet, by their index in the round.
#[derive(Debug)]
struct Lane<'a> {
    waiting: VecDeque<(usize, &'a Entry)>,
    /// How many may go into one call: fewer, while it is sought which of them is not permitted.
    most: usize,
}

/// One verdict an entry.
pub(super) async fn send(
    round: &[Arc<Entry>],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Vec<Verdict> {
    let mut verdicts = Verdicts(vec![Verdict::Again(Error::Unanswered); round.len()]);
    let mut lanes: BTreeMap<u16, Lane<'_>> = BTreeMap::new();
    for entry in round.iter().rev() {
        marks.of(entry.lane, remote.is_sharded(), source).from = entry.seq;
    }
    for (index, entry) in round.iter().enumerate() {
        match unfit(entry) {
            Some(error) => verdicts.set(index, Verdict::Refused(error)),
            None => lanes.entry(entry.lane).or_insert_with(Lane::new).waiting.push_back((index, entry)),
        }
    }
    // Each turn takes of each lane what goes into one script: all of it, most often.
    while !lanes.is_empty() {
        let calls: Vec<_> = lanes.iter_mut().map(|(lane, entries)| entries.next_call(*lane)).collect();
        let replies = call::exchange(&calls, remote, marks, source).await;
        for (call, reply) in calls.into_iter().zip(replies) {
            let mark = marks.of(call.lane, remote.is_sharded(), source);
            let told = match reply {
                Err(error) if refusal::is_of_a_key(&error) && call.entries.len() > 1 => {
                    lanes.get_mut(&call.lane).into_iter().for_each(|lane| lane.put_back(&call));
                    continue;
                }
                Err(error) if refusal::is_of_a_key(&error) => vec![whose_key(error, remote, &mark.key).await],
                Err(error) => vec![refusal::of_call(error); call.entries.len()],
                Ok(reply) => reply::verdicts(reply, call.entries.len(), mark),
            };
            let after = told.last().filter(|last| !last.lets_others_follow()).cloned();
            for ((index, _), verdict) in call.entries.into_iter().zip(told) {
                verdicts.set(index, verdict);
            }
            if let Some(after) = after {
                // What comes after an entry that is not there must not come before it.
                let later = lanes.remove(&call.lane).map(|lane| lane.waiting).unwrap_or_default();
                later.into_iter().for_each(|(index, _)| verdicts.set(index, after.clone()));
            }
        }
        lanes.retain(|_, lane| !lane.waiting.is_empty());
    }
    verdicts.0
}

struct Verdicts(Vec<Verdict>);

impl Verdicts {
    fn set(&mut self, index: usize, verdict: Verdict) {
        if let Some(slot) = self.0.get_mut(index) {
            *slot = verdict;
        }
    }
}

impl<'a> Lane<'a> {
    const fn new() -> Self {
        Self { waiting: VecDeque::new(), most: usize::MAX }
    }

    /// What goes into the next script: an entry with scripts that somebody vouched for has one of its own.
    fn next_call(&mut self, lane: u16) -> Call<'a> {
        let plain =
            self.waiting.iter().take(self.most).take_while(|(_, entry)| !vouched::is_in(entry)).count();
        let count = plain.max(1).min(self.waiting.len());
        Call { lane, entries: self.waiting.drain(..count).collect() }
    }

    /// A call that was refused for one of its entries comes again in halves.
    fn put_back(&mut self, call: &Call<'a>) {
        self.most = call.entries.len() / 2;
        call.entries.iter().rev().for_each(|entry| self.waiting.push_front(*entry));
    }
}

/// Why an entry cannot be carried out by a script.
fn unfit(entry: &Entry) -> Option<Error> {
    if entry.effect.steps.iter().any(|step| step.args_iter().len() > MAX_WORDS) {
        return Some(Error::unsupported("a command of so many words", "its keys are copied instead"));
    }
    if vouched::is_in(entry) { vouched::functions(entry).err() } else { None }
}

/// The verdict on an entry some key of which is not permitted: its own, or the watermark.
async fn whose_key(error: Error, remote: &dyn Backend, mark: &[u8]) -> Verdict {
    match remote.call(&cmd("GET").arg(mark).take()).await {
        Err(other) if other.code() == Some("NOPERM") => {
            let instead = "the watermark is kept in the keys redfleet:mw:*: permit them, and GET and SET, on this remote";
            Verdict::Halted(Error::unsupported("GET", instead))
        }
        _ => Verdict::Refused(error),
    }
}

//! What a round brought: what is settled, what is dirty now, and who is told.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Error as CoreError, command_name, mutant};

use super::Remote;
use super::queue::Queue;
use super::ship::Verdict;
use crate::dirty::Cause;
use crate::entry::Entry;
use crate::lanes::Settled;
use crate::options::DeadLetter;
use crate::outcome::{DropReason, Outcome};

/// What has to be done with a round as a whole.
enum Whole {
    Nothing,
    LostData,
    Halt(CoreError),
}

/// A round being settled.
struct Round<'a> {
    remote: &'a Remote,
    queue: &'a mut Queue,
    now: Duration,
    results: Vec<(u64, Settled)>,
    /// Those of what is done, in order.
    outcomes: Vec<Outcome>,
    dead: Vec<DeadLetter>,
    /// Something was refused: a copy is no dead letter.
    is_refused: bool,
    whole: Whole,
    /// Why something has to be sent again, if anything has.
    again: Option<CoreError>,
}

impl Remote {
    /// Settles a round: `verdicts` are those of its entries, in their order.
    pub(super) fn settle(&self, entries: &[Arc<Entry>], verdicts: Vec<(u64, Verdict)>) {
        let now = self.clock.now();
        let mut queue = self.queue();
        if queue.gone.is_some() {
            return;
        }
        let mut round = Round {
            remote: self,
            queue: &mut queue,
            now,
            results: Vec::with_capacity(entries.len()),
            outcomes: Vec::with_capacity(entries.len()),
            dead: Vec::new(),
            is_refused: false,
            whole: Whole::Nothing,
            again: None,
        };
        for (entry, (_, verdict)) in entries.iter().zip(verdicts) {
            round.judge(entry, verdict);
        }
        let dead = round.finish();
        let is_well = !queue.is_failing;
        drop(queue);
        if let Some(callback) = &self.options.on_dead_letter {
            dead.iter().for_each(|letter| callback(letter));
        }
        self.changed.notify_waiters();
        if is_well {
            self.wake_copier.notify_one();
        }
    }
}

impl Round<'_> {
    fn judge(&mut self, entry: &Entry, verdict: Verdict) {
        match verdict {
            Verdict::Applied | Verdict::AlreadyThere => {
                self.queue.counts.acked += 1;
                self.done(entry, Outcome::Acked);
            }
            Verdict::LifeDiffers(_) if mutant::is_on("life_is_not_compared") => {
                self.done(entry, Outcome::Acked);
            }
            Verdict::LifeDiffers(keys) => {
                tracing::debug!(remote = %self.remote.name, keys = keys.len(), "lives differ: keys are dirty");
                self.queue.mark(&keys, Cause::Effect, entry.seq);
                self.done(entry, Outcome::Dropped(DropReason::KeyIsDirty));
            }
            Verdict::Refused(error) => self.refused(entry, error),
            Verdict::MayBeThere(error) => {
                self.queue.last_error = Some(error);
                self.queue.give_up(entry.seq, &entry.effect, &[], DropReason::MayBeThere);
                self.done(entry, Outcome::Dropped(DropReason::MayBeThere));
            }
            Verdict::Again(error) => {
                self.again = Some(error);
                self.results.push((entry.seq, Settled::Again));
            }
            Verdict::LostData => {
                self.whole = Whole::LostData;
                self.done(entry, Outcome::Dropped(DropReason::RemoteLostData));
            }
            Verdict::Halted(error) => {
                self.whole = Whole::Halt(error);
                self.results.push((entry.seq, Settled::Again));
            }
        }
    }

    fn done(&mut self, entry: &Entry, outcome: Outcome) {
        self.queue.wholes.note(entry.seq, &outcome);
        self.results.push((entry.seq, Settled::Done));
        self.outcomes.push(outcome);
    }

    /// The remote said no: its keys are copied instead. Where it refuses a copy, that is tried again later, and in
    /// another form if the form was the reason.
    fn refused(&mut self, entry: &Entry, error: CoreError) {
        let is_copy = self.queue.copies.contains_key(&entry.seq);
        self.is_refused = true;
        self.queue.last_error = Some(error.clone());
        self.queue.mark(&entry.effect.keys, Cause::Effect, entry.seq);
        if is_payload(&error) {
            self.remote.set_typed();
        } else if is_copy {
            let until = self.now.saturating_add(self.remote.options.last_retry);
            entry.effect.keys.iter().for_each(|key| self.queue.dirty.postpone(key, until));
        }
        if !is_copy {
            let commands: Vec<String> = entry.effect.steps.iter().map(command_name).collect();
            tracing::warn!(remote = %self.remote.name, ?commands, %error, "refused: a dead letter");
            self.queue.counts.dead_letters += 1;
            let keys = entry.effect.keys.clone();
            let remote = Arc::clone(&self.remote.name);
            self.dead.push(DeadLetter { remote, commands, keys, error: error.clone() });
        }
        self.done(entry, Outcome::Failed(error));
    }

    /// Settles all of it, and returns the dead letters.
    fn finish(self) -> Vec<DeadLetter> {
        let Self { remote, queue, now, results, outcomes, dead, is_refused, whole, again } = self;
        queue.is_failing = again.is_some();
        if let Some(error) = again {
            tracing::debug!(remote = %remote.name, %error, "a round is sent again");
            queue.counts.retries += 1;
            queue.last_error = Some(error);
        } else if !is_refused {
            queue.last_error = None;
        }
        for (entry, outcome) in queue.lanes.settle(now, results).iter().zip(outcomes) {
            entry.tickets.iter().for_each(|ticket| ticket.tell(outcome.clone()));
        }
        match whole {
            Whole::Nothing => {}
            Whole::LostData => queue.lost_data(&remote.name),
            Whole::Halt(error) => queue.halt(&remote.name, error),
        }
        queue.forget_settled();
        dead
    }
}

impl Queue {
    /// The remote has less than it once had: everything is copied.
    pub(super) fn lost_data(&mut self, remote: &str) {
        tracing::warn!(remote, "it lost data: everything is to be copied");
        self.counts.data_losses += 1;
        self.clear(&Outcome::Dropped(DropReason::RemoteLostData));
        self.mark_everything(Cause::Effect);
    }

    /// Whether nothing is to be asked of the remote.
    pub(super) const fn is_at_rest(&self) -> bool {
        self.is_paused || self.halted.is_some() || self.gone.is_some()
    }

    /// Nothing more is sent until it is resumed; then everything is copied.
    pub(super) fn halt(&mut self, remote: &str, error: CoreError) {
        tracing::error!(remote, %error, "halted: nothing is sent there until it is resumed");
        self.clear(&Outcome::Failed(error.clone()));
        self.mark_everything(Cause::Effect);
        self.last_error = Some(error.clone());
        self.halted = Some(error);
    }

    /// Forgets what was kept about entries that are settled.
    fn forget_settled(&mut self) {
        let floor = self.lanes.floor();
        self.linked.forget(floor);
        self.wholes.settle(floor);
        while let Some(copy) = self.copies.first_entry() {
            if *copy.key() > floor {
                break;
            }
            let (seq, key) = copy.remove_entry();
            self.counts.copies += 1;
            if self.last_copies.get(&key) == Some(&seq) {
                self.last_copies.remove(&key);
                if !self.dirty.contains(&key) {
                    self.journal.clean(&self.name, &key);
                }
            }
        }
        // What changes nothing is queued although earlier writes are still in the spool.
        let settled = self.spilled.as_ref().map_or(floor, |spill| floor.min(spill.next.saturating_sub(1)));
        self.journal.settled(&self.name, settled);
    }
}

/// Whether the remote cannot read the payload of a RESTORE, because it is of another version.
fn is_payload(error: &CoreError) -> bool {
    let CoreError::Refused { error, .. } = error else { return false };
    let details = error.details().unwrap_or_default();
    details.contains("DUMP payload") || details.contains("Bad data format")
}

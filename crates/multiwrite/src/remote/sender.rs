//! The task that sends what is queued for one remote, one round at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Effect, Error as CoreError};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::check::{Unfit, check};
use super::look::{self, Seen};
use super::ship::{self, Verdict};
use super::watermark::Watermarks;
use super::{Remote, at_least_once};
use crate::after::within;
use crate::dirty::Cause;
use crate::effect::{Key, Kind};
use crate::entry::Entry;
use crate::options::Guarantee;
use crate::store::local::{Local, UNFENCED};

/// What a sender does next.
enum Next {
    End,
    /// Until it is woken, or so long at most.
    Wait(Option<Duration>),
    /// At what the remote has.
    Look,
    Round(Vec<Arc<Entry>>),
}

/// How often a remote to which nothing is sent is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Sends what is queued until the remote is removed.
pub(crate) async fn run(remote: Arc<Remote>, local: Arc<Local>) {
    let mut sender = Sender {
        marks: remote.resume(&local.source),
        is_checked: false,
        late: Vec::new(),
        pause: remote.options.first_retry,
        before: Vec::new(),
        looked: remote.clock.now(),
        remote,
        local,
    };
    while sender.turn().await {}
    sender.remote.end_orphaned();
}

/// What the task knows.
struct Sender {
    remote: Arc<Remote>,
    local: Arc<Local>,
    marks: Watermarks,
    /// It is a server of its own.
    is_checked: bool,
    /// The keys on which a plain command may still be carried out later.
    late: Vec<(u64, Key)>,
    /// How long it waits before it asks the remote again who it is.
    pause: Duration,
    /// The round before, whose memory is given back while the next is under way, and the remote need not wait for that.
    before: Vec<Arc<Entry>>,
    looked: Duration,
}

impl Sender {
    /// Does what is next. Whether there is more.
    async fn turn(&mut self) -> bool {
        let remote = &self.remote;
        remote.refill();
        // A round compares the marks of its own lanes alone, which on one server are all.
        let now = remote.clock.now();
        if remote.is_sharded && now.saturating_sub(self.looked) >= LOOK {
            self.looked = now;
            look(remote, &mut self.marks).await;
        }
        match remote.next_round() {
            Next::End => return false,
            Next::Look => {
                self.before.clear();
                look(remote, &mut self.marks).await;
            }
            Next::Wait(None) if self.is_checked || !self.marks.is_empty() => {
                self.before.clear();
                let was_woken = timeout(LOOK, remote.wake_sender.notified()).await.is_ok();
                if !was_woken {
                    look(remote, &mut self.marks).await;
                }
            }
            Next::Wait(pause) => {
                self.before.clear();
                woken(&remote.wake_sender, pause).await;
            }
            Next::Round(round) => {
                if self.may_send(&round).await {
                    self.send(round).await;
                }
            }
        }
        true
    }

    /// Whether the remote can be sent anything now: it is a server of its own, and nothing of earlier rounds arrives any more. If
    /// not, the round is settled.
    async fn may_send(&mut self, round: &[Arc<Entry>]) -> bool {
        let remote = &self.remote;
        if !self.is_checked {
            match check(remote, &self.local).await {
                Ok(()) => self.is_checked = true,
                Err(Unfit::Same(error)) => {
                    remote.queue().halt(&remote.name, error);
                    remote.changed.notify_waiters();
                    return false;
                }
                Err(Unfit::Unknown(error)) => {
                    remote.settle(round, again(round, &error));
                    sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(remote.options.last_retry);
                    return false;
                }
            }
        }
        if !self.late.is_empty() {
            if let Err(error) = fence(remote, &self.late).await {
                remote.settle(round, again(round, &error));
                return false;
            }
            self.late.clear();
        }
        true
    }

    /// Sends a round, and settles it.
    async fn send(&mut self, round: Vec<Arc<Entry>>) {
        let remote = &self.remote;
        let sending = send(remote, &self.local, &round, &mut self.marks);
        let (verdicts, ()) = tokio::join!(sending, forget(std::mem::take(&mut self.before)));
        if remote.options.guarantee == Guarantee::AtLeastOnce {
            self.late.extend(keys_of_late(&round, &verdicts));
        }
        if remote.is_sharded && is_lost(&verdicts) {
            // All lanes at once: else each would tell of the same loss, and everything begin anew each time. What is not seen now is
            // told when its own turn comes.
            drop(timeout(remote.options.deadline, look::look(&*remote.backend, &mut self.marks)).await);
        }
        remote.settle_acked(&round, verdicts, &mut self.marks);
        self.before = round;
        look_if_asked(remote, &mut self.marks).await;
    }
}

/// Gives back the memory of entries, once whatever is awake has had its turn.
async fn forget(entries: Vec<Arc<Entry>>) {
    tokio::task::yield_now().await;
    drop(entries);
}

/// Whether the remote has less than it once had.
fn is_lost(verdicts: &[(u64, Verdict)]) -> bool {
    verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::LostData))
}

/// Looks between two rounds if somebody asked for it: under load there may never be a time when nothing is due.
async fn look_if_asked(remote: &Remote, marks: &mut Watermarks) {
    let is_asked = {
        let queue = remote.queue();
        queue.is_look_due() && !queue.is_failing
    };
    if is_asked {
        look(remote, marks).await;
    }
}

/// Looks whether a remote to which nothing is to be sent still has what it had.
async fn look(remote: &Remote, marks: &mut Watermarks) {
    let deadline = remote.options.deadline;
    let asked = {
        let queue = remote.queue();
        if queue.is_at_rest() {
            return;
        }
        queue.looks.0
    };
    match timeout(deadline, look::look(&*remote.backend, marks)).await {
        Ok(Ok(Seen::Same)) => {
            let mut queue = remote.queue();
            queue.looks.1 = asked;
            // What was refused stays said until something is carried out.
            queue.last_error.take_if(|error| !matches!(error, CoreError::Refused { .. }));
        }
        Ok(Ok(Seen::LostData)) => {
            let mut queue = remote.queue();
            queue.lost_data(&remote.name);
            queue.looks.1 = asked;
            drop(queue);
            remote.journal.acked(&remote.name, &marks.untold(marks.lanes()));
        }
        Ok(Err(error)) => {
            tracing::debug!(remote = %remote.name, %error, "nobody knows what it has");
            remote.queue().last_error = Some(error);
            sleep(remote.options.first_retry).await;
        }
        Err(_) => {
            remote.backend.overdue(deadline);
            remote.queue().last_error = Some(CoreError::deadline(deadline));
        }
    }
    remote.wake_all();
}

/// All of it is to be sent again.
fn again(round: &[Arc<Entry>], error: &CoreError) -> Vec<(u64, Verdict)> {
    round.iter().map(|entry| (entry.seq, Verdict::Again(error.clone()))).collect()
}

/// Has nothing of earlier rounds arrive any more. Where that is not permitted, the keys are copied once more when it is hardly
/// possible any longer.
async fn fence(remote: &Remote, late: &[(u64, Key)]) -> Result<(), CoreError> {
    match within(remote.options.deadline, remote.backend.fence()).await {
        Err(CoreError::Refused { .. } | CoreError::Unsupported { .. }) => {
            let until = remote.clock.now().saturating_add(UNFENCED);
            let mut queue = remote.queue();
            for (seq, key) in late {
                queue.mark(std::slice::from_ref(key), Cause::Effect, *seq);
                queue.dirty.postpone(key, until);
            }
            Ok(())
        }
        told => told,
    }
}

/// The keys of a round on which something may still be carried out later, each with the seq of what that is.
fn keys_of_late(round: &[Arc<Entry>], verdicts: &[(u64, Verdict)]) -> Vec<(u64, Key)> {
    let may_come_late = |(entry, (_, verdict)): &(&Arc<Entry>, &(u64, Verdict))| {
        entry.effect.kind != Kind::Reads && may_come_late(verdict)
    };
    let late = round.iter().zip(verdicts).filter(may_come_late);
    late.flat_map(|(entry, _)| entry.effect.keys.iter().map(|key| (entry.seq, Arc::clone(key)))).collect()
}

/// Whether a plain command of it may still be carried out later.
fn may_come_late(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Again(error) | Verdict::MayBeThere(error) => error.effect() == Effect::Unknown,
        Verdict::Applied
        | Verdict::AlreadyThere
        | Verdict::Refused(_)
        | Verdict::LifeDiffers(_)
        | Verdict::LostData
        | Verdict::Halted(_) => false,
    }
}

/// Sends one round within the remote's deadline.
async fn send(
    remote: &Remote,
    local: &Local,
    round: &[Arc<Entry>],
    marks: &mut Watermarks,
) -> Vec<(u64, Verdict)> {
    let options = &remote.options;
    let sending = ship::send(round, &*remote.backend, marks, options.guarantee, &local.source);
    if let Ok(verdicts) = timeout(options.deadline, sending).await {
        return verdicts;
    }
    remote.backend.overdue(options.deadline);
    let error = CoreError::deadline(options.deadline);
    match options.guarantee {
        Guarantee::ExactlyOnce => again(round, &error),
        Guarantee::AtLeastOnce => {
            // A fence counts on it that nothing given up is on a connection that is up.
            remote.backend.disconnect();
            at_least_once::cut(round, &error)
        }
    }
}

/// Waits until it is woken, or so long at most.
pub(super) async fn woken(wake: &Notify, pause: Option<Duration>) {
    match pause {
        None => wake.notified().await,
        // Whether it was woken or not, the queue is looked at again.
        Some(pause) => drop(timeout(pause, wake.notified()).await),
    }
}

impl Remote {
    /// What it had acknowledged when the process before ended.
    fn resume(&self, source: &str) -> Watermarks {
        let resumed = std::mem::take(&mut self.queue().resumed);
        let mut marks = Watermarks::new();
        for (lane, acked) in resumed {
            marks.resume(lane, self.is_sharded, source, acked);
        }
        marks
    }

    /// Settles a round, and tells the journal what the remote has acknowledged: before what is settled by it is told, but after it is
    /// told that data were lost.
    fn settle_acked(&self, round: &[Arc<Entry>], verdicts: Vec<(u64, Verdict)>, marks: &mut Watermarks) {
        let is_lost = is_lost(&verdicts);
        let mut lanes: BTreeSet<u16> = round.iter().map(|entry| entry.lane).collect();
        if is_lost {
            lanes.extend(marks.lanes());
        }
        let acked = marks.untold(lanes);
        if !acked.is_empty() && !is_lost {
            self.journal.acked(&self.name, &acked);
        }
        let is_noted =
            |(_, verdict): &(u64, Verdict)| matches!(verdict, Verdict::Refused(_) | Verdict::LifeDiffers(_));
        let is_told_once = verdicts.iter().any(is_noted);
        self.settle(round, verdicts);
        // The next round has the remote forget what it told of this one: the journal must know it by then.
        if is_told_once && let Err(error) = self.journal.flush(self.clock.now()) {
            tracing::debug!(remote = %self.name, %error, "what was refused is not in the journal yet");
        }
        if !acked.is_empty() && is_lost {
            self.journal.acked(&self.name, &acked);
        }
    }

    fn next_round(&self) -> Next {
        let now = self.clock.now();
        let mut queue = self.queue();
        let is_over = queue.is_equal() || queue.is_failing || queue.is_at_rest();
        if queue.gone.is_some() || queue.is_orphaned && is_over {
            return Next::End;
        }
        if queue.is_paused || queue.halted.is_some() {
            return Next::Wait(None);
        }
        match queue.lanes.next_due(now) {
            None if queue.is_look_due() => return Next::Look,
            None => return Next::Wait(None),
            Some(Duration::ZERO) => {}
            Some(pause) => return Next::Wait(Some(pause)),
        }
        let options = &self.options;
        let is_small = queue.lanes.len() < options.round_entries && queue.lanes.bytes() < options.round_bytes;
        if is_small && !queue.is_urgent && !queue.is_failing {
            let age = now.saturating_sub(queue.lanes.oldest_since().unwrap_or(now));
            if age < options.gather {
                return Next::Wait(Some(options.gather.saturating_sub(age)));
            }
        }
        queue.is_urgent = false;
        Next::Round(queue.lanes.take(now, options.round_entries, options.round_bytes))
    }
}

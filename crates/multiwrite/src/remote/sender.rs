//! The task that sends what is queued for one remote, one round at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Effect, Error as CoreError, Incarnation};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::look::{self, Seen};
use super::ship::{self, Verdict};
use super::watermark::Watermarks;
use super::{Remote, at_least_once};
use crate::dirty::Cause;
use crate::effect::Kind;
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
    let mut marks = remote.resume(&local.source);
    let mut is_checked = false;
    let mut must_fence = false;
    let mut pause = remote.options.first_retry;
    // The round before, whose memory is given back while the next is under way, and the remote need not wait for that.
    let mut before = Vec::new();
    let mut looked = remote.clock.now();
    loop {
        remote.refill();
        // A round compares the marks of its own lanes alone, which on one server are all.
        let now = remote.clock.now();
        if remote.is_sharded && now.saturating_sub(looked) >= LOOK {
            looked = now;
            look(&remote, &mut marks).await;
        }
        let round = match remote.next_round() {
            Next::End => return,
            Next::Look => {
                before.clear();
                look(&remote, &mut marks).await;
                continue;
            }
            Next::Wait(None) if is_checked || !marks.is_empty() => {
                before.clear();
                let was_woken = timeout(LOOK, remote.wake_sender.notified()).await.is_ok();
                if !was_woken {
                    look(&remote, &mut marks).await;
                }
                continue;
            }
            Next::Wait(pause) => {
                before.clear();
                woken(&remote.wake_sender, pause).await;
                continue;
            }
            Next::Round(round) => round,
        };
        if !is_checked {
            match check(&remote, &local).await {
                Ok(()) => is_checked = true,
                Err(Unfit::Same(error)) => {
                    remote.queue().halt(&remote.name, error);
                    remote.changed.notify_waiters();
                    continue;
                }
                Err(Unfit::Unknown(error)) => {
                    remote.settle(&round, again(&round, &error));
                    sleep(pause).await;
                    pause = (pause * 2).min(remote.options.last_retry);
                    continue;
                }
            }
        }
        if must_fence {
            if let Err(error) = fence(&remote, &round).await {
                remote.settle(&round, again(&round, &error));
                continue;
            }
            must_fence = false;
        }
        let sending = send(&remote, &local, &round, &mut marks);
        let (verdicts, ()) = tokio::join!(sending, forget(std::mem::take(&mut before)));
        let is_plain = remote.options.guarantee == Guarantee::AtLeastOnce;
        must_fence |= is_plain && verdicts.iter().any(|(_, verdict)| may_come_late(verdict));
        remote.settle_acked(&round, verdicts, &mut marks);
        before = round;
        look_if_asked(&remote, &mut marks).await;
    }
}

/// Gives back the memory of entries, once whatever is awake has had its turn.
async fn forget(entries: Vec<Arc<Entry>>) {
    tokio::task::yield_now().await;
    drop(entries);
}

/// Looks between two rounds if somebody asked for it: under load there may never be a time when nothing is due.
async fn look_if_asked(remote: &Remote, marks: &mut Watermarks) {
    let is_asked = {
        let queue = remote.queue();
        queue.looks.1 < queue.looks.0 && !queue.is_failing
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
        Ok(Ok(Seen::Same)) => remote.queue().looks.1 = asked,
        Ok(Ok(Seen::LostData)) => {
            let mut queue = remote.queue();
            queue.lost_data(&remote.name);
            queue.looks.1 = asked;
            drop(queue);
            remote.journal.acked(&remote.name, &marks.untold(marks.lanes()));
        }
        Ok(Err(error)) => {
            tracing::debug!(remote = %remote.name, %error, "nobody knows what it has");
            sleep(remote.options.first_retry).await;
        }
        Err(_) => remote.backend.overdue(deadline),
    }
    remote.wake_all();
}

/// All of it is to be sent again.
fn again(round: &[Arc<Entry>], error: &CoreError) -> Vec<(u64, Verdict)> {
    round.iter().map(|entry| (entry.seq, Verdict::Again(error.clone()))).collect()
}

/// Has nothing of earlier rounds arrive any more. Where that is not permitted, the keys are copied once more when it is hardly
/// possible any longer.
async fn fence(remote: &Remote, round: &[Arc<Entry>]) -> Result<(), CoreError> {
    let deadline = remote.options.deadline;
    match timeout(deadline, remote.backend.fence()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(CoreError::Refused { .. } | CoreError::Unsupported { .. })) => {
            let until = remote.clock.now().saturating_add(UNFENCED);
            let mut queue = remote.queue();
            for entry in round.iter().filter(|entry| entry.effect.kind != Kind::Reads) {
                queue.mark(&entry.effect.keys, Cause::Effect, entry.seq);
                entry.effect.keys.iter().for_each(|key| queue.dirty.postpone(key, until));
            }
            Ok(())
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(CoreError::deadline(deadline)),
    }
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
        Guarantee::AtLeastOnce => at_least_once::cut(round, &error),
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
        let lanes: BTreeSet<u16> = round.iter().map(|entry| entry.lane).collect();
        let acked = marks.untold(lanes);
        let is_lost = verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::LostData));
        if !acked.is_empty() && !is_lost {
            self.journal.acked(&self.name, &acked);
        }
        self.settle(round, verdicts);
        if !acked.is_empty() && is_lost {
            self.journal.acked(&self.name, &acked);
        }
    }

    fn next_round(&self) -> Next {
        let now = self.clock.now();
        let mut queue = self.queue();
        let is_empty = queue.lanes.len() == 0;
        if queue.gone.is_some() || queue.is_orphaned && (is_empty || queue.is_failing || queue.is_at_rest()) {
            return Next::End;
        }
        if queue.is_paused || queue.halted.is_some() {
            return Next::Wait(None);
        }
        match queue.lanes.next_due(now) {
            None if queue.looks.1 < queue.looks.0 => return Next::Look,
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

/// Why nothing can be sent to a remote yet, or ever.
enum Unfit {
    /// It is another remote, or local.
    Same(CoreError),
    /// Nobody can say which server it is.
    Unknown(CoreError),
}

/// Whether the remote is a server of its own, as far as run ids tell.
async fn check(remote: &Remote, local: &Local) -> Result<(), Unfit> {
    let own = identity(remote.backend.identify(), remote.options.deadline).await?;
    if own.run_id().is_none() {
        return Ok(());
    }
    let authority = identity(local.backend.identify(), local.deadline).await?;
    if own.is_same_server(&authority) {
        return Err(Unfit::Same(CoreError::duplicate("local")));
    }
    let remotes = local.sequencer.remotes();
    let mut others = remotes.iter().filter(|other| !std::ptr::eq(&***other, remote));
    let is_same =
        |other: &&Arc<Remote>| other.backend.incarnation().is_some_and(|other| own.is_same_server(&other));
    match others.find(is_same) {
        Some(other) => Err(Unfit::Same(CoreError::duplicate(Arc::clone(&other.name)))),
        None => Ok(()),
    }
}

async fn identity(
    asked: impl Future<Output = redfleet_core::Result<Incarnation>>,
    deadline: Duration,
) -> Result<Incarnation, Unfit> {
    match timeout(deadline, asked).await {
        Ok(answer) => answer.map_err(Unfit::Unknown),
        Err(_) => Err(Unfit::Unknown(CoreError::deadline(deadline))),
    }
}

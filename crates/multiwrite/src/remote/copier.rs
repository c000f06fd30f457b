//! The task that copies whole keys from local to one remote, where it may differ.

mod fate;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Error as CoreError, Result as CoreResult};
use tokio::time::sleep;

use super::Remote;
use super::everything::{self, Scan, Stage};
use super::sender::woken;
use crate::after::within;
use crate::dirty::{Everything, Taken};
use crate::effect::Key;
use crate::options::Guarantee;
use crate::store::local::{Local, UNFENCED};
use fate::Fate;
use read::is_its_own;

/// How many keys are read from local at once. Their writers wait meanwhile.
const CHUNK_KEYS: usize = 64;
/// How many copies may be on their way to a remote.
const MAX_COPIES: usize = 512;
/// The first pause after a failure, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What a copier does next.
enum Next {
    End,
    Wait(Option<Duration>),
    Begin,
    Page(Stage),
    Keys(Vec<Taken>, Vec<Key>),
}

/// Copies what is dirty until the remote is removed.
pub(crate) async fn run(remote: Arc<Remote>, local: Arc<Local>) {
    let mut copier = Copier {
        remote,
        local,
        needs_room: false,
        chunk: CHUNK_KEYS,
        unfenced: BTreeMap::new(),
        unfenced_all: None,
    };
    let mut pause = PAUSES.0;
    loop {
        let result = match copier.next() {
            Next::End => return copier.remote.end_orphaned(),
            Next::Wait(pause) => {
                woken(&copier.remote.wake_copier, pause).await;
                continue;
            }
            Next::Begin => copier.begin().await,
            Next::Page(stage) => copier.page(stage).await,
            Next::Keys(taken, pending) => copier.copy(taken, pending).await,
        };
        match result {
            Ok(()) => pause = PAUSES.0,
            // Nobody waits for it any more, and local does not say what is to be copied.
            Err(_) if copier.remote.queue().is_orphaned => return copier.remote.end_orphaned(),
            Err(error) => {
                tracing::debug!(remote = %copier.remote.name, %error, "a copy is tried again");
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

struct Copier {
    remote: Arc<Remote>,
    local: Arc<Local>,
    /// There was no room for a copy beside the other ones.
    needs_room: bool,
    /// How many keys are read at once: fewer, where so many are not read within local's deadline.
    chunk: usize,
    /// Keys that were copied without a fence: once more is enough.
    unfenced: BTreeMap<Key, u64>,
    /// Which copy of everything has no fence, and from when on it needs none.
    unfenced_all: Option<(u64, Duration)>,
}

impl Copier {
    fn next(&mut self) -> Next {
        let remote = &self.remote;
        let now = remote.clock.now();
        let mut queue = remote.queue();
        let queued = queue.lanes.len();
        let is_in_vain = queue.is_failing || queue.is_at_rest() || queue.is_equal();
        if queue.gone.is_some() || queue.is_orphaned && is_in_vain {
            return Next::End;
        }
        // What is left in the spool is older than any copy.
        if queue.is_paused || queue.halted.is_some() || queue.spilled.is_some() {
            return Next::Wait(None);
        }
        // While the remote does not take what is queued, nothing more is read for it.
        self.needs_room &= !queue.copies.is_empty();
        if queued > 0 && queue.is_failing || self.needs_room {
            return Next::Wait(None);
        }
        let room = remote.options.max_entries.saturating_sub(queued);
        let room = room.min(MAX_COPIES.saturating_sub(queue.copies.len())).min(self.chunk);
        if room == 0 || queue.lanes.bytes() >= remote.options.max_bytes {
            return Next::Wait(None);
        }
        if queue.awaits_everything() {
            let pause = queue.dirty.everything().map(|all| self.begins(all).saturating_sub(now));
            return pause
                .filter(|pause| !pause.is_zero())
                .map_or(Next::Begin, |pause| Next::Wait(Some(pause)));
        }
        let mut taken = queue.dirty.take(room, now);
        if let Some(large) = taken.iter().position(|taken| taken.is_large) {
            // Alone, because so much is not read at once.
            let large = taken.swap_remove(large);
            taken.drain(..).for_each(|other| queue.dirty.postpone(&other.key, now));
            taken.push(large);
        }
        if !taken.is_empty() {
            return Next::Keys(taken, Vec::new());
        }
        let floor = queue.lanes.floor();
        let is_idle = queued == 0;
        let last = queue.copies.last_key_value().map_or(0, |(seq, _)| *seq);
        let due = queue.dirty.next_due(now);
        let Some(scan) = &mut queue.scan else { return Next::Wait(due) };
        if !scan.pending.is_empty() {
            let count = room.min(scan.pending.len());
            return Next::Keys(Vec::new(), scan.pending.drain(..count).collect());
        }
        match scan.stage {
            Stage::Remote { .. } if floor < scan.after && !is_idle => Next::Wait(due),
            Stage::Local { .. } | Stage::Remote { .. } => Next::Page(scan.stage),
            Stage::Copying => {
                scan.stage = Stage::Arriving { seq: last };
                Next::Wait(Some(Duration::ZERO))
            }
            Stage::Arriving { seq } if floor >= seq || is_idle => {
                let generation = scan.generation;
                queue.scan = None;
                if queue.dirty.everything_done(generation) {
                    queue.journal.everything(&remote.name, false);
                }
                drop(queue);
                tracing::info!(remote = %remote.name, "everything is copied");
                remote.changed.notify_waiters();
                Next::Wait(Some(Duration::ZERO))
            }
            Stage::Arriving { .. } => Next::Wait(due),
        }
    }

    /// When a copy of everything may begin.
    fn begins(&self, everything: Everything) -> Duration {
        let is_plain = self.remote.options.guarantee == Guarantee::AtLeastOnce;
        // It is copied once, so not before nothing can arrive any more that the process before has sent.
        let is_haunted = is_plain || everything.cause.needs_fence();
        let settles = if is_haunted { self.local.haunted_until } else { Duration::ZERO };
        let unfenced = self.unfenced_all.filter(|(generation, _)| *generation == everything.generation);
        settles.max(unfenced.map_or(Duration::ZERO, |(_, until)| until))
    }

    /// Begins a copy of everything, once nothing old can arrive any more.
    async fn begin(&mut self) -> CoreResult<()> {
        let asked = self.remote.queue().dirty.everything();
        let Some(everything) = asked else { return Ok(()) };
        let fenced = within(self.remote.options.deadline, self.remote.backend.fence()).await;
        let is_plain = self.remote.options.guarantee == Guarantee::AtLeastOnce;
        let mut is_certain = is_fenced(fenced)? || !is_plain;
        let was_unfenced =
            self.unfenced_all.is_some_and(|(generation, _)| generation == everything.generation);
        if everything.cause.needs_fence() && !was_unfenced {
            is_certain &= self.local.fence().await?;
        }
        if !is_certain && !was_unfenced {
            // It is read once, when nothing old is likely to arrive any more.
            let until = self.remote.clock.now().saturating_add(UNFENCED);
            self.unfenced_all = Some((everything.generation, until));
            return Ok(());
        }
        // What was known of single keys is of none any more.
        self.unfenced.clear();
        let after = self.local.sequencer.last_seq();
        self.remote.queue().scan = Some(Scan::new(everything.generation, after));
        // From now on what is written is queued. What was sent ahead before may not be carried out on local yet.
        self.local.gate.emptied().await;
        tracing::info!(remote = %self.remote.name, "everything is being copied");
        Ok(())
    }

    /// Asks for one page of keys.
    async fn page(&self, stage: Stage) -> CoreResult<()> {
        let (local, remote) = (&self.local, &self.remote);
        let (next, keys) = match stage {
            Stage::Local { cursor } => {
                let page = everything::page(&*local.backend, cursor, &local.scope);
                within(local.deadline, page).await?
            }
            Stage::Remote { cursor } => {
                let page = everything::page(&*remote.backend, cursor, &local.scope);
                let (next, keys) = within(remote.options.deadline, page).await?;
                (next, within(local.deadline, everything::passing(&*local.backend, keys)).await?)
            }
            Stage::Copying | Stage::Arriving { .. } => return Ok(()),
        };
        let mut queue = remote.queue();
        // It may have begun anew meanwhile.
        if let Some(scan) = queue.scan.as_mut().filter(|scan| scan.stage == stage) {
            scan.take_in(next, keys);
        }
        Ok(())
    }

    /// Copies these keys: in their place in the order, because nobody writes them meanwhile.
    async fn copy(&mut self, taken: Vec<Taken>, pending: Vec<Key>) -> CoreResult<()> {
        let again = self.fence(&taken).await?;
        let keys: Vec<Key> =
            taken.iter().map(|taken| Arc::clone(&taken.key)).chain(pending.iter().cloned()).collect();
        let entered = self.local.gate.enter(&keys).await;
        let read = self.read(&keys).await;
        let mut left = Vec::new();
        let (effects, mut failed) = match read {
            Ok(effects) => (effects, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut effects = effects.into_iter();
        let now = self.remote.clock.now();
        for (index, key) in keys.iter().enumerate() {
            let fate = match effects.next() {
                Some(Ok(effect)) => self.push(key, effect),
                Some(Err(error)) if is_its_own(&error) => self.cannot_be_read(error),
                Some(Err(error)) => {
                    failed.get_or_insert(error);
                    Fate::Soon
                }
                None => Fate::Soon,
            };
            match taken.get(index) {
                Some(taken) => self.note(taken, fate, again, now),
                None => left.extend(self.note_pending(key, fate, now)),
            }
        }
        drop(entered);
        if let (Some(scan), false) = (&mut self.remote.queue().scan, left.is_empty()) {
            left.into_iter().rev().for_each(|key| scan.pending.push_front(key));
        }
        failed.map_or(Ok(()), Err)
    }

    /// Has nothing old arrive on local any more, where that is to be feared. Whether it may do so all the same, so that the keys must
    /// be copied once more.
    async fn fence(&self, taken: &[Taken]) -> CoreResult<bool> {
        let is_needed = |taken: &Taken| {
            taken.cause.needs_fence() && self.unfenced.get(&taken.key) != Some(&taken.generation)
        };
        if !taken.iter().any(is_needed) {
            return Ok(false);
        }
        match self.local.fence().await {
            Ok(is_certain) => Ok(!is_certain),
            Err(error) => {
                let mut queue = self.remote.queue();
                let now = self.remote.clock.now();
                taken.iter().for_each(|taken| queue.dirty.postpone(&taken.key, now));
                Err(error)
            }
        }
    }
}

/// Whether it is certain now that nothing old arrives. A fence that is not permitted is done without; one that failed is tried
/// again.
fn is_fenced(fenced: CoreResult<()>) -> CoreResult<bool> {
    match fenced {
        Ok(()) => Ok(true),
        Err(CoreError::Refused { .. } | CoreError::Unsupported { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

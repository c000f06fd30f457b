//! The outbox: a sorted set on local of the keys that not all remotes have, written in the same atomic step as each write.
//!
//! A write goes to local as MULTI, ZADD of its keys, the write, EXEC; so there is no write without its keys in the outbox. What
//! is in it after a crash is copied to all remotes. A key leaves it when all that was under way when it came in is settled.

mod outstanding;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redfleet_core::{Backend, BackendExt, Batch, Error, Result};
use redis::{Cmd, cmd};

use crate::after::within;
use crate::effect::Key;
use outstanding::Outstanding;

/// How many keys are read in one round trip.
const CHUNK: u64 = 1000;
/// What a note says of one remote, before its name.
const REMOTE: &str = "remote:";
/// A note that a process uses the outbox, and has not shut down.
const OPEN: &str = "open";
/// What a note says of a write that flushed local, before its number.
const FLUSH: &str = "flush:";

/// The outbox of one store. No other store may have one of the same name on the same server.
#[derive(Debug)]
pub(crate) struct Outbox {
    key: String,
    /// A set: notes of the remotes to which everything is to be copied, and of flushes, which make it all of them.
    everything_key: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outstanding: Outstanding,
    /// Remotes of which local does not know whether everything is to be copied to them.
    untold: BTreeSet<String>,
    /// Flushes that are noted on local, or are about to be.
    flushes: BTreeSet<u64>,
    /// Up to where the outbox was emptied.
    trimmed: u64,
}

/// What an outbox still knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RecoveredOutbox {
    /// What all remotes may lack. Local may carry out even now what the last process sent.
    pub(crate) keys: Vec<Key>,
    /// To which remotes everything is to be copied.
    pub(crate) everything: BTreeSet<String>,
    /// Whether everything is to be copied to all remotes.
    pub(crate) is_everything_everywhere: bool,
    /// Whether the process before has not shut down: what it has sent last may come in even now.
    pub(crate) was_open: bool,
}

impl Outbox {
    /// The outbox of this name. Nothing leaves it before [`start`](Self::start).
    pub(crate) fn new(name: &str, remotes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let outstanding = Outstanding::new(remotes);
        Self {
            key: format!("redfleet:mw:outbox:{name}"),
            everything_key: format!("redfleet:mw:outbox:{name}:everything"),
            state: Mutex::new(State { outstanding, ..State::default() }),
        }
    }

    /// What is in it, from the process before; each round trip may take as long as `deadline`. All of it is to be marked dirty, and then [`start`](Self::start) to be called.
    ///
    /// # Cost
    ///
    /// One round trip a thousand keys, and one.
    ///
    /// # Errors
    ///
    /// What local says: `WRONGTYPE` if something else uses its key. [`Error::Unsupported`] if local is a cluster.
    pub(crate) async fn recover(&self, local: &dyn Backend, deadline: Duration) -> Result<RecoveredOutbox> {
        if local.is_sharded() {
            let instead = "its key and those of a write must be on one server: use a spool";
            return Err(Error::unsupported("an outbox on a cluster", instead));
        }
        let mut recovered = RecoveredOutbox::default();
        let mut last = 0_f64;
        loop {
            let from = recovered.keys.len();
            let to = u64::try_from(from).unwrap_or(u64::MAX).saturating_add(CHUNK - 1);
            let chunk = cmd("ZRANGE").arg(&self.key).arg(from).arg(to).arg("WITHSCORES").take();
            let chunk: Vec<(Vec<u8>, f64)> = within(deadline, local.query(chunk)).await?;
            if chunk.is_empty() {
                break;
            }
            for (key, score) in chunk {
                last = last.max(score);
                recovered.keys.push(key.into());
            }
        }
        let notes: Vec<String> =
            within(deadline, local.query(cmd("SMEMBERS").arg(&self.everything_key))).await?;
        let remotes = notes.iter().filter_map(|note| note.strip_prefix(REMOTE));
        recovered.everything = remotes.map(str::to_owned).collect();
        let flushes: BTreeSet<u64> =
            notes.iter().filter_map(|note| note.strip_prefix(FLUSH)?.parse().ok()).collect();
        recovered.is_everything_everywhere = !flushes.is_empty();
        recovered.was_open = !flushes.is_empty() || notes.iter().any(|note| note == OPEN);
        within(deadline, local.query::<()>(cmd("SADD").arg(&self.everything_key).arg(OPEN))).await?;
        let mut state = self.state();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and below 2^53")]
        state.outstanding.go_on_after((last as u64).max(flushes.last().copied().unwrap_or_default()));
        state.flushes.extend(flushes);
        // What is noted there and not marked here is taken away.
        state.untold.extend(recovered.everything.iter().cloned());
        Ok(recovered)
    }

    /// Nothing is under way any more, and everything has arrived: the next process needs not wait for what this one has sent.
    ///
    /// # Cost
    ///
    /// One round trip.
    ///
    /// # Errors
    ///
    /// What local says.
    pub(crate) async fn close(&self, local: &dyn Backend) -> Result<()> {
        local.query(cmd("SREM").arg(&self.everything_key).arg(OPEN)).await
    }

    /// Whether the outbox is being emptied.
    pub(crate) fn is_started(&self) -> bool {
        self.state().outstanding.is_started()
    }

    /// What was recovered is marked: from now on the outbox is emptied.
    pub(crate) fn start(&self) {
        self.state().outstanding.start();
    }

    /// A write is about to be sent to local: its number.
    pub(crate) fn intend(&self) -> u64 {
        self.state().outstanding.begin()
    }

    /// Puts these keys into the outbox: the first command of the transaction in which they are written.
    pub(crate) fn command(&self, n: u64, keys: &[Key]) -> Cmd {
        let mut command = cmd("ZADD");
        // A late one does not undo a later one.
        command.arg(&self.key).arg("GT");
        for key in keys {
            command.arg(n).arg(key.as_ref());
        }
        command
    }

    /// Notes that everything is to be copied to all remotes: the last command of the transaction in which the keys of local are
    /// flushed, and the outbox with them. Before its outcome is told, [`everything`](Self::everything) is told of each remote.
    pub(crate) fn everything_command(&self, n: u64) -> Cmd {
        self.state().flushes.insert(n);
        cmd("SADD").arg(&self.everything_key).arg(format!("{FLUSH}{n}")).take()
    }

    /// What became of a write: all remotes are sent it under this seq, or nothing is sent.
    pub(crate) fn outcome(&self, n: u64, seq: Option<u64>) {
        self.state().outstanding.end(n, seq);
    }

    /// These keys are to be copied to the remote.
    pub(crate) fn dirty(&self, remote: &str, keys: &[Key]) {
        self.state().outstanding.dirty(remote, keys);
    }

    /// The key was copied to the remote.
    pub(crate) fn clean(&self, remote: &str, key: &[u8]) {
        self.state().outstanding.clean(remote, key);
    }

    /// Everything is to be copied to the remote, or was. A crash before the next [`trim`](Self::trim) forgets it.
    pub(crate) fn everything(&self, remote: &str, is: bool) {
        let mut state = self.state();
        state.outstanding.everything(remote, is);
        state.untold.insert(remote.to_owned());
    }

    /// The remote has all up to this, or its keys are dirty.
    pub(crate) fn settled(&self, remote: &str, seq: u64) {
        self.state().outstanding.settled(remote, seq);
    }

    /// There is another remote, which is sent what comes after `last_seq`.
    pub(crate) fn add_remote(&self, name: &str, last_seq: u64) {
        self.state().outstanding.add_remote(name, last_seq);
    }

    /// There is no such remote any more.
    pub(crate) fn remove_remote(&self, name: &str) {
        let mut state = self.state();
        state.outstanding.remove_remote(name);
        state.untold.insert(name.to_owned());
    }

    /// Tells local what changed: to which remotes everything is to be copied, and what leaves the outbox. To be called now and
    /// then, by one task.
    ///
    /// # Cost
    ///
    /// None if nothing changed, else one round trip.
    ///
    /// # Errors
    ///
    /// What local says; then the next call tells it again.
    ///
    /// # Cancel safety
    ///
    /// As for errors: it is told again.
    pub(crate) async fn trim(&self, local: &dyn Backend) -> Result<()> {
        let told = self.state().news();
        let mut batch = Batch::new().atomic();
        for (name, is_everything) in &told.remotes {
            let verb = if *is_everything { "SADD" } else { "SREM" };
            batch.push(cmd(verb).arg(&self.everything_key).arg(format!("{REMOTE}{name}")).take());
        }
        for n in &told.flushes {
            batch.push(cmd("SREM").arg(&self.everything_key).arg(format!("{FLUSH}{n}")).take());
            // It was flushed as well.
            batch.push(cmd("SADD").arg(&self.everything_key).arg(OPEN).take());
        }
        if let Some(floor) = told.floor {
            let range = cmd("ZREMRANGEBYSCORE").arg(&self.key).arg("-inf").arg(format!("({floor}")).take();
            batch.push(range);
        }
        for reply in local.call_batch(&batch).await? {
            reply?;
        }
        self.state().was_told(told);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What local is told at once.
#[derive(Debug)]
struct News {
    remotes: Vec<(String, bool)>,
    flushes: Vec<u64>,
    floor: Option<u64>,
}

impl State {
    /// What local does not know yet.
    fn news(&self) -> News {
        if !self.outstanding.is_started() {
            return News { remotes: Vec::new(), flushes: Vec::new(), floor: None };
        }
        let remotes = self.untold.iter().map(|name| (name.clone(), self.outstanding.is_everything(name)));
        let flushes = self.flushes.iter().copied().filter(|n| !self.outstanding.is_in_progress(*n));
        let floor = self.outstanding.floor();
        News {
            remotes: remotes.collect(),
            flushes: flushes.collect(),
            floor: (floor > self.trimmed).then_some(floor),
        }
    }

    /// Local knows it now.
    fn was_told(&mut self, told: News) {
        for (name, is_everything) in told.remotes {
            // It may have changed meanwhile.
            if self.outstanding.is_everything(&name) == is_everything {
                self.untold.remove(&name);
            }
        }
        for n in told.flushes {
            self.flushes.remove(&n);
        }
        self.trimmed = self.trimmed.max(told.floor.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;

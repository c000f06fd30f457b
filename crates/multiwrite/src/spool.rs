//! The spool: files on disk that know what local was sent, so that a crash of the process loses nothing.
//!
//! Before a write is sent to local, its intent is handed to the system. What the write did, and how far each remote is, follows
//! with the next intent, or by [`flush`](Spool::flush). So after a crash, an intent without an outcome makes its keys dirty, and
//! an outcome that a remote may not have is queued again under its own seq, by which the remote knows whether it has it.

mod bound;
mod bytes;
mod directory;
mod effects;
mod error;
mod frame;
mod ledger;
mod log;
#[cfg(any(test, feature = "test-util"))]
pub(crate) mod memory;
mod options;
mod read;
mod record;
mod recovery;
mod storage;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::effect::{Effect, Key};
use directory::Directory;
pub use error::SpoolError;
use log::Log;
pub use options::{Fsync, SpoolOptions};
pub(crate) use read::Spilled;
pub(crate) use recovery::{Recovered, RecoveredRemote};
pub(crate) use storage::Storage;

/// The spool of one store.
///
/// # Cancel safety
///
/// Nothing here is async: a method that has begun ends.
#[derive(Debug)]
pub(crate) struct Spool {
    storage: Arc<dyn Storage>,
    options: SpoolOptions,
    log: Mutex<Log>,
}

impl Spool {
    /// Opens the spool in a directory; begins one, called `source`, if there is none. Remotes that are not named are forgotten,
    /// and new if they come back.
    ///
    /// # Cost
    ///
    /// Reads all files: some seconds a GiB.
    ///
    /// # Errors
    ///
    /// All of [`SpoolError`]; then nothing was changed but for a torn tail that was cut off.
    pub(crate) fn open(
        directory: &Path,
        options: &SpoolOptions,
        remotes: &[Arc<str>],
        source: &str,
    ) -> Result<(Self, Recovered), SpoolError> {
        options.check()?;
        Self::open_in(Arc::new(Directory::open(directory)?), options, remotes, source)
    }

    /// As [`open`](Self::open), kept anywhere.
    pub(crate) fn open_in(
        storage: Arc<dyn Storage>,
        options: &SpoolOptions,
        remotes: &[Arc<str>],
        source: &str,
    ) -> Result<(Self, Recovered), SpoolError> {
        options.check()?;
        let (log, recovered) = recovery::recover(Arc::clone(&storage), options, remotes, source)?;
        Ok((Self { storage, options: options.clone(), log: Mutex::new(log) }, recovered))
    }

    /// A write to these keys is about to be sent to local. The intent's id; whatever becomes of the write,
    /// [`outcome`](Self::outcome) must be told.
    ///
    /// # Guarantee
    ///
    /// When it returns, the keys are dirty after a crash of the process, unless the outcome is known by then; after a crash of
    /// the machine as well with [`Fsync::Always`].
    ///
    /// # Cost
    ///
    /// One write to a file, which takes along what was told before; and one sync with [`Fsync::Always`].
    ///
    /// # Errors
    ///
    /// [`SpoolError::Full`], [`SpoolError::Io`] or [`SpoolError::NotSynced`]; then the write must not be sent.
    pub(crate) fn intend(&self, keys: &[Key]) -> Result<u64, SpoolError> {
        self.note_intent(Some(keys))
    }

    /// As [`intend`](Self::intend), for a write that may change everything, such as FLUSHALL. Before its outcome, which is nothing,
    /// [`everything`](Self::everything) is told of each remote.
    pub(crate) fn intend_everything(&self) -> Result<u64, SpoolError> {
        self.note_intent(None)
    }

    fn note_intent(&self, keys: Option<&[Key]>) -> Result<u64, SpoolError> {
        let mut log = self.log();
        log.record_settled();
        let mark = log.buffer.len();
        let id = log.ledger.last_intent + 1;
        log.record(|out| match keys {
            Some(keys) => record::put_intent(out, id, keys),
            None => record::put_intent_all(out, id),
        });
        if let Err(error) = log.write() {
            log.buffer.truncate(mark);
            return Err(error);
        }
        log.ledger.intend(id, keys.map(<[Key]>::to_vec));
        let number = log.active.number;
        // The intent is there; if this fails, the next flush says so.
        if let Err(error) = log.keep_within(self.options.segment_bytes / 4) {
            tracing::warn!(%error, "the spool cannot be kept within its bounds");
        }
        drop(log);
        if self.options.fsync == Fsync::Always
            && let Err(cause) = self.storage.sync(number)
        {
            let mut log = self.log();
            log.ledger.close(id);
            log.record(|out| record::put_nothing(out, id));
            return Err(log.fail(cause));
        }
        Ok(id)
    }

    /// What became of an intent: an effect that all remotes are to be sent, or nothing. If its keys are to be copied, that is told
    /// first, by [`dirty`](Self::dirty). Seqs are told in ascending order.
    ///
    /// It is written with the next intent, or by [`flush`](Self::flush).
    pub(crate) fn outcome(&self, intent: u64, shipped: Option<(u64, &Effect)>) {
        let mut log = self.log();
        log.ledger.close(intent);
        let Some((seq, effect)) = shipped else {
            return log.record(|out| record::put_nothing(out, intent));
        };
        log.ledger.last_seq = log.ledger.last_seq.max(seq);
        let (mark, at) = (log.buffer.len(), log.end());
        log.record(|out| record::put_outcome(out, intent, seq, effect));
        if log.end() - at <= self.options.segment_bytes {
            return log.active.note(seq, at);
        }
        // Longer than a file may be: copying its keys is no more work.
        log.buffer.truncate(mark);
        for key in &effect.keys {
            log.record(|out| record::put_gone(out, key, seq));
            log.ledger.lose(Arc::clone(key), seq);
        }
        log.record(|out| record::put_nothing(out, intent));
    }

    /// These keys are to be copied to the remote.
    pub(crate) fn dirty(&self, remote: &str, keys: &[Key]) {
        let mut log = self.log();
        let Some((id, state)) = log.ledger.remote(remote) else { return };
        let fresh: Vec<Key> =
            keys.iter().filter(|key| state.dirty.insert(Arc::clone(key))).cloned().collect();
        if !fresh.is_empty() {
            log.record(|out| record::put_dirty(out, id, &fresh));
        }
    }

    /// The key was copied to the remote.
    pub(crate) fn clean(&self, remote: &str, key: &[u8]) {
        let mut log = self.log();
        let Some((id, state)) = log.ledger.remote(remote) else { return };
        if state.dirty.remove(key) {
            log.record(|out| record::put_clean(out, id, key));
        }
    }

    /// Everything is to be copied to the remote, which makes single keys needless; or was. Keys that become dirty meanwhile are
    /// dirty afterwards.
    pub(crate) fn everything(&self, remote: &str, is: bool) {
        let mut log = self.log();
        let Some((id, state)) = log.ledger.remote(remote) else { return };
        state.set_everything(is);
        log.record(|out| record::put_everything(out, id, is));
    }

    /// The remote has all up to this, or its keys are dirty.
    pub(crate) fn settled(&self, remote: &str, seq: u64) {
        let mut log = self.log();
        log.ledger.last_seq = log.ledger.last_seq.max(seq);
        let Some((_, state)) = log.ledger.remote(remote) else { return };
        if seq > state.settled {
            state.settled = seq;
            state.is_unsaid = true;
        }
    }

    /// Up to these the remote has acknowledged rounds, by lane; fewer than before only where it lost data, which is told first. It
    /// is told before what was [settled](Self::settled) by them.
    pub(crate) fn acked(&self, remote: &str, marks: &[(u16, u64)]) {
        self.log().ledger.set_acked(remote, marks);
    }

    /// There is another remote. It is sent what is told from now on.
    pub(crate) fn add_remote(&self, name: &str, is_everything: bool) {
        let mut log = self.log();
        if log.ledger.remote(name).is_some() {
            return;
        }
        let id = log.ledger.add(name);
        let settled = log.ledger.last_seq;
        if let Some(state) = log.ledger.remotes.get_mut(&id) {
            state.is_everything = is_everything;
        }
        log.record(|out| record::put_remote(out, id, name, settled, is_everything));
    }

    /// There is no such remote any more: nothing is kept for it.
    pub(crate) fn remove_remote(&self, name: &str) {
        let mut log = self.log();
        let Some((id, _)) = log.ledger.remote(name) else { return };
        log.ledger.remotes.remove(&id);
        log.record(|out| record::put_removed(out, id));
    }

    /// The effects from this seq on, at least one if there is one and at most `max_entries`, in order; and what is not kept of them.
    ///
    /// # Cost
    ///
    /// A read of 256 KiB or so, and a write if something was not written yet.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Corrupt`] if the file is damaged, and those of [`intend`](Self::intend).
    pub(crate) fn read_from(&self, seq: u64, max_entries: usize) -> Result<Spilled, SpoolError> {
        loop {
            let mut log = self.log();
            log.write()?;
            let (mut found, place) = (log.gone(seq), log.place(seq));
            // Nobody waits for the file but the caller.
            drop(log);
            let Some(place) = place else { return Ok(found) };
            match read::read_entries(&*self.storage, place, seq, max_entries) {
                Ok(entries) => {
                    found.entries = entries;
                    return Ok(found);
                }
                // It was let go of meanwhile.
                Err(_) if self.log().place(seq).is_none_or(|now| now.0 != place.0) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what was told, removes what is not needed, and, with [`Fsync::Every`], brings it to the disk when it is time. `now`
    /// is the time by the store's clock.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Full`], [`SpoolError::Io`] or [`SpoolError::NotSynced`]; what was told is written later.
    pub(crate) fn flush(&self, now: Duration) -> Result<(), SpoolError> {
        let mut log = self.log();
        log.record_settled();
        log.write()?;
        log.keep_within(0)?;
        let is_due = match self.options.fsync {
            Fsync::Never => false,
            Fsync::Every(period) => now.saturating_sub(log.last_sync) >= period,
            Fsync::Always => true,
        };
        if !is_due || !std::mem::take(&mut log.is_unsynced) {
            return Ok(());
        }
        log.last_sync = now;
        let number = log.active.number;
        // Nobody waits for the disk but the caller.
        drop(log);
        self.storage.sync(number).map_err(|cause| self.log().fail(cause))
    }

    /// Whether something was told and not written.
    pub(crate) fn is_buffered(&self) -> bool {
        let log = self.log();
        !log.buffer.is_empty() || log.ledger.is_unsaid()
    }

    /// How much of the disk it takes, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.log().bytes()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

//! Where a store notes what it is about to do: nowhere, in a spool on disk, or in an outbox on local.

use std::time::Duration;

use redis::Cmd;

use crate::effect::{Effect, Key};
use crate::outbox::Outbox;
use crate::spool::{Spool, SpoolError};

/// Where a store notes what it is about to do. What each promises is said there; without one, what was in memory dies with the
/// process.
#[derive(Debug)]
pub(crate) enum Journal {
    /// Nowhere.
    None,
    /// In files.
    Spool(Box<Spool>),
    /// On local, in the same atomic step as each write.
    Outbox(Box<Outbox>),
}

impl Journal {
    /// A write to these keys is about to be sent to local: its intent's id. Whatever becomes of it, [`outcome`](Self::outcome)
    /// must be told. With an outbox, [`command`](Self::command) must go along with the write.
    ///
    /// # Errors
    ///
    /// Those of the spool's [`intend`](Spool::intend); then the write must not be sent.
    pub(crate) fn intend(&self, keys: &[Key]) -> Result<u64, SpoolError> {
        match self {
            Self::None => Ok(0),
            Self::Spool(spool) => spool.intend(keys),
            Self::Outbox(outbox) => Ok(outbox.intend()),
        }
    }

    /// As [`intend`](Self::intend), for a write that may change everything, such as FLUSHALL. Before its outcome, which is nothing,
    /// [`everything`](Self::everything) is told of each remote. With an outbox,
    /// [`everything_command`](Self::everything_command) must go along with the write.
    ///
    /// # Errors
    ///
    /// As [`intend`](Self::intend).
    pub(crate) fn intend_everything(&self) -> Result<u64, SpoolError> {
        match self {
            Self::None => Ok(0),
            Self::Spool(spool) => spool.intend_everything(),
            Self::Outbox(outbox) => Ok(outbox.intend()),
        }
    }

    /// What goes before the write of this intent, in one transaction with it.
    pub(crate) fn command(&self, intent: u64, keys: &[Key]) -> Option<Cmd> {
        match self {
            Self::None | Self::Spool(_) => None,
            Self::Outbox(outbox) => (!keys.is_empty()).then(|| outbox.command(intent, keys)),
        }
    }

    /// What goes behind a write that may change everything, in one transaction with it: before it, it would be flushed as well.
    pub(crate) fn everything_command(&self, intent: u64) -> Option<Cmd> {
        match self {
            Self::None | Self::Spool(_) => None,
            Self::Outbox(outbox) => Some(outbox.everything_command(intent)),
        }
    }

    /// What became of an intent: an effect that all remotes are sent, or nothing. If its keys are to be copied, that is told
    /// first, by [`dirty`](Self::dirty). Seqs are told in ascending order.
    pub(crate) fn outcome(&self, intent: u64, shipped: Option<(u64, &Effect)>) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.outcome(intent, shipped),
            Self::Outbox(outbox) => outbox.outcome(intent, shipped.map(|(seq, _)| seq)),
        }
    }

    /// These keys are to be copied to the remote.
    pub(crate) fn dirty(&self, remote: &str, keys: &[Key]) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.dirty(remote, keys),
            Self::Outbox(outbox) => outbox.dirty(remote, keys),
        }
    }

    /// The key was copied to the remote.
    pub(crate) fn clean(&self, remote: &str, key: &[u8]) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.clean(remote, key),
            Self::Outbox(outbox) => outbox.clean(remote, key),
        }
    }

    /// Everything is to be copied to the remote, which makes single keys needless; or was.
    pub(crate) fn everything(&self, remote: &str, is: bool) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.everything(remote, is),
            Self::Outbox(outbox) => outbox.everything(remote, is),
        }
    }

    /// The remote has all up to this, or its keys are dirty.
    pub(crate) fn settled(&self, remote: &str, seq: u64) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.settled(remote, seq),
            Self::Outbox(outbox) => outbox.settled(remote, seq),
        }
    }

    /// There is another remote. It is sent what is told from now on; `last_seq` is the last that was told.
    pub(crate) fn add_remote(&self, name: &str, is_everything: bool, last_seq: u64) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.add_remote(name, is_everything),
            Self::Outbox(outbox) => {
                outbox.settled(name, last_seq);
                if is_everything {
                    outbox.everything(name, true);
                }
            }
        }
    }

    /// There is no such remote any more.
    pub(crate) fn remove_remote(&self, name: &str) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.remove_remote(name),
            Self::Outbox(outbox) => outbox.remove_remote(name),
        }
    }

    /// Writes what was told and is not written yet. `now` is the time by the store's clock. An outbox has a
    /// [`trim`](Outbox::trim) of its own, because that asks local.
    ///
    /// # Errors
    ///
    /// Those of the spool's [`flush`](Spool::flush).
    pub(crate) fn flush(&self, now: Duration) -> Result<(), SpoolError> {
        match self {
            Self::None | Self::Outbox(_) => Ok(()),
            Self::Spool(spool) => spool.flush(now),
        }
    }

    /// Whether [`flush`](Self::flush) has something to write.
    pub(crate) fn is_buffered(&self) -> bool {
        match self {
            Self::None | Self::Outbox(_) => false,
            Self::Spool(spool) => spool.is_buffered(),
        }
    }

    /// How much of the disk it takes, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::None | Self::Outbox(_) => 0,
            Self::Spool(spool) => spool.bytes(),
        }
    }
}

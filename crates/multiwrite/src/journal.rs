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

    /// Up to these the remote has acknowledged rounds, by lane; before what was [settled](Self::settled) by them.
    pub(crate) fn acked(&self, remote: &str, marks: &[(u16, u64)]) {
        match self {
            // Without files nothing is known of a remote from before.
            Self::None | Self::Outbox(_) => {}
            Self::Spool(spool) => spool.acked(remote, marks),
        }
    }

    /// There is another remote. It is sent what is told from now on; `last_seq` is the last that was told.
    pub(crate) fn add_remote(&self, name: &str, is_everything: bool, last_seq: u64) {
        match self {
            Self::None => {}
            Self::Spool(spool) => spool.add_remote(name, is_everything),
            Self::Outbox(outbox) => {
                outbox.add_remote(name, last_seq);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::effect::Kind;
    use crate::spool::SpoolOptions;
    use crate::test_util::Disk;

    fn key(name: &str) -> Key {
        Key::from(name.as_bytes())
    }

    /// The names of the commands that go along with a write, and with one that may change everything.
    fn write(journal: &Journal, seq: u64) -> Vec<String> {
        let effect = Effect {
            steps: vec![redis::cmd("SET").arg("k").arg("v").take()],
            keys: vec![key("k")],
            lives: Vec::new(),
            kind: Kind::Overwrites,
        };
        let intent = journal.intend(&effect.keys).unwrap();
        let before = journal.command(intent, &effect.keys);
        assert!(journal.command(intent, &[]).is_none());
        journal.outcome(intent, Some((seq, &effect)));
        let flush = journal.intend_everything().unwrap();
        let behind = journal.everything_command(flush);
        for remote in ["a", "b"] {
            journal.everything(remote, true);
            journal.everything(remote, false);
            journal.dirty(remote, &[key("x")]);
            journal.clean(remote, b"x");
        }
        journal.outcome(flush, None);
        let names = before.iter().chain(&behind).map(redfleet_core::command_name);
        names.map(|name| format!("{name:?}")).collect()
    }

    #[test]
    fn without_one_nothing_is_noted() {
        let journal = Journal::None;
        assert_eq!(write(&journal, 1), [""; 0]);
        journal.add_remote("c", true, 1);
        journal.remove_remote("c");
        journal.settled("a", 1);
        assert!(!journal.is_buffered());
        journal.flush(Duration::ZERO).unwrap();
        assert_eq!(journal.bytes(), 0);
    }

    #[test]
    fn a_spool_is_told_all_of_it_and_nothing_goes_along_with_writes() {
        let (disk, names) = (Disk::new(), [Arc::from("a"), Arc::from("b")]);
        let open = || Spool::open_in(Arc::new(disk.clone()), &SpoolOptions::new(), &names, "s").unwrap();
        let journal = Journal::Spool(Box::new(open().0));
        assert_eq!(write(&journal, 1), [""; 0]);
        journal.settled("a", 1);
        journal.add_remote("c", true, 1);
        journal.remove_remote("b");
        assert!(journal.is_buffered());
        journal.flush(Duration::ZERO).unwrap();
        assert!(!journal.is_buffered());
        assert_eq!(journal.bytes(), u64::try_from(disk.lengths()[0].1).unwrap());
        let (_, recovered) = open();
        let [a, b] = &recovered.remotes[..] else { panic!("{recovered:?}") };
        assert_eq!((a.settled, a.is_known, b.is_known), (1, true, false));
        assert!(!a.is_everything && a.dirty.is_empty() && recovered.unknown.is_empty());
    }

    #[tokio::test]
    async fn an_outbox_goes_along_with_writes_and_is_emptied_when_all_is_done() {
        let local = redfleet_core::Embedded::new();
        let outbox = Outbox::new("o", ["a", "b"]);
        outbox.start();
        let journal = Journal::Outbox(Box::new(outbox));
        assert_eq!(write(&journal, 1), [r#""ZADD""#, r#""SADD""#]);
        journal.add_remote("c", true, 1);
        journal.settled("a", 1);
        journal.remove_remote("b");
        journal.everything("c", false);
        assert!(!journal.is_buffered());
        journal.flush(Duration::ZERO).unwrap();
        assert_eq!(journal.bytes(), 0);
        let Journal::Outbox(outbox) = &journal else { panic!() };
        outbox.trim(&local).await.unwrap();
        outbox.close(&local).await.unwrap();
        let again = Outbox::new("o", ["a"]);
        assert_eq!(
            again.recover(&local, Duration::from_secs(1)).await.unwrap(),
            crate::outbox::RecoveredOutbox::default()
        );
    }
}

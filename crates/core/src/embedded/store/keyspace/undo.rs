//! What the keyspace was: undoing a script, and snapshots.

use super::super::journal::Journal;
use super::{Keyspace, Snapshot};

impl Keyspace {
    /// From now on, what changes can be undone.
    pub(crate) fn begin_undoable(&mut self) {
        self.journal = Some(Journal::default());
        self.ready.mark();
    }

    /// What changed since [`begin_undoable`](Self::begin_undoable) stays.
    pub(crate) fn keep(&mut self) {
        self.journal = None;
    }

    /// What changed since [`begin_undoable`](Self::begin_undoable) is as it was.
    pub(crate) fn undo(&mut self) {
        let Some(journal) = self.journal.take() else { return };
        let (all, touched) = journal.into_parts();
        if let Some(entries) = all {
            self.restore(&Snapshot { entries });
        }
        for (key, before) in touched {
            self.remove(&key);
            if let Some(entry) = before {
                self.changed.push(key.clone());
                self.put(key, entry);
            }
        }
        self.ready.back_to_mark();
    }

    /// All entries as they are now; cheap, because what does not change is shared.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { entries: self.entries.clone() }
    }

    /// Has exactly these entries from now on.
    pub(crate) fn restore(&mut self, snapshot: &Snapshot) {
        self.flush();
        for (key, entry) in snapshot.entries.iter() {
            self.put(key.clone(), entry.clone());
        }
    }
}

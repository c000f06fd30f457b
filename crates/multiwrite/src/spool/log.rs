//! The segments of a spool, and what is about to be written to the last of them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use super::bytes::wide;
use super::error::SpoolError;
use super::frame::{header, put_frame};
use super::ledger::Ledger;
use super::options::{Fsync, SpoolOptions};
use super::record::{put_acked, put_settled};
use super::storage::Storage;

/// How far apart the places are at which a segment is begun to be read, in bytes.
const STRIDE_BYTES: u64 = 64 << 10;
/// A buffer that was longer than this is not kept, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// One file.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// What is written and whole.
    pub(super) bytes: u64,
    /// The header and what was known when it was begun.
    pub(super) snapshot_bytes: u64,
    /// The last outcome in it; 0 if there is none.
    pub(super) last_seq: u64,
    /// Some outcomes and their places, ascending: the first one, and one every so often.
    pub(super) index: Vec<(u64, u64)>,
}

impl Segment {
    pub(super) const fn new(number: u64, snapshot_bytes: u64) -> Self {
        Self { number, bytes: snapshot_bytes, snapshot_bytes, last_seq: 0, index: Vec::new() }
    }

    /// There is such an outcome at this place.
    pub(super) fn note(&mut self, seq: u64, offset: u64) {
        self.last_seq = self.last_seq.max(seq);
        if self.index.last().is_none_or(|(_, last)| offset - last >= STRIDE_BYTES) {
            self.index.push((seq, offset));
        }
    }
}

/// All segments, and what is about to be written.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) options: SpoolOptions,
    pub(super) ledger: Ledger,
    /// Those that are not written any more, the oldest first.
    pub(super) older: VecDeque<Segment>,
    /// That which is written.
    pub(super) active: Segment,
    /// What is not written yet.
    pub(super) buffer: Vec<u8>,
    /// Whether the last write may have left a part behind.
    pub(super) is_torn: bool,
    /// Whether something was written and not brought to the disk.
    pub(super) is_unsynced: bool,
    pub(super) last_sync: Duration,
    /// Why what is written may not be on the disk, once it may not.
    pub(super) failure: Option<Arc<io::Error>>,
}

impl Log {
    /// How much of the disk it takes, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.older.iter().map(|segment| segment.bytes).sum::<u64>()
            + self.active.bytes
            + wide(self.buffer.len())
    }

    /// Where the next record will stand.
    pub(super) fn end(&self) -> u64 {
        self.active.bytes + wide(self.buffer.len())
    }

    /// Adds a record to what is about to be written.
    pub(super) fn record(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let end = self.end();
        put_frame(&mut self.buffer, self.active.number, end, put);
    }

    /// Adds records of how far remotes are, where that changed. What they acknowledged comes first: what is settled by it must not
    /// be known without.
    pub(super) fn record_settled(&mut self) {
        let mut unsaid = Vec::new();
        for (id, remote) in &mut self.ledger.remotes {
            let settled = std::mem::take(&mut remote.is_unsaid).then_some(remote.settled);
            let marks = remote.say_acked();
            if settled.is_some() || !marks.is_empty() {
                unsaid.push((*id, marks, settled));
            }
        }
        for (id, marks, settled) in unsaid {
            if !marks.is_empty() {
                self.record(|out| put_acked(out, id, &marks));
            }
            if let Some(settled) = settled {
                self.record(|out| put_settled(out, id, settled));
            }
        }
    }

    /// Hands all records to the system, in one write. If that fails, they are handed to it with the next.
    pub(super) fn write(&mut self) -> Result<(), SpoolError> {
        self.check()?;
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.is_torn {
            let cut = self.storage.truncate(self.active.number, self.active.bytes);
            cut.map_err(|cause| self.error("cut off what was written in part", cause))?;
            self.is_torn = false;
        }
        if let Err(cause) = self.storage.append(self.active.number, &self.buffer) {
            self.is_torn = true;
            return Err(self.error("write", cause));
        }
        self.active.bytes += wide(self.buffer.len());
        self.is_unsynced = true;
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES);
        Ok(())
    }

    /// Nothing is taken any more once it may not be on the disk.
    pub(super) fn check(&self) -> Result<(), SpoolError> {
        match &self.failure {
            Some(cause) => {
                let directory = self.storage.directory();
                Err(SpoolError::NotSynced { directory, cause: Arc::clone(cause) })
            }
            None => Ok(()),
        }
    }

    /// Begins another segment, with all that is known. Everything must have been written.
    pub(super) fn rotate(&mut self) -> Result<(), SpoolError> {
        // Then only the last segment can have lost its end, whatever crashes.
        self.sync_now()?;
        self.ledger.forget_settled();
        let number = self.active.number + 1;
        let mut bytes = header(number).to_vec();
        self.ledger.put_snapshot(&mut bytes, number);
        let made = self.storage.create(number).and_then(|()| self.storage.append(number, &bytes));
        if let Err(cause) = made {
            // One that is left behind is not complete, and so is none.
            self.storage.remove(number).ok();
            return Err(self.error("begin a file", cause));
        }
        let segment = Segment::new(number, wide(bytes.len()));
        self.older.push_back(std::mem::replace(&mut self.active, segment));
        self.is_unsynced = true;
        Ok(())
    }

    /// Brings what was written to the disk, unless that is left to the system.
    pub(super) fn sync_now(&mut self) -> Result<(), SpoolError> {
        if self.options.fsync == Fsync::Never {
            return Ok(());
        }
        self.is_unsynced = false;
        match self.storage.sync(self.active.number) {
            Ok(()) => Ok(()),
            Err(cause) => Err(self.fail(cause)),
        }
    }

    /// What was written may not be on the disk, and a later try that succeeds would not say otherwise.
    pub(super) fn fail(&mut self, cause: io::Error) -> SpoolError {
        let cause = Arc::clone(self.failure.get_or_insert_with(|| Arc::new(cause)));
        SpoolError::NotSynced { directory: self.storage.directory(), cause }
    }

    /// What the system said while it was asked to do this.
    pub(super) fn error(&self, doing: &'static str, cause: io::Error) -> SpoolError {
        error(&*self.storage, doing, cause)
    }
}

/// Whether that means that there is no room.
pub(super) const fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// What the system said while it was asked to do this.
pub(super) fn error(storage: &dyn Storage, doing: &'static str, cause: io::Error) -> SpoolError {
    let (directory, kind, cause) = (storage.directory(), cause.kind(), Arc::new(cause));
    if is_full(kind) {
        return SpoolError::Full { directory, cause };
    }
    if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        return SpoolError::NotWritable { directory, cause };
    }
    SpoolError::Io { doing, directory, cause }
}

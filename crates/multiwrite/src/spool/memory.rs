//! A disk in memory, for tests: it can be full, refuse to sync, lose what was not synced, and be torn or damaged at any byte.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bytes::wide;
use super::storage::Storage;

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    files: BTreeMap<u64, File>,
    /// How many bytes may still be written; all if nothing is said.
    room_bytes: Option<u64>,
    refuses_sync: bool,
    refuses_truncate: bool,
    is_read_only: bool,
    appends: u64,
    syncs: u64,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    synced: usize,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another disk with the same on it.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.state().clone())) }
    }

    /// From now on this many bytes may be written, and no more: what is too long is written in part.
    pub fn set_room(&self, room_bytes: Option<u64>) {
        self.state().room_bytes = room_bytes;
    }

    /// Whether it refuses to sync from now on.
    pub fn refuse_sync(&self, is: bool) {
        self.state().refuses_sync = is;
    }

    /// Whether it refuses to cut files off from now on.
    pub fn refuse_truncate(&self, is: bool) {
        self.state().refuses_truncate = is;
    }

    /// Whether it takes no new file from now on.
    pub fn set_read_only(&self, is: bool) {
        self.state().is_read_only = is;
    }

    /// The machine crashes: of each file there is what was synced.
    pub fn lose_power(&self) {
        for file in self.state().files.values_mut() {
            file.bytes.truncate(file.synced);
        }
    }

    /// Cuts the newest file off at this length: a crash in the middle of a write.
    pub fn tear(&self, len: usize) {
        if let Some(mut newest) = self.state().files.last_entry() {
            newest.get_mut().bytes.truncate(len);
        }
    }

    /// Changes this byte of this file, by exclusive or.
    pub fn damage(&self, number: u64, at: usize, mask: u8) {
        if let Some(byte) = self.state().files.get_mut(&number).and_then(|file| file.bytes.get_mut(at)) {
            *byte ^= mask;
        }
    }

    /// The numbers and lengths in bytes of all files.
    #[must_use]
    pub fn lengths(&self) -> Vec<(u64, usize)> {
        self.state().files.iter().map(|(number, file)| (*number, file.bytes.len())).collect()
    }

    /// How many writes and how many syncs there were.
    #[must_use]
    pub fn calls(&self) -> (u64, u64) {
        let state = self.state();
        (state.appends, state.syncs)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn file(&mut self, number: u64) -> Result<&mut File> {
        self.files.get_mut(&number).ok_or_else(|| Error::from(ErrorKind::NotFound))
    }
}

impl Storage for Disk {
    fn create(&self, number: u64) -> Result<()> {
        let mut state = self.state();
        if state.is_read_only {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        if state.room_bytes == Some(0) {
            return Err(ErrorKind::StorageFull.into());
        }
        state.files.insert(number, File::default());
        Ok(())
    }

    fn append(&self, number: u64, bytes: &[u8]) -> Result<()> {
        let mut state = self.state();
        state.appends += 1;
        let room_bytes = state.room_bytes.unwrap_or(u64::MAX);
        let taken = bytes.len().min(usize::try_from(room_bytes).unwrap_or(usize::MAX));
        let part = bytes.get(..taken).unwrap_or_default();
        state.file(number)?.bytes.extend_from_slice(part);
        if state.room_bytes.is_some() {
            state.room_bytes = Some(room_bytes - wide(taken));
        }
        if taken == bytes.len() { Ok(()) } else { Err(ErrorKind::StorageFull.into()) }
    }

    fn truncate(&self, number: u64, len: u64) -> Result<()> {
        let mut state = self.state();
        if state.refuses_truncate {
            return Err(Error::other("the disk is broken"));
        }
        let file = state.file(number)?;
        file.bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        file.synced = file.synced.min(file.bytes.len());
        Ok(())
    }

    fn read(&self, number: u64, offset: u64, max_bytes: u64) -> Result<Vec<u8>> {
        let mut state = self.state();
        let bytes = state.file(number)?.bytes.iter();
        let narrow = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(bytes.skip(narrow(offset)).take(narrow(max_bytes)).copied().collect())
    }

    fn list(&self) -> Result<Vec<u64>> {
        Ok(self.state().files.keys().copied().collect())
    }

    fn remove(&self, number: u64) -> Result<()> {
        self.state().files.remove(&number);
        Ok(())
    }

    fn sync(&self, number: u64) -> Result<()> {
        let mut state = self.state();
        state.syncs += 1;
        if state.refuses_sync {
            return Err(Error::other("the disk is broken"));
        }
        if let Ok(file) = state.file(number) {
            file.synced = file.bytes.len();
        }
        Ok(())
    }

    fn directory(&self) -> PathBuf {
        PathBuf::from("memory")
    }
}

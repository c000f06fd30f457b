//! A spool's files in a directory, which is locked as long as the spool is open.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fs4::fs_std::FileExt;

use super::error::SpoolError;
use super::log::is_full;
use super::storage::{Storage, number};

/// A directory of this machine.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// The file that is appended to, kept open.
    active: Mutex<Option<(u64, Arc<File>)>>,
    /// Whether a file was made since the directory was last brought to the disk.
    has_new: AtomicBool,
    /// Held locked. The system releases it when the process ends, however it ends.
    lock: File,
}

impl Directory {
    /// Opens it, and makes it if it is not there.
    pub(super) fn open(path: &Path) -> std::result::Result<Self, SpoolError> {
        let refused = |cause: io::Error| {
            let (directory, is_full) = (path.into(), is_full(cause.kind()));
            let cause = Arc::new(cause);
            if is_full {
                SpoolError::Full { directory, cause }
            } else {
                SpoolError::NotWritable { directory, cause }
            }
        };
        make(path).map_err(refused)?;
        let lock = private().write(true).truncate(false).open(path.join("lock")).map_err(refused)?;
        if !FileExt::try_lock_exclusive(&lock).map_err(refused)? {
            return Err(SpoolError::Locked { directory: path.into() });
        }
        Ok(Self { path: path.into(), active: Mutex::default(), has_new: AtomicBool::new(true), lock })
    }

    /// The file to write to, opened at its first use.
    fn writable(&self, number: u64) -> Result<Arc<File>> {
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        match &*active {
            Some((open, file)) if *open == number => Ok(Arc::clone(file)),
            Some(_) | None => {
                let file = Arc::new(OpenOptions::new().append(true).open(self.path(number))?);
                *active = Some((number, Arc::clone(&file)));
                Ok(file)
            }
        }
    }
}

impl Drop for Directory {
    /// To close the file is not enough: a process that is being started has it open, too, until its own program begins.
    fn drop(&mut self) {
        FileExt::unlock(&self.lock).ok();
    }
}

/// Makes the directory, for its owner alone: keys and values stand there as they are.
fn make(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How a file is opened, and made for its owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl Storage for Directory {
    fn create(&self, number: u64) -> Result<()> {
        private().write(true).truncate(true).open(self.path(number))?;
        self.has_new.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn append(&self, number: u64, bytes: &[u8]) -> Result<()> {
        (&*self.writable(number)?).write_all(bytes)
    }

    fn truncate(&self, number: u64, len: u64) -> Result<()> {
        OpenOptions::new().write(true).open(self.path(number))?.set_len(len)
    }

    fn read(&self, number: u64, offset: u64, max_bytes: u64) -> Result<Vec<u8>> {
        let mut file = File::open(self.path(number))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(max_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            numbers.extend(entry?.file_name().to_str().and_then(number));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn remove(&self, number: u64) -> Result<()> {
        match fs::remove_file(self.path(number)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    fn sync(&self, number: u64) -> Result<()> {
        if self.has_new.swap(false, Ordering::SeqCst) && cfg!(unix) {
            File::open(&self.path)?.sync_all()?;
        }
        match OpenOptions::new().append(true).open(self.path(number)) {
            Ok(file) => file.sync_data(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn directory(&self) -> PathBuf {
        self.path.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_closes_it_unlocks_it_also_where_a_child_has_the_file_open() {
        let path = std::env::temp_dir().join(format!("redfleet-directory-{}", std::process::id()));
        let directory = Directory::open(&path).unwrap();
        let of_a_child = directory.lock.try_clone().unwrap();
        assert!(matches!(Directory::open(&path), Err(SpoolError::Locked { .. })));
        drop(directory);
        drop(Directory::open(&path).unwrap());
        drop(of_a_child);
        fs::remove_dir_all(&path).unwrap();
    }
}

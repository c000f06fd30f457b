//! The seam below the spool: numbered files that are appended to.

use std::fmt::Debug;
use std::io::Result;
use std::path::PathBuf;

/// Numbered files that are appended to, and read from anywhere.
pub(crate) trait Storage: Debug + Send + Sync {
    /// Makes a file, empty. One that is there already is emptied.
    fn create(&self, number: u64) -> Result<()>;

    /// Appends to a file. If it fails, the file may have got a part.
    fn append(&self, number: u64, bytes: &[u8]) -> Result<()>;

    /// Cuts a file off at this length.
    fn truncate(&self, number: u64, len: u64) -> Result<()>;

    /// What a file has from `offset` on, at most this much.
    fn read(&self, number: u64, offset: u64, max_bytes: u64) -> Result<Vec<u8>>;

    /// The numbers of all files, ascending.
    fn list(&self) -> Result<Vec<u64>>;

    /// Removes a file.
    fn remove(&self, number: u64) -> Result<()>;

    /// Brings a file to the disk, and that there is such a file. One that is gone needs nothing.
    fn sync(&self, number: u64) -> Result<()>;

    /// Where the files are, for texts of errors.
    fn directory(&self) -> PathBuf;

    /// Where this file is, for texts of errors.
    fn path(&self, number: u64) -> PathBuf {
        self.directory().join(name(number))
    }
}

/// What the file of this number is called. Names sort as their numbers do.
pub(super) fn name(number: u64) -> String {
    format!("{number:020}.spool")
}

/// Whose name it is.
pub(super) fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".spool").filter(|digits| digits.len() == 20)?.parse().ok()
}

//! Why a spool cannot be used, and what to do.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use redfleet_core::ConfigError;

/// Why a spool cannot be used, and what to do. Where a write meets one of these, it was not sent anywhere.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The directory cannot be made, or this process may not write there.
    #[error("the spool cannot be kept in {}: give it a directory that this process may make files in", .directory.display())]
    #[non_exhaustive]
    NotWritable {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },

    /// The disk, or what may be used of it, is full.
    #[error("no room for the spool in {}: nothing was sent; make room there, and what comes then is taken again", .directory.display())]
    #[non_exhaustive]
    Full {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },

    /// Another store uses the directory, in this process or in another.
    #[error("the spool in {} is in use: each store needs a directory of its own", .directory.display())]
    #[non_exhaustive]
    Locked {
        /// The directory.
        directory: PathBuf,
    },

    /// A file was written by another version of this crate.
    #[error(
        "{} has version {found} of the format, and this is {known}: let the version that wrote it deliver what is in it, or move \
         the directory away and copy everything to every remote (`resync`)", .segment.display()
    )]
    #[non_exhaustive]
    Version {
        /// The file.
        segment: PathBuf,
        /// The version that it has.
        found: u32,
        /// The version that is known here.
        known: u32,
    },

    /// A file is not as it was written. Which writes it held is not known any more.
    #[error(
        "{} is damaged at byte {offset}: which writes it held is not known any more, so move the directory away and copy \
         everything to every remote (`resync`)", .segment.display()
    )]
    #[non_exhaustive]
    Corrupt {
        /// The file.
        segment: PathBuf,
        /// Where in the file, in bytes.
        offset: u64,
    },

    /// A file between others is not there.
    #[error(
        "{} is missing: which writes it held is not known any more, so put it back, or move the directory away and copy \
         everything to every remote (`resync`)", .segment.display()
    )]
    #[non_exhaustive]
    Missing {
        /// The file.
        segment: PathBuf,
    },

    /// The system refused to bring to the disk what was written, so nobody knows what of it is there.
    #[error("what was written to the spool in {} may not be on the disk: see after the disk, and restart", .directory.display())]
    #[non_exhaustive]
    NotSynced {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },

    /// The system refused something else.
    #[error("cannot {doing} in the spool {}: nothing was sent", .directory.display())]
    #[non_exhaustive]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },

    /// A setting can never work.
    #[error("the spool's {0}")]
    Config(#[source] ConfigError),
}

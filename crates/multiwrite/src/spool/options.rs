//! How a spool behaves.

use std::time::Duration;

use redfleet_core::ConfigError;

use super::error::SpoolError;

/// When what a spool was told is brought to the disk. Whatever is chosen, a write's intent is handed to the system before the
/// write is sent to local, so a crash of the process alone loses nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fsync {
    /// When the system likes: a crash of the machine may lose what was written in the last half minute or so.
    #[default]
    Never,
    /// This often: a crash of the machine may lose what was written since.
    Every(Duration),
    /// Before a write is sent to local: a crash of the machine loses nothing. Each write waits for the disk.
    Always,
}

/// How a spool behaves. Each setting has a default that is meant to do.
///
/// Keys and values stand in its files as they are. On Unix a directory that it makes, and its files, are their owner's alone (modes
/// 0700 and 0600); a directory that is there keeps the mode that it has.
#[derive(Clone, Debug)]
pub struct SpoolOptions {
    pub(super) max_bytes: u64,
    pub(super) segment_bytes: u64,
    pub(super) max_keys: usize,
    pub(super) fsync: Fsync,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self { max_bytes: 1 << 30, segment_bytes: 64 << 20, max_keys: 1_000_000, fsync: Fsync::Never }
    }
}

impl SpoolOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How much of the disk it may take, in bytes; 1 GiB unless told. Over it the oldest goes: its keys are copied whole.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How long one of its files is, in bytes; 64 MiB unless told. What is delivered leaves the disk a file at a time.
    #[must_use]
    pub const fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// How many keys it remembers of what had to go; 1,000,000 unless told. Over it everything is copied.
    #[must_use]
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// When what it was told is brought to the disk.
    #[must_use]
    pub const fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Whether the settings can work.
    pub(super) fn check(&self) -> Result<(), SpoolError> {
        let wrong = |setting, expected| Err(SpoolError::Config(ConfigError::setting(setting, expected)));
        if self.segment_bytes < 256 {
            return wrong("segment_bytes", "256 or more");
        }
        if self.max_bytes / 2 < self.segment_bytes {
            return wrong("max_bytes", "twice segment_bytes or more");
        }
        Ok(())
    }
}

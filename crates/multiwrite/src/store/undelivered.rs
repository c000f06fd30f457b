//! What was not delivered in time.

use std::fmt;

use crate::health::RemoteHealth;

/// What remotes still lack, as far as is known.
///
/// It reads like `eu: 12 writes queued, 3 keys to be copied`.
#[derive(Clone, Debug)]
pub struct Undelivered {
    pub(super) remotes: Vec<RemoteHealth>,
    /// Writes that local has not answered yet.
    pub(super) is_writing: bool,
}

impl Undelivered {
    /// The remotes that lack something, and what.
    #[must_use]
    pub fn remotes(&self) -> &[RemoteHealth] {
        &self.remotes
    }

    /// Whether local had not answered all writes yet.
    #[must_use]
    pub const fn is_writing(&self) -> bool {
        self.is_writing
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for remote in &self.remotes {
            write!(f, "{gap}{}: {} writes queued, ", remote.name, remote.entries)?;
            if remote.is_copying_everything {
                write!(f, "all keys to be copied")?;
            } else {
                write!(f, "{} keys to be copied", remote.dirty_keys)?;
            }
            gap = "; ";
        }
        if self.is_writing {
            write!(f, "{gap}local has not answered all writes")?;
        }
        Ok(())
    }
}

impl std::error::Error for Undelivered {}

//! What a holder wants of its hold.

use std::time::Duration;

use crate::owner::Owner;

/// What a holder wants of its hold, whether the servers grant it or it is handed to it within the process.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Who may enter it again.
    pub(crate) owner: Option<Owner>,
    /// How long it may be held at most.
    pub(crate) max_hold: Duration,
    /// Whether it is extended without being asked.
    pub(crate) is_attended: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { owner: None, max_hold: Duration::MAX, is_attended: true }
    }
}

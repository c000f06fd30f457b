//! What a hold shares within its process: its leases, its owner, and what is left of its block of tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redfleet_core::mutant;

use crate::owner::Owner;

/// What a hold shares with others of this process.
#[derive(Debug)]
pub(crate) struct Share {
    /// The line that it is handed on in: empty if it is not.
    pub(crate) key: Arc<str>,
    /// The last token of its block.
    pub(crate) last_token: u64,
    /// How often it may still be handed on.
    pub(crate) hand_overs_left: u32,
    /// Who may enter it again.
    pub(crate) owner: Option<Owner>,
    /// It ends with the last of them.
    leases: AtomicUsize,
}

impl Default for Share {
    fn default() -> Self {
        Self::new("".into(), 0, 0, None)
    }
}

impl Share {
    /// Of a hold with one lease.
    pub(crate) const fn new(
        key: Arc<str>,
        last_token: u64,
        hand_overs_left: u32,
        owner: Option<Owner>,
    ) -> Self {
        Self { key, last_token, hand_overs_left, owner, leases: AtomicUsize::new(1) }
    }

    /// That of the one to whom it is handed, unless it was handed on often enough.
    pub(crate) fn hand_on(&self, owner: Option<Owner>) -> Option<Self> {
        let left = self.hand_overs_left.checked_sub(u32::from(!mutant::is_on("handed_on_without_end")))?;
        Some(Self::new(Arc::clone(&self.key), self.last_token, left, owner))
    }

    /// One more lease, unless the last one is given back already.
    pub(crate) fn enter(&self) -> bool {
        let more = |leases| if leases == 0 { None } else { Some(leases + 1) };
        self.leases.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// One lease less: whether it was the last one.
    pub(crate) fn leave(&self) -> bool {
        self.leases.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

//! One effect on its way to one remote.

use std::sync::Arc;
use std::time::Duration;

use crate::effect::Effect;
use crate::receipt::Ticket;

/// One effect on its way to one remote.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its place among all effects of the source: what is queued later has a higher one. The same at all remotes.
    pub(crate) seq: u64,
    /// Whose order it keeps: the slot of its keys on a remote that is sharded, 0 on any other.
    pub(crate) lane: u16,
    /// What is carried out. Shared with the other remotes.
    pub(crate) effect: Arc<Effect>,
    /// Who is told what becomes of it, if anybody.
    pub(crate) tickets: Vec<Ticket>,
    /// When it was queued, by the store's clock.
    pub(crate) since: Duration,
}

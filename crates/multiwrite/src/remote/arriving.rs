//! One effect on its way into a queue.

use std::sync::Arc;
use std::time::Duration;

use crate::effect::Effect;
use crate::receipt::Ticket;

/// One effect on its way into a queue.
pub(crate) struct Incoming<'a> {
    /// Its place, the same at all remotes.
    pub(crate) seq: u64,
    /// What is carried out.
    pub(crate) effect: &'a Arc<Effect>,
    /// Its parts by slot, for a sharded remote; none if it cannot be split.
    pub(crate) parts: Option<&'a [(u16, Arc<Effect>)]>,
    /// Who is told what becomes of it.
    pub(crate) tickets: Vec<Ticket>,
    /// When, by the store's clock.
    pub(crate) now: Duration,
}

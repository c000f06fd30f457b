//! Effects on their way into a queue: one that arrives now, and those that are left in the spool.

use std::collections::BTreeMap;
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

/// Effects that are left in the spool until there is room for them.
#[derive(Debug)]
pub(crate) struct Spill {
    /// The first of them.
    pub(crate) next: u64,
    /// The last of them.
    pub(crate) last: u64,
    /// Up to here the process before may have sent them.
    pub(crate) sent: u64,
    /// Without a watermark: what was sent may still arrive.
    pub(crate) is_plain: bool,
    /// Who waits for some of them.
    pub(crate) tickets: BTreeMap<u64, Vec<Ticket>>,
}

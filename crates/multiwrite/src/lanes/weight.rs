//! How much of a queue's bytes an entry takes.

use crate::effect::Effect;
use crate::entry::Entry;
use crate::receipt::Ticket;

use super::lane::Slot;

/// What an entry takes beside its effect: itself, its place in its lane, and its key's in the index.
const ENTRY_BYTES: usize = size_of::<Entry>() + size_of::<Slot>() + 64;

/// What somebody takes who waits for an entry: the ticket, and about what the receipt does.
const TICKET_BYTES: usize = size_of::<Ticket>() + 128;

/// The bytes of the effect's commands, and about what it costs to keep them and those who wait for them.
pub(super) fn of(effect: &Effect, tickets: usize) -> usize {
    ENTRY_BYTES + effect.bytes() + tickets * TICKET_BYTES
}

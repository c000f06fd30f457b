//! How much of a queue's bytes an entry takes.

use crate::effect::Effect;
use crate::entry::Entry;

use super::lane::Slot;

/// What an entry takes beside its effect: itself, its place in its lane, and its key's in the index.
const ENTRY_BYTES: usize = size_of::<Entry>() + size_of::<Slot>() + 64;

/// The bytes of the effect's commands, and about what it costs to keep them.
pub(super) fn of(effect: &Effect) -> usize {
    ENTRY_BYTES + effect.bytes()
}

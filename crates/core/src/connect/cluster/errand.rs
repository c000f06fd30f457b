//! What of a batch goes together, and where: decided for all of it before any of it is sent.

use redis::Cmd;

use super::route::Route;
use super::slots::Slot;
use crate::backend::{Batch, Portion, name, word};
use crate::error::{Error, Result};

/// What is carried out at once.
pub(crate) enum Errand<'a> {
    /// One command, which may be taken apart.
    Command(&'a Cmd, Route),
    /// A transaction, which may not, and the slot of its keys, if it has keys.
    Block(Vec<&'a Cmd>, Option<Slot>),
}

/// The errands of a batch, in order.
///
/// # Errors
///
/// [`Error::Unsupported`] if one of them can go nowhere.
pub(crate) fn errands(batch: &Batch) -> Result<Vec<Errand<'_>>> {
    let mut errands = Vec::with_capacity(batch.len());
    let mut commands = batch.commands();
    for portion in batch.portions() {
        match portion {
            Portion::Command => {
                let Some(command) = commands.next() else { break };
                errands.push(Errand::Command(command, Route::of(command)?));
            }
            Portion::Block(len) => {
                let block: Vec<_> = commands.by_ref().take(len).collect();
                let slot = one_slot(block.iter().copied())?;
                errands.push(Errand::Block(block, slot));
            }
        }
    }
    Ok(errands)
}

/// The one slot of all keys of a transaction, if it has keys.
///
/// # Errors
///
/// [`Error::Unsupported`] if they lie in several, or if a command goes to every primary.
pub(crate) fn one_slot<'a>(commands: impl Iterator<Item = &'a Cmd>) -> Result<Option<Slot>> {
    let mut slot: Option<Slot> = None;
    for command in commands {
        match Route::of(command)? {
            Route::Any => {}
            Route::Slot(own) if slot.is_none_or(|slot| slot == own) => slot = Some(own),
            Route::Slot(_) | Route::Split => return Err(Error::unsupported(SEVERAL, ONE_SLOT)),
            Route::Primary(_) => return Err(Error::unsupported("SCAN", NOT_WHOLE)),
            Route::Primaries => return Err(Error::unsupported(word(name(command)), NOT_ATOMIC)),
        }
    }
    Ok(slot)
}

const SEVERAL: &str = "a transaction with keys in several slots";
const ONE_SLOT: &str = "a transaction runs on one server: give its keys one {hash tag}";
const NOT_WHOLE: &str = "it goes to one primary after the other: send it outside of a transaction";
const NOT_ATOMIC: &str =
    "it goes to every primary, and a transaction to one: send it outside of a transaction";

//! What became of one write at one remote.

use redfleet_core::Error;

/// What became of one write at one remote.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It is in the queue in memory.
    Queued,
    /// It is in the spool on disk, and will be queued when there is room.
    Spooled,
    /// The remote has it.
    Acked,
    /// It is not sent as such: its keys are copied whole later, so that the remote becomes equal all the same.
    Dropped(DropReason),
    /// The remote refused it, or it cannot get there. Its keys are copied whole later, unless the error says otherwise.
    Failed(Error),
}

impl Outcome {
    /// Whether it stays so.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Spooled)
    }
}

/// Why a write is not sent as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue was full, and this was to go by the remote's [`Overflow`](crate::Overflow).
    Overflow,
    /// One of its keys is to be copied anyway.
    KeyIsDirty,
    /// It has keys in several slots, and this remote is sharded.
    SeveralSlots,
    /// Nobody knows whether local carried it out.
    LocalUnknown,
    /// What it does cannot be said in commands, or not in so few.
    CannotBeSaid,
    /// It may have arrived or not, and must not arrive twice.
    MayBeThere,
    /// The remote lost what it had, so everything is copied.
    RemoteLostData,
    /// The remote was removed.
    RemoteRemoved,
    /// The store was shut down.
    Shutdown,
}

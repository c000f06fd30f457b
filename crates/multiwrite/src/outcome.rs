//! What became of one write at one remote.

use std::fmt;

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
    /// It is not sent as such: its keys are copied whole later, so that the remote becomes equal all the same. A message, which has
    /// no key, is lost there.
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

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued => f.write_str("queued"),
            Self::Spooled => f.write_str("spooled"),
            Self::Acked => f.write_str("acked"),
            Self::Dropped(reason) => write!(f, "dropped, {reason}"),
            Self::Failed(error) => write!(f, "failed, {error}"),
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "the queue was full",
            Self::KeyIsDirty => "a key is to be copied anyway",
            Self::SeveralSlots => "its keys are in several slots",
            Self::LocalUnknown => "local may or may not have it",
            Self::CannotBeSaid => "its effect cannot be said in commands",
            Self::MayBeThere => "it may be there, and must not be twice",
            Self::RemoteLostData => "the remote lost its data",
            Self::RemoteRemoved => "the remote was removed",
            Self::Shutdown => "the store was shut down",
        })
    }
}

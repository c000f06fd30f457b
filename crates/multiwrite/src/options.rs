//! How a store and its remotes behave.

mod dead_letter;
mod remote;

use std::time::Duration;

pub use dead_letter::DeadLetter;
pub(crate) use dead_letter::OnDeadLetter;
pub use remote::RemoteOptions;

/// When remotes are sent a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// When local has carried it out: what local refuses goes nowhere.
    #[default]
    LocalFirst,
    /// At the same time as local, where what it does can be said beforehand. If local then refuses it, its keys are copied from
    /// local to all remotes.
    Parallel,
}

/// How often an effect may happen on a remote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Guarantee {
    /// Exactly once, also over lost replies, reconnections and replays: the remote keeps the place up to which it has
    /// everything, and checks it in the same step. Needs scripts.
    #[default]
    ExactlyOnce,
    /// At least once: plain pipelines, faster, also where scripts are not permitted. An effect that must not happen twice and
    /// may have happened is not sent again: its keys are copied whole.
    AtLeastOnce,
}

/// What happens to a write when a remote's queue is full. Whatever is dropped has its keys copied whole later; a message (PUBLISH,
/// SPUBLISH) has none, and is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The writer waits for room this long, before local is written; then its write is refused.
    Block {
        /// How long.
        within: Duration,
    },
    /// The oldest that is not under way makes room.
    DropOldest,
    /// It is not queued.
    DropNew,
    /// It stays in the spool until there is room. Needs a spool.
    Spill,
}

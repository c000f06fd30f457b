//! How a store and its remotes behave.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Error;

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

/// What happens to a write when a remote's queue is full. Whatever is dropped has its keys copied whole later.
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

/// What a remote refused, for the callback of [`RemoteOptions`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The remote's name.
    pub remote: Arc<str>,
    /// The names of the commands. Their arguments may be secret, so they are not here.
    pub commands: Vec<String>,
    /// The keys. They are copied whole, so that the remote becomes equal all the same.
    pub keys: Vec<Arc<[u8]>>,
    /// What the remote said.
    pub error: Error,
}

/// Takes dead letters. It runs in the remote's own task, and must not block.
pub(crate) type OnDeadLetter = Arc<dyn Fn(&DeadLetter) + Send + Sync>;

/// How one remote is written. Each setting has a default that is meant to do.
#[derive(Clone)]
pub struct RemoteOptions {
    pub(crate) max_entries: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_dirty_keys: usize,
    pub(crate) overflow: Overflow,
    pub(crate) guarantee: Guarantee,
    pub(crate) deadline: Duration,
    pub(crate) round_entries: usize,
    pub(crate) round_bytes: usize,
    pub(crate) gather: Duration,
    pub(crate) first_retry: Duration,
    pub(crate) last_retry: Duration,
    pub(crate) on_dead_letter: Option<OnDeadLetter>,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_bytes: 64 << 20,
            max_dirty_keys: 1_000_000,
            overflow: Overflow::DropOldest,
            guarantee: Guarantee::ExactlyOnce,
            deadline: Duration::from_secs(5),
            round_entries: 1000,
            round_bytes: 1 << 20,
            gather: Duration::from_millis(1),
            first_retry: Duration::from_millis(10),
            last_retry: Duration::from_secs(5),
            on_dead_letter: None,
        }
    }
}

impl fmt::Debug for RemoteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteOptions")
            .field("max_entries", &self.max_entries)
            .field("max_bytes", &self.max_bytes)
            .field("overflow", &self.overflow)
            .field("guarantee", &self.guarantee)
            .finish_non_exhaustive()
    }
}

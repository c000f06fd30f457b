//! How one remote is written.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::ConfigError;

use super::{DeadLetter, Guarantee, OnDeadLetter, Overflow};

/// How many effects one script call can carry: each has some arguments, and Lua's stack is bounded.
const MAX_ROUND_ENTRIES: usize = 10_000;

/// How one remote is written. Each setting has a default that is meant to do.
///
/// What cannot work (a bound of nothing, a first pause over the last) is told when the store is built, or the remote added.
///
/// # Example
///
/// ```
/// use redfleet_multiwrite::{Overflow, RemoteOptions};
/// use std::time::Duration;
///
/// let far_away = RemoteOptions::new()
///     .max_bytes(256 << 20)
///     .overflow(Overflow::Block { within: Duration::from_millis(100) })
///     .deadline(Duration::from_secs(10))
///     .on_dead_letter(|letter| eprintln!("{} refused {:?}: {}", letter.remote, letter.commands, letter.error));
/// # assert!(format!("{far_away:?}").contains("max_bytes: 268435456"));
/// ```
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

impl RemoteOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many writes may be queued in memory, with those under way; 100,000 unless it is said. What comes then goes by
    /// [`overflow`](Self::overflow).
    #[must_use]
    pub const fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// How many bytes may be queued in memory: those of the commands, and what it costs to keep them, which is about half a
    /// kilobyte for each write; 64 MiB unless it is said. What comes then goes by [`overflow`](Self::overflow).
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How many keys may be known one by one to be copied whole; a million unless it is said. One more, and everything is copied.
    #[must_use]
    pub const fn max_dirty_keys(mut self, keys: usize) -> Self {
        self.max_dirty_keys = keys;
        self
    }

    /// What happens to a write when the queue is full; the oldest goes unless it is said. Either way nothing is lost: the keys of
    /// what is not sent are copied whole.
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// How often an effect may happen at the remote; exactly once unless it is said.
    #[must_use]
    pub const fn guarantee(mut self, guarantee: Guarantee) -> Self {
        self.guarantee = guarantee;
        self
    }

    /// How long a round may take; 5 s unless it is said. What is not answered by then is taken to be perhaps there, and is sent
    /// again, or its keys are copied, by the [`guarantee`](Self::guarantee).
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many writes are sent in one round, and so in one round trip; 1000 unless it is said, 10,000 at most. More at once is
    /// more throughput, and a longer time in which the remote serves nobody else.
    #[must_use]
    pub const fn round_entries(mut self, entries: usize) -> Self {
        self.round_entries = entries;
        self
    }

    /// How many bytes are sent in one round, counted as in [`max_bytes`](Self::max_bytes); 1 MiB unless it is said. One write is
    /// sent however large it is.
    #[must_use]
    pub const fn round_bytes(mut self, bytes: usize) -> Self {
        self.round_bytes = bytes;
        self
    }

    /// How long a small round waits for more, when nobody waits for the writes in it; 1 ms unless it is said. None sends each as
    /// soon as the round before it is answered.
    #[must_use]
    pub const fn gather(mut self, gather: Duration) -> Self {
        self.gather = gather;
        self
    }

    /// The pauses before what could not be sent is sent again: by chance, up to `first` after the first time, up to twice as
    /// much after each more, and never over `last`; 10 ms and 1 s unless it is said. While its breaker is open it is probed as
    /// rarely. There is no last time: what is queued
    /// stays so until the remote takes it, or until it has to make room.
    #[must_use]
    pub const fn retries(mut self, first: Duration, last: Duration) -> Self {
        (self.first_retry, self.last_retry) = (first, last);
        self
    }

    /// What is told of each write that the remote refused. It runs in the remote's own task, so it must not block.
    #[must_use]
    pub fn on_dead_letter(mut self, take: impl Fn(&DeadLetter) + Send + Sync + 'static) -> Self {
        self.on_dead_letter = Some(Arc::new(take));
        self
    }

    /// That these settings can work.
    ///
    /// # Errors
    ///
    /// The first that never can.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let wanted = [
            (self.max_entries > 0, "the entries of a remote's queue", "at least 1"),
            (self.max_bytes > 0, "the bytes of a remote's queue", "at least 1"),
            (self.max_dirty_keys > 0, "the dirty keys of a remote", "at least 1"),
            (
                (1..=MAX_ROUND_ENTRIES).contains(&self.round_entries),
                "the entries of a remote's round",
                "1 to 10000",
            ),
            (self.round_bytes > 0, "the bytes of a remote's round", "at least 1"),
            (!self.deadline.is_zero(), "the deadline of a remote's round", "over 0 s"),
            (!self.first_retry.is_zero(), "the first pause before a remote is sent more", "over 0 s"),
            (
                self.first_retry <= self.last_retry,
                "the last pause before a remote is sent more",
                "no less than the first",
            ),
            (self.gather < self.deadline, "how long a remote's round is gathered", "less than its deadline"),
        ];
        let wrong = wanted.into_iter().find(|(is_right, ..)| !is_right);
        wrong.map_or(Ok(()), |(_, setting, expected)| Err(ConfigError::setting(setting, expected)))
    }
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
            last_retry: Duration::from_secs(1),
            on_dead_letter: None,
        }
    }
}

impl fmt::Debug for RemoteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteOptions")
            .field("max_entries", &self.max_entries)
            .field("max_bytes", &self.max_bytes)
            .field("max_dirty_keys", &self.max_dirty_keys)
            .field("overflow", &self.overflow)
            .field("guarantee", &self.guarantee)
            .field("deadline", &self.deadline)
            .field("round_entries", &self.round_entries)
            .field("round_bytes", &self.round_bytes)
            .field("gather", &self.gather)
            .field("first_retry", &self.first_retry)
            .field("last_retry", &self.last_retry)
            .field("on_dead_letter", &self.on_dead_letter.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_can_never_work_is_told_and_nothing_else() {
        let new = RemoteOptions::new;
        let cases = [
            (new().max_entries(0), "the entries of a remote's queue must be at least 1"),
            (new().max_bytes(0), "the bytes of a remote's queue must be at least 1"),
            (new().max_dirty_keys(0), "the dirty keys of a remote must be at least 1"),
            (new().round_entries(0), "the entries of a remote's round must be 1 to 10000"),
            (new().round_entries(10_001), "the entries of a remote's round must be 1 to 10000"),
            (new().round_bytes(0), "the bytes of a remote's round must be at least 1"),
            (new().deadline(Duration::ZERO), "the deadline of a remote's round must be over 0 s"),
            (
                new().gather(5 * SECOND),
                "how long a remote's round is gathered must be less than its deadline",
            ),
            (
                new().retries(Duration::ZERO, SECOND),
                "the first pause before a remote is sent more must be over 0 s",
            ),
            (
                new().retries(2 * SECOND, SECOND),
                "the last pause before a remote is sent more must be no less than the first",
            ),
        ];
        for (options, said) in cases {
            assert_eq!(options.check().unwrap_err().to_string(), said);
        }
        new().check().unwrap();
        new().max_entries(1).max_bytes(1).max_dirty_keys(1).round_entries(10_000).check().unwrap();
        new().gather(Duration::ZERO).retries(SECOND, SECOND).round_bytes(1).check().unwrap();
    }

    #[test]
    fn each_setting_is_what_was_said() {
        let options = RemoteOptions::new()
            .max_entries(1)
            .max_bytes(2)
            .max_dirty_keys(3)
            .overflow(Overflow::DropNew)
            .guarantee(Guarantee::AtLeastOnce)
            .deadline(4 * SECOND)
            .round_entries(5)
            .round_bytes(6)
            .gather(7 * SECOND)
            .retries(8 * SECOND, 9 * SECOND)
            .on_dead_letter(|_| {});
        let said = "RemoteOptions { max_entries: 1, max_bytes: 2, max_dirty_keys: 3, overflow: DropNew, \
            guarantee: AtLeastOnce, deadline: 4s, round_entries: 5, round_bytes: 6, gather: 7s, first_retry: 8s, \
            last_retry: 9s, on_dead_letter: true }";
        assert_eq!(format!("{options:?}"), said);
    }
}

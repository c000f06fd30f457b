//! What is known of a remote.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Error as CoreError;

use crate::remote::Remote;

/// What is known of a remote.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteHealth {
    /// Its name.
    pub name: Arc<str>,
    /// How many writes and copies are in its queue, with those in flight.
    pub entries: usize,
    /// Their bytes, as the bound counts them.
    pub bytes: usize,
    /// How many of them are in flight.
    pub in_flight: usize,
    /// How long the oldest of them has waited: the lag.
    pub oldest: Option<Duration>,
    /// Up to here everything is settled there: acknowledged, or its keys are dirty.
    pub settled_seq: u64,
    /// How many writes it has acknowledged, copies included.
    pub acked: u64,
    /// How many rounds had to be sent again.
    pub retries: u64,
    /// How many writes were not sent as such; their keys are copied.
    pub dropped: u64,
    /// How many writes it refused.
    pub dead_letters: u64,
    /// How many copies of keys have arrived.
    pub copies: u64,
    /// How often it had lost data.
    pub data_losses: u64,
    /// How many keys are to be copied.
    pub dirty_keys: usize,
    /// Whether all keys are to be copied, or are being copied.
    pub is_copying_everything: bool,
    /// How much the spool takes on the disk, in bytes: for all remotes together.
    pub spool_bytes: u64,
    /// What it said last when it did not say yes; none since it did.
    pub last_error: Option<CoreError>,
    /// Whether its breaker is open: it is probed, and comes back by itself.
    pub is_down: bool,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Why nothing is sent until it is resumed, if that is so.
    pub halted: Option<CoreError>,
}

impl Remote {
    pub(crate) fn health(&self) -> RemoteHealth {
        let now = self.clock.now();
        let queue = self.queue();
        RemoteHealth {
            name: Arc::clone(&self.name),
            entries: queue.lanes.len(),
            bytes: queue.lanes.bytes(),
            in_flight: queue.lanes.in_flight(),
            oldest: queue.lanes.oldest_since().map(|since| now.saturating_sub(since)),
            settled_seq: queue.lanes.floor(),
            acked: queue.counts.acked,
            retries: queue.counts.retries,
            dropped: queue.counts.dropped,
            dead_letters: queue.counts.dead_letters,
            copies: queue.counts.copies,
            data_losses: queue.counts.data_losses,
            dirty_keys: queue.dirty.len(),
            is_copying_everything: queue.dirty.everything().is_some(),
            spool_bytes: self.journal.bytes(),
            last_error: queue.last_error.clone(),
            is_down: matches!(queue.last_error, Some(CoreError::Down { .. })),
            is_paused: queue.is_paused,
            halted: queue.halted.clone(),
        }
    }
}

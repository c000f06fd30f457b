//! The figures of `health()`, told to whatever recorder the `metrics` crate has.

use metrics::{counter, gauge};

use crate::health::RemoteHealth;

/// Tells the figures of one remote, labelled with its name.
pub(crate) fn tell(remote: &RemoteHealth) {
    let name = || remote.name.to_string();
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
    let set = |gauge: metrics::Gauge, value: u64| gauge.set(value as f64);
    let size = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    set(gauge!("redfleet_multiwrite_queue_entries", "remote" => name()), size(remote.entries));
    set(gauge!("redfleet_multiwrite_queue_bytes", "remote" => name()), size(remote.bytes));
    set(gauge!("redfleet_multiwrite_in_flight", "remote" => name()), size(remote.in_flight));
    set(gauge!("redfleet_multiwrite_settled_seq", "remote" => name()), remote.settled_seq);
    set(gauge!("redfleet_multiwrite_dirty_keys", "remote" => name()), size(remote.dirty_keys));
    set(gauge!("redfleet_multiwrite_spool_bytes", "remote" => name()), remote.spool_bytes);
    set(gauge!("redfleet_multiwrite_down", "remote" => name()), remote.is_down.into());
    set(gauge!("redfleet_multiwrite_paused", "remote" => name()), remote.is_paused.into());
    set(gauge!("redfleet_multiwrite_halted", "remote" => name()), remote.halted.is_some().into());
    set(
        gauge!("redfleet_multiwrite_copying_everything", "remote" => name()),
        remote.is_copying_everything.into(),
    );
    gauge!("redfleet_multiwrite_lag_seconds", "remote" => name())
        .set(remote.oldest.unwrap_or_default().as_secs_f64());
    counter!("redfleet_multiwrite_acked_total", "remote" => name()).absolute(remote.acked);
    counter!("redfleet_multiwrite_retries_total", "remote" => name()).absolute(remote.retries);
    counter!("redfleet_multiwrite_dropped_total", "remote" => name()).absolute(remote.dropped);
    counter!("redfleet_multiwrite_dead_letters_total", "remote" => name()).absolute(remote.dead_letters);
    counter!("redfleet_multiwrite_copies_total", "remote" => name()).absolute(remote.copies);
    counter!("redfleet_multiwrite_data_losses_total", "remote" => name()).absolute(remote.data_losses);
}

//! When a waiter asks again: pure.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::attempt::Denied;
use crate::line::seat::News;

/// What is known of the servers when a waiter begins to sleep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So many wakes are enough to have the lock.
    pub(crate) majority: usize,
    /// How long after the first wake the others are waited for: a round trip. The release that sent it is on its way to them.
    pub(crate) grace: Duration,
    /// How long a server keeps the lock for whoever it woke.
    pub(crate) reservation: Duration,
}

/// How long a waiter sleeps between two attempts.
#[derive(Debug)]
pub(crate) struct Pace {
    limits: Limits,
    /// When what it was told is over.
    told: Instant,
    woken_by: BTreeSet<usize>,
    /// When a wake is to be followed even if no other comes.
    woken: Option<Instant>,
    /// When the one before it has had its time.
    next: Option<Instant>,
    has_gap: bool,
}

/// The longest pause of one that cannot reach a majority: so long after the servers are back it asks at the latest.
const LONGEST: Duration = Duration::from_secs(1);

impl Pace {
    /// After an attempt that came to nothing at `now`, to ask again after `pause` unless there is news.
    pub(crate) fn new(limits: Limits, pause: Duration, now: Instant) -> Self {
        let told = now.checked_add(pause).unwrap_or(now + LONGEST * 1_000_000);
        Self { limits, told, woken_by: BTreeSet::new(), woken: None, next: None, has_gap: false }
    }

    /// The servers said this.
    pub(crate) fn heard(&mut self, news: News, now: Instant) {
        let is_woken = !news.woken_by.is_empty();
        self.woken_by.extend(news.woken_by);
        if is_woken {
            let until = now + self.limits.grace;
            self.woken = Some(self.woken.map_or(until, |before| before.min(until)));
        }
        if news.is_next {
            self.next = Some(now + self.limits.reservation + self.limits.grace);
        }
        self.has_gap |= news.has_gap;
    }

    /// When to ask again, or nothing if at once.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.has_gap || self.woken_by.len() >= self.limits.majority {
            return None;
        }
        let sooner = [self.woken, self.next].into_iter().flatten().min();
        Some(sooner.map_or(self.told, |sooner| sooner.min(self.told)))
    }
}

/// How long to sleep without news: `before` others stand in line before it, `failures` is how often no majority was reached in a row,
/// and `chance` is from 0 to 1.
pub(crate) fn pause(
    denied: &Denied,
    limits: Limits,
    before: u64,
    (failures, chance): (u32, f64),
) -> Duration {
    match denied {
        Denied::Busy { free, .. } if !free.is_empty() => busy_pause(Duration::ZERO, before, limits, chance),
        Denied::Busy { retry_after, .. } => busy_pause(*retry_after, before, limits, chance),
        Denied::Unreachable { .. } | Denied::TooLate => failed_pause(failures, limits, chance),
    }
}

/// Those before it look first, one after the other, each for as long as the lock would be kept for it.
fn busy_pause(retry_after: Duration, before: u64, limits: Limits, chance: f64) -> Duration {
    let places = u32::try_from(before.saturating_add(1)).unwrap_or(u32::MAX);
    let others = limits.reservation.saturating_mul(places);
    retry_after.saturating_add(others).saturating_add(limits.reservation.mul_f64(chance))
}

/// Twice as long each time, less up to a half of it.
fn failed_pause(failures: u32, limits: Limits, chance: f64) -> Duration {
    let pause = limits.reservation.saturating_mul(1 << failures.min(10)).min(LONGEST);
    pause.mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests;

//! A clock that is late, runs fast and jumps, as a test has it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Clock, Source};
use crate::lock::lock;

/// A true clock's rate, in millionths.
const TRUE_RATE_PPM: i64 = 1_000_000;

/// The hand on a simulated [`Clock`]: it sets where the clock stands and how fast it goes.
///
/// True time is tokio's, which a simulation pauses. Cheap to clone: clones, and all clocks from
/// [`clock`](Self::clock), are the same.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::SimulatedClock;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let hand = SimulatedClock::new(Duration::from_secs(1_700_000_000));
/// let clock = hand.clock();
/// hand.set_drift_ppm(20_000); // two per cent fast
/// tokio::time::sleep(Duration::from_secs(100)).await;
/// assert_eq!(clock.now(), Duration::from_secs(102));
///
/// hand.set_offset_ms(-5_000); // somebody sets the time
/// assert_eq!(clock.now(), Duration::from_secs(102)); // that is no time that has passed
/// assert_eq!(clock.unix(), Duration::from_secs(1_700_000_097));
/// # }
/// ```
#[derive(Clone)]
pub struct SimulatedClock {
    dial: Arc<Mutex<Dial>>,
    /// It was set: whoever waits for a time has another while to go.
    set: Arc<Notify>,
}

struct Dial {
    /// The Unix time that the clock was made at.
    epoch: Duration,
    /// How far the Unix time is off by now.
    offset_ms: i64,
    rate_ppm: u64,
    /// What [`Clock::now`] was at `since`, a moment of true time.
    shown: Duration,
    since: Instant,
}

impl SimulatedClock {
    /// A true clock, which says that it is `unix` now.
    #[must_use]
    pub fn new(unix: Duration) -> Self {
        let rate_ppm = TRUE_RATE_PPM.unsigned_abs();
        let (shown, since) = (Duration::ZERO, Instant::now());
        let dial = Dial { epoch: unix, offset_ms: 0, rate_ppm, shown, since };
        Self { dial: Arc::new(Mutex::new(dial)), set: Arc::default() }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock { source: Source::Simulated(self.clone()) }
    }

    /// Sets the Unix time off by this much, as an administrator does: time that has passed is as before.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        lock(&self.dial).offset_ms = offset_ms;
        self.set.notify_waiters();
    }

    /// Lets the clock gain this many microseconds each second from now on, or lose them; one that loses a million
    /// stands still.
    pub fn set_drift_ppm(&self, drift_ppm: i32) {
        let mut dial = lock(&self.dial);
        dial.settle();
        dial.rate_ppm = u64::try_from(TRUE_RATE_PPM + i64::from(drift_ppm)).unwrap_or_default();
        drop(dial);
        self.set.notify_waiters();
    }

    /// Lets the clock jump, time that has passed included: forward as a machine that slept, or back as no machine
    /// should, at most to its start.
    pub fn jump_ms(&self, by_ms: i64) {
        let mut dial = lock(&self.dial);
        dial.settle();
        dial.shown = moved(dial.shown, by_ms);
        drop(dial);
        self.set.notify_waiters();
    }

    pub(super) fn now(&self) -> Duration {
        lock(&self.dial).now()
    }

    pub(super) fn unix(&self) -> Duration {
        lock(&self.dial).unix()
    }

    /// Waits until it is this Unix time, however the clock is set meanwhile.
    #[cfg(feature = "embedded")]
    pub(super) async fn reach_unix(&self, unix: Duration) {
        loop {
            let set = self.set.notified();
            tokio::pin!(set);
            // Before the clock is looked at, so that nobody sets it in between.
            set.as_mut().enable();
            let left = lock(&self.dial).true_time_until(unix);
            if left == Some(Duration::ZERO) {
                return;
            }
            tokio::select! {
                biased;
                () = set => {}
                () = tokio::time::sleep(left.unwrap_or_default()), if left.is_some() => {}
            }
        }
    }
}

impl Dial {
    fn now(&self) -> Duration {
        let passed_ns = self.since.elapsed().as_nanos() * u128::from(self.rate_ppm);
        let passed_ns = passed_ns / u128::from(TRUE_RATE_PPM.unsigned_abs());
        self.shown + Duration::from_nanos(u64::try_from(passed_ns).unwrap_or(u64::MAX))
    }

    fn unix(&self) -> Duration {
        moved(self.epoch + self.now(), self.offset_ms)
    }

    /// How much true time it takes to this Unix time, rounded up; never, if the clock stands still.
    #[cfg(feature = "embedded")]
    fn true_time_until(&self, unix: Duration) -> Option<Duration> {
        let left_ns = unix.saturating_sub(self.unix()).as_nanos();
        if left_ns == 0 {
            return Some(Duration::ZERO);
        }
        let scaled_ns = left_ns.saturating_mul(u128::from(TRUE_RATE_PPM.unsigned_abs()));
        let true_ns = scaled_ns.checked_div(u128::from(self.rate_ppm))?.saturating_add(1);
        Some(Duration::from_nanos(u64::try_from(true_ns).unwrap_or(u64::MAX)))
    }

    /// What has passed so far, passed at the rate so far.
    fn settle(&mut self) {
        (self.shown, self.since) = (self.now(), Instant::now());
    }
}

fn moved(time: Duration, by_ms: i64) -> Duration {
    let by = Duration::from_millis(by_ms.unsigned_abs());
    if by_ms < 0 { time.saturating_sub(by) } else { time.saturating_add(by) }
}

impl fmt::Debug for SimulatedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dial = lock(&self.dial);
        f.debug_struct("SimulatedClock")
            .field("now", &dial.now())
            .field("offset_ms", &dial.offset_ms)
            .field("rate_ppm", &dial.rate_ppm)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Duration = Duration::from_secs(1_700_000_000);

    async fn pass(ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    fn shown_ms(clock: &Clock) -> (u128, i128) {
        let unix_ms = i128::try_from(clock.unix().as_millis()).unwrap();
        (clock.now().as_millis(), unix_ms - i128::try_from(EPOCH.as_millis()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_rate_holds_from_now_on_and_not_before() {
        let hand = SimulatedClock::new(EPOCH);
        let clock = hand.clock();
        pass(1000).await;
        hand.set_drift_ppm(500_000);
        assert_eq!(shown_ms(&clock), (1000, 1000));
        pass(1000).await;
        assert_eq!(shown_ms(&clock), (2500, 2500));
        hand.set_drift_ppm(-1_000_000);
        pass(1000).await;
        assert_eq!(shown_ms(&clock), (2500, 2500), "it stands still");
        hand.set_drift_ppm(i32::MIN);
        pass(1000).await;
        assert_eq!(shown_ms(&clock), (2500, 2500), "it never runs back");
    }

    #[tokio::test(start_paused = true)]
    async fn to_set_the_time_moves_unix_time_alone_and_a_jump_moves_both() {
        let hand = SimulatedClock::new(EPOCH);
        let clock = hand.clock();
        pass(1000).await;
        hand.set_offset_ms(-300);
        assert_eq!(shown_ms(&clock), (1000, 700));
        hand.set_offset_ms(300);
        assert_eq!(shown_ms(&clock), (1000, 1300));
        hand.jump_ms(5000);
        assert_eq!(shown_ms(&clock), (6000, 6300));
        hand.jump_ms(-4000);
        assert_eq!(shown_ms(&clock), (2000, 2300));
        hand.jump_ms(-4000);
        assert_eq!(shown_ms(&clock), (0, 300), "not before its start");
    }

    #[tokio::test(start_paused = true)]
    async fn rates_lose_nothing_over_a_year() {
        let hand = SimulatedClock::new(EPOCH);
        hand.set_drift_ppm(1);
        let year = Duration::from_secs(365 * 86_400);
        tokio::time::advance(year).await;
        assert_eq!(hand.now(), year + year / 1_000_000);
    }
}

//! The one clock: how much time has passed, and what time it is.

#[cfg(feature = "test-util")]
pub(crate) mod simulated;
mod system;

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells how much time has passed ([`now`](Self::now)), and what time it is ([`unix`](Self::unix)).
///
/// Whatever has to know the time takes a clock, so that a test can give each of its nodes and clients one of its own,
/// which is late, fast, or jumps. To *wait* is not its business: that is tokio's, whose time can be paused.
/// Cheap to clone: clones are the same clock, with the same start.
///
/// # Example
///
/// ```
/// use redfleet_core::Clock;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let clock = Clock::tokio();
/// let (now, unix) = (clock.now(), clock.unix());
/// tokio::time::sleep(Duration::from_secs(60)).await; // takes no time at all: it is paused
/// assert_eq!(clock.now() - now, Duration::from_secs(60));
/// assert_eq!(clock.unix() - unix, Duration::from_secs(60));
/// # }
/// ```
#[derive(Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System {
        start: system::Reading,
    },
    Tokio {
        start: Instant,
        unix: Duration,
    },
    #[cfg(feature = "test-util")]
    Simulated(simulated::SimulatedClock),
}

impl Clock {
    /// The machine's own clock: for production.
    ///
    /// # Guarantee
    ///
    /// [`now`](Self::now) counts the time that the machine sleeps, because a lease ends meanwhile: on Linux and Android
    /// it is `CLOCK_BOOTTIME`, on Apple's systems `CLOCK_MONOTONIC`, which does so there. Elsewhere it is the standard
    /// library's `Instant`, which does on Windows, and elsewhere perhaps not. Paused time does not pause it.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System { start: system::read() } }
    }

    /// A clock that follows tokio's time, and so stands still while that is paused. Its Unix time is the machine's when it
    /// is made, and is not set again later: for what runs in this process, such as the embedded store.
    ///
    /// It does not count the time that the machine sleeps, except where the standard library's `Instant` does.
    #[must_use]
    pub fn tokio() -> Self {
        Self { source: Source::Tokio { start: Instant::now(), unix: machine_unix() } }
    }

    /// How much time has passed since the clock was made. It never goes back, unless it is a simulated clock that
    /// was told to.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.source {
            Source::System { start } => start.elapsed(),
            Source::Tokio { start, .. } => start.elapsed(),
            #[cfg(feature = "test-util")]
            Source::Simulated(clock) => clock.now(),
        }
    }

    /// The time since the Unix epoch. It may be wrong, and may jump either way, as that of any machine: whoever measures
    /// an interval uses [`now`](Self::now).
    #[must_use]
    pub fn unix(&self) -> Duration {
        match &self.source {
            Source::System { .. } => machine_unix(),
            Source::Tokio { start, unix } => *unix + start.elapsed(),
            #[cfg(feature = "test-util")]
            Source::Simulated(clock) => clock.unix(),
        }
    }

    /// Waits until it is this Unix time. A clock that is late, or is set back meanwhile, may say an earlier one then, so
    /// whoever must be sure asks it again.
    #[cfg(feature = "embedded")]
    pub(crate) async fn reach_unix(&self, unix: Duration) {
        match &self.source {
            Source::System { .. } | Source::Tokio { .. } => {
                tokio::time::sleep(unix.saturating_sub(self.unix())).await;
            }
            #[cfg(feature = "test-util")]
            Source::Simulated(clock) => clock.reach_unix(unix).await,
        }
    }
}

/// A machine whose clock says that it is before 1970 is taken to be at its beginning.
fn machine_unix() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.source {
            Source::System { .. } => "system",
            Source::Tokio { .. } => "tokio",
            #[cfg(feature = "test-util")]
            Source::Simulated(_) => "simulated",
        };
        f.debug_struct("Clock").field("kind", &kind).field("now", &self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tokios_clock_stands_still_while_time_is_paused_and_clones_are_one_clock() {
        let clock = Clock::tokio();
        let unix = clock.unix();
        let clone = clock.clone();
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!(clock.now(), Duration::from_millis(1500));
        assert_eq!(clone.unix() - unix, Duration::from_millis(1500));
    }

    #[tokio::test(start_paused = true)]
    async fn the_systems_clock_goes_on_while_time_is_paused_and_is_not_moved_by_it() {
        let clock = Clock::system();
        tokio::time::advance(Duration::from_secs(3600)).await;
        let before = clock.now();
        assert!(before < Duration::from_secs(3600));
        while clock.now() == before {
            std::hint::spin_loop();
        }
        assert!(clock.now() > before);
        // Later than when this was written, and earlier than the year 2500.
        let unix = clock.unix().as_secs();
        assert!((1_700_000_000..16_700_000_000).contains(&unix), "{unix}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_systems_clock_counts_from_the_boot_sleep_included() {
        // The first figure of /proc/uptime is CLOCK_BOOTTIME, in hundredths of a second.
        let uptime = || -> f64 {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            text.split(' ').next().unwrap().parse().unwrap()
        };
        let before = uptime();
        let read = system::read().since_boot().as_secs_f64();
        let after = uptime();
        assert!((before - 0.02..after + 0.02).contains(&read), "{read} is not from {before} to {after}");
    }
}

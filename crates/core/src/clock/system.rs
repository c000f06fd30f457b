//! The machine's clock that counts the time it sleeps, where there is one.

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod counted {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    /// Darwin's monotonic clock goes on while the machine sleeps, and Linux's does not.
    #[cfg(target_vendor = "apple")]
    const COUNTS_SLEEP: ClockId = ClockId::Monotonic;
    #[cfg(not(target_vendor = "apple"))]
    const COUNTS_SLEEP: ClockId = ClockId::Boottime;

    /// What the clock showed at one moment.
    #[derive(Clone, Copy)]
    pub(in crate::clock) struct Reading(Duration);

    pub(in crate::clock) fn read() -> Reading {
        let time = clock_gettime(COUNTS_SLEEP);
        let secs = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
        Reading(Duration::new(secs, nanos))
    }

    impl Reading {
        pub(in crate::clock) fn elapsed(self) -> Duration {
            read().0.saturating_sub(self.0)
        }

        #[cfg(test)]
        pub(in crate::clock) const fn since_boot(self) -> Duration {
            self.0
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod counted {
    use std::time::{Duration, Instant};

    /// What the clock showed at one moment.
    #[derive(Clone, Copy)]
    pub(in crate::clock) struct Reading(Instant);

    #[expect(clippy::disallowed_methods, reason = "the machine's own clock is what is asked for")]
    pub(in crate::clock) fn read() -> Reading {
        Reading(Instant::now())
    }

    impl Reading {
        pub(in crate::clock) fn elapsed(self) -> Duration {
            read().0.saturating_duration_since(self.0)
        }
    }
}

pub(super) use counted::{Reading, read};

//! How much a thread has worked: what else the machine does is no part of how fast a scenario is.

use std::time::Duration;

/// The time that this thread has had a core so far.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(super) fn so_far() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::ThreadCPUTime);
    let secs = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(secs, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Time on the wall, where nobody tells how much of it was ours.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
#[expect(clippy::disallowed_methods, reason = "measures real time; no test pauses it")]
pub(super) fn so_far() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGAN.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_up() {
        let before = so_far();
        while so_far() == before {
            std::hint::spin_loop();
        }
        assert!(so_far() > before);
    }
}

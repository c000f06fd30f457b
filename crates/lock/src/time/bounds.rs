//! How far a clock is ahead of ours: bounds from what it told, and whether it has moved since. Pure.

use std::time::Duration;

use crate::validity::GRAIN;

/// A server's time of day less our clock lies between these. It did when the server told it, whatever the way took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    low_ns: i64,
    high_ns: i64,
}

/// What is known of a clock by this time of ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Baseline {
    pub(super) bounds: Bounds,
    at: Duration,
}

/// How a clock stands to what was known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// As it may, with clocks that drift.
    Not,
    /// It was set forward by something between these: what it was to end has ended too early.
    Forward(Jump),
    /// It was set back by at least this much: what it was to end ends too late, which harms nobody.
    Back(Duration),
}

/// How far a clock was set forward: not less, and not more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

impl Bounds {
    /// From the time that was told, in microseconds since the epoch, between these two moments of our clock.
    pub(super) fn of(told_us: i64, asked: Duration, heard: Duration) -> Self {
        let told_ns = told_us.saturating_mul(1_000);
        Self { low_ns: told_ns.saturating_sub(ns(heard)), high_ns: told_ns.saturating_sub(ns(asked)) }
    }

    pub(super) const fn middle_ns(self) -> i64 {
        self.low_ns.saturating_add(self.high_ns.saturating_sub(self.low_ns) / 2)
    }

    /// By how much the middle may be off.
    pub(super) fn error(self) -> Duration {
        Duration::from_nanos(self.high_ns.saturating_sub(self.low_ns).unsigned_abs() / 2)
    }

    /// The same against a clock of ours that is set forward by so much.
    pub(super) fn against_later(self, by: Duration) -> Self {
        let by_ns = ns(by);
        Self { low_ns: self.low_ns.saturating_sub(by_ns), high_ns: self.high_ns.saturating_sub(by_ns) }
    }

    fn widened(self, by_ns: i64) -> Self {
        Self { low_ns: self.low_ns.saturating_sub(by_ns), high_ns: self.high_ns.saturating_add(by_ns) }
    }

    /// What both say, if they agree.
    fn and(self, other: Self) -> Option<Self> {
        let both = Self { low_ns: self.low_ns.max(other.low_ns), high_ns: self.high_ns.min(other.high_ns) };
        (both.low_ns <= both.high_ns).then_some(both)
    }
}

impl Baseline {
    pub(super) const fn new(bounds: Bounds, at: Duration) -> Self {
        Self { bounds, at }
    }

    /// What is known once this was heard too, and how the clock moved. Of a clock that was set forward nothing new is known: somebody
    /// has to decide first whose clock that was.
    pub(super) fn hear(self, new: Bounds, heard: Duration, drift_ppm: u32) -> (Self, Moved) {
        // Both clocks drift. Rounded up, so that many short steps allow no less than a long one.
        let elapsed_ns = i128::from(ns(heard.saturating_sub(self.at)));
        let drift_ns = (elapsed_ns * 2 * i128::from(drift_ppm) + 999_999) / 1_000_000;
        let known = self.bounds.widened(i64::try_from(drift_ns).unwrap_or(i64::MAX));
        let grain_ns = ns(GRAIN);
        if new.low_ns.saturating_sub(known.high_ns) > grain_ns {
            let least = nanos(new.low_ns.saturating_sub(known.high_ns).saturating_sub(grain_ns));
            let most = nanos(new.high_ns.saturating_sub(known.low_ns).saturating_add(grain_ns));
            return (self, Moved::Forward(Jump { least, most }));
        }
        if known.low_ns.saturating_sub(new.high_ns) > grain_ns {
            let by = nanos(known.low_ns.saturating_sub(new.high_ns).saturating_sub(grain_ns));
            return (Self::new(new, heard), Moved::Back(by));
        }
        // Where they miss each other by a grain, what was known stays: else a clock could walk away by a grain each time.
        (Self::new(known.and(new).unwrap_or(known), heard.max(self.at)), Moved::Not)
    }
}

impl Jump {
    /// Whether both may be one and the same jump of our own clock.
    pub(super) fn may_be(self, other: Self) -> bool {
        self.least <= other.most && other.least <= self.most
    }
}

fn ns(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

fn nanos(ns: i64) -> Duration {
    Duration::from_nanos(u64::try_from(ns).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH_US: i64 = 1_700_000_000_000_000;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A reply from a clock that is `off_us` ahead, in the middle of a round trip of 2 ms that was heard then.
    fn told(off_us: i64, heard: Duration) -> Bounds {
        let middle_us = i64::try_from(heard.as_micros()).unwrap() - 1_000;
        Bounds::of(EPOCH_US + off_us + middle_us, heard - ms(2), heard)
    }

    fn first(at: Duration) -> Baseline {
        Baseline::new(told(0, at), at)
    }

    #[test]
    fn the_offset_is_known_but_for_half_the_round_trip() {
        let bounds = told(0, ms(10));
        assert_eq!((bounds.middle_ns(), bounds.error()), (EPOCH_US * 1_000, ms(1)));
    }

    #[test]
    fn a_jump_is_what_round_trips_drift_and_a_grain_do_not_explain() {
        // Half a round trip each way, 1 s with a drift of 0.5 % twice, and the grain: 1 + 1 + 10 + 2 ms.
        let known = first(ms(100));
        let (_, moved) = known.hear(told(14_000, ms(1_100)), ms(1_100), 5_000);
        assert_eq!(moved, Moved::Not);
        let (_, moved) = known.hear(told(14_100, ms(1_100)), ms(1_100), 5_000);
        assert!(matches!(moved, Moved::Forward(_)), "{moved:?}");
        let (_, moved) = known.hear(told(-14_000, ms(1_100)), ms(1_100), 5_000);
        assert_eq!(moved, Moved::Not);
        let (_, moved) = known.hear(told(-14_100, ms(1_100)), ms(1_100), 5_000);
        assert!(matches!(moved, Moved::Back(_)), "{moved:?}");
    }

    #[test]
    fn the_true_jump_lies_within_what_is_told_of_it() {
        let (_, moved) = first(ms(100)).hear(told(5_000_000, ms(200)), ms(200), 5_000);
        let Moved::Forward(jump) = moved else { panic!("{moved:?}") };
        assert!((jump.least..=jump.most).contains(&Duration::from_secs(5)), "{jump:?}");
        assert!(jump.most - jump.least <= ms(10), "{jump:?}");
    }

    #[test]
    fn many_small_steps_are_one_great_one() {
        let mut known = first(ms(100));
        let mut stepped_us = 0;
        for step in 1..=20 {
            stepped_us += 1_500;
            let heard = ms(100 + step * 4);
            let (next, moved) = known.hear(told(stepped_us, heard), heard, 5_000);
            known = next;
            if moved != Moved::Not {
                assert!(stepped_us <= 6_000, "noticed only after {stepped_us} us");
                return;
            }
        }
        panic!("30 ms in 80 ms were not noticed");
    }

    #[test]
    fn a_clock_within_its_budget_is_never_accused_however_long_and_often_it_is_asked() {
        // 0.9 % fast against us is within twice 0.5 %, in steps of 7 us and of 10 s.
        for step_us in [7, 900, 10_000_000_u64] {
            let mut known = Baseline::new(Bounds::of(EPOCH_US, ms(0), ms(0)), ms(0));
            for at_us in (1..20_000).map(|n| n * step_us) {
                let at = Duration::from_micros(at_us);
                let off_us = i64::try_from(at_us * 9 / 1_000 + at_us).unwrap();
                let (next, moved) = known.hear(Bounds::of(EPOCH_US + off_us, at, at), at, 5_000);
                assert_eq!(moved, Moved::Not, "after {at:?}");
                known = next;
            }
        }
    }

    #[test]
    fn many_replies_in_short_steps_allow_no_less_drift_than_one_after_a_long_one() {
        let wide = Bounds { low_ns: -1_000_000_000, high_ns: 1_000_000_000 };
        let exact = Baseline::new(Bounds { low_ns: 0, high_ns: 0 }, ms(0));
        let (once, _) = exact.hear(wide, ms(1), 1);
        let hear = |known: Baseline, at_us| known.hear(wide, Duration::from_micros(at_us), 1).0;
        let often = (1..=1_000).fold(exact, hear);
        assert_eq!(once.bounds.high_ns, 2);
        assert!(often.bounds.high_ns >= 2, "{often:?}");
    }

    #[test]
    fn a_reply_that_comes_out_of_turn_accuses_nobody() {
        let known = first(ms(500));
        let (later, moved) = known.hear(told(0, ms(490)), ms(490), 1);
        assert_eq!((moved, later.at), (Moved::Not, ms(500)));
    }
}

//! The median of some figures, and between which two of them it lies with 95 % confidence.

/// A median with its 95 % interval.
///
/// The interval's ends are figures of the sample itself (order statistics; ranks from the binomial
/// distribution), so nothing is assumed about how the figures are spread, and nothing is random.
///
/// # References
///
/// H. A. David and H. N. Nagaraja, *Order Statistics*, 3rd ed., section 7.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval of these figures; with fewer than six of them it is all that was seen.
    #[must_use]
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let rank = rank(sorted.len());
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        Self { low: at(rank), median: middle(&sorted), high: at(last.saturating_sub(rank)) }
    }
}

/// The median of figures in any order.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    middle(&figures)
}

fn middle(sorted: &[f64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(at(half.wrapping_sub(1)), at(half)) } else { at(half) }
}

/// How many figures at either end can be left out, so that the true median is beyond what is left at that end with
/// a chance of at most 2.5 %.
fn rank(count: usize) -> usize {
    // The chance that exactly k of `count` fair coins show heads, from k = 0 upwards.
    let mut chance = (0..count).fold(1.0, |chance: f64, _| chance / 2.0);
    let (mut sum, mut rank) = (0.0, 0);
    for heads in 0..count / 2 {
        sum += chance;
        if sum > 0.025 {
            break;
        }
        rank = heads + 1;
        let (left, next) = (count - heads, heads + 1);
        chance *= ratio(left, next);
    }
    // Counted from 1, the figure of this rank is the interval's end: all before it are left out.
    rank.saturating_sub(1)
}

#[expect(clippy::cast_precision_loss, reason = "counts of blocks are small")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranks_are_those_of_the_tables() {
        // Counted from 0: for 40 figures the interval goes from the 14th to the 27th.
        assert_eq!([6, 10, 20, 40, 100].map(rank), [0, 1, 5, 13, 39]);
        let interval = Interval::of((1..=40).rev().map(f64::from));
        assert_eq!(interval, Interval { low: 14.0, median: 20.5, high: 27.0 });
    }

    #[test]
    fn few_figures_give_all_that_was_seen() {
        assert_eq!(Interval::of([3.0, 1.0, 2.0]), Interval { low: 1.0, median: 2.0, high: 3.0 });
        assert!(Interval::of([]).median.is_nan());
    }

    #[test]
    fn the_interval_holds_the_true_median_about_as_often_as_it_says() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1_u32 << 31)
        };
        let runs = 2000;
        let held = (0..runs)
            .map(|_| Interval::of((0..40).map(|_| next())))
            .filter(|interval| interval.low <= 0.5 && 0.5 <= interval.high)
            .count();
        assert!((1900..=1980).contains(&held), "{held} of {runs}");
    }
}

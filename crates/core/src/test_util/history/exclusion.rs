//! Exclusion: never more than so many hold the same thing at once.

use std::ops::Range;
use std::time::Duration;

use super::Violation;

/// The time during which somebody was sure to hold something.
///
/// Times are true time, in which the checker compares them: from when the holder was told until its own clock said
/// that its lease was over, or until it began to give it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    holder: String,
    during: Range<Duration>,
    is_shared: bool,
}

impl Hold {
    /// `holder` held it alone, from the start of the range up to its end.
    pub fn new(holder: impl Into<String>, during: Range<Duration>) -> Self {
        Self { holder: holder.into(), during, is_shared: false }
    }

    /// It was held together with others who share it, as readers do.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.is_shared = true;
        self
    }

    fn told(&self) -> String {
        let (from, until) = (self.during.start.as_millis(), self.during.end.as_millis());
        let how = if self.is_shared { "shares it" } else { "holds it" };
        format!("{} {how} from {from} to {until} ms", self.holder)
    }
}

/// Whether nobody held it while another one did, except those who share it.
///
/// # Errors
///
/// A violation that shows two holders.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::history::{Hold, exclusive};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// assert!(exclusive([Hold::new("c0", ms(0)..ms(10)), Hold::new("c1", ms(10)..ms(20))]).is_ok());
/// let violation = exclusive([Hold::new("c0", ms(0)..ms(10)), Hold::new("c1", ms(9)..ms(20))]).unwrap_err();
/// assert_eq!(
///     violation.to_string(),
///     "broken: it is held by one at a time\n  c0 holds it from 0 to 10 ms\n  c1 holds it from 9 to 20 ms",
/// );
/// ```
pub fn exclusive(holds: impl IntoIterator<Item = Hold>) -> Result<(), Violation> {
    // The holder who is there the longest, among all and among those who hold it alone, is met by whoever is met at all.
    let (mut longest, mut longest_alone): (Option<Hold>, Option<Hold>) = (None, None);
    for hold in by_start(holds) {
        let met = if hold.is_shared { &longest_alone } else { &longest };
        if let Some(other) = met {
            let evidence = || format!("{}\n{}", other.told(), hold.told());
            Violation::unless(
                other.during.end <= hold.during.start,
                "it is held by one at a time",
                evidence,
            )?;
        }
        if !hold.is_shared {
            keep_longest(&mut longest_alone, &hold);
        }
        keep_longest(&mut longest, &hold);
    }
    Ok(())
}

/// Whether at most `limit` held it at any time.
///
/// # Errors
///
/// A violation that shows one more than `limit` holders of one moment.
pub fn at_most(limit: usize, holds: impl IntoIterator<Item = Hold>) -> Result<(), Violation> {
    let mut holding: Vec<Hold> = Vec::new();
    for hold in by_start(holds) {
        holding.retain(|other| other.during.end > hold.during.start);
        holding.push(hold);
        let evidence = || holding.iter().map(Hold::told).collect::<Vec<_>>().join("\n");
        Violation::unless(
            holding.len() <= limit,
            &format!("it is held by at most {limit} at a time"),
            evidence,
        )?;
    }
    Ok(())
}

/// In the order of their starts; what lasted no time excludes nobody.
fn by_start(holds: impl IntoIterator<Item = Hold>) -> Vec<Hold> {
    let mut holds: Vec<_> = holds.into_iter().filter(|hold| !hold.during.is_empty()).collect();
    holds.sort_by_key(|hold| (hold.during.start, hold.during.end));
    holds
}

fn keep_longest(longest: &mut Option<Hold>, hold: &Hold) {
    if longest.as_ref().is_none_or(|other| other.during.end < hold.during.end) {
        *longest = Some(hold.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold((place, (start, lasts, is_shared)): (usize, &(u64, u64, bool))) -> Hold {
        let ms = Duration::from_millis;
        let hold = Hold::new(format!("c{place}"), ms(*start)..ms(start + lasts));
        if *is_shared { hold.shared() } else { hold }
    }

    fn holds(of: &[(u64, u64, bool)]) -> Vec<Hold> {
        of.iter().enumerate().map(hold).collect()
    }

    #[test]
    fn a_writer_among_readers_is_found_and_readers_alone_are_fine() {
        assert!(exclusive(holds(&[(0, 9, true), (2, 9, true), (4, 1, true)])).is_ok());
        assert!(exclusive(holds(&[(0, 9, true), (2, 1, false)])).is_err());
        assert!(exclusive(holds(&[(0, 9, false), (2, 1, true)])).is_err());
    }

    #[test]
    fn a_short_hold_does_not_hide_the_long_one_before_it() {
        assert!(exclusive(holds(&[(0, 3, true), (0, 20, true), (1, 2, true), (10, 1, false)])).is_err());
    }

    #[test]
    fn one_more_than_the_limit_is_found_and_shown() {
        let three = holds(&[(0, 10, false), (1, 10, false), (2, 10, false), (11, 1, false)]);
        assert!(at_most(3, three.clone()).is_ok());
        let violation = at_most(2, three).unwrap_err();
        assert_eq!(violation.to_string().lines().count(), 4, "{violation}");
    }

    #[test]
    fn both_agree_with_looking_at_every_millisecond() {
        let mut random = fastrand::Rng::with_seed(2);
        let (mut good, mut bad) = (0, 0);
        for _ in 0..5000 {
            let of: Vec<_> = (0..random.usize(0..6))
                .map(|_| (random.u64(0..20), random.u64(0..8), random.bool()))
                .collect();
            let present =
                |ms: u64| of.iter().filter(move |(start, lasts, _)| (*start..start + lasts).contains(&ms));
            let is_shared_badly =
                (0..30).any(|ms| present(ms).count() > 1 && present(ms).any(|(_, _, is_shared)| !is_shared));
            assert_eq!(exclusive(holds(&of)).is_err(), is_shared_badly, "{of:?}");
            for limit in 1..4 {
                let is_over = (0..30).any(|ms| present(ms).count() > limit);
                assert_eq!(at_most(limit, holds(&of)).is_err(), is_over, "{of:?}");
            }
            if is_shared_badly { bad += 1 } else { good += 1 }
        }
        assert!(good > 500 && bad > 500, "{good} good, {bad} bad");
    }
}

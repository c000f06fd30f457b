//! Fencing tokens: unique, and greater than every one that was given before.

use std::time::Duration;

use super::Violation;

/// A token that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    holder: String,
    token: u64,
    asked: Duration,
    given: Duration,
}

impl Grant {
    /// `holder` asked for a token at `asked` and was given this one at `given`, both in true time.
    pub fn new(holder: impl Into<String>, token: u64, asked: Duration, given: Duration) -> Self {
        Self { holder: holder.into(), token, asked, given }
    }

    fn told(&self) -> String {
        let (asked, given) = (self.asked.as_millis(), self.given.as_millis());
        format!("{} has {} ({asked} to {given} ms)", self.holder, self.token)
    }
}

/// Whether the tokens are unique, and each is greater than all that were given before it was asked for.
///
/// Tokens that were asked for at the same time may be given in either order: who needs more, because the holders exclude
/// each other, gives the moments from which they held as `asked` and as `given`.
///
/// # Errors
///
/// A violation that shows two grants.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::history::{Grant, monotone};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let grants = [Grant::new("c0", 4, ms(0), ms(5)), Grant::new("c1", 3, ms(6), ms(9))];
/// let violation = monotone(grants).unwrap_err();
/// assert_eq!(
///     violation.to_string(),
///     "broken: a token is greater than all given before\n  c0 has 4 (0 to 5 ms)\n  c1 has 3 (6 to 9 ms)",
/// );
/// ```
pub fn monotone(grants: impl IntoIterator<Item = Grant>) -> Result<(), Violation> {
    let mut by_token: Vec<Grant> = grants.into_iter().collect();
    by_token.sort_by_key(|grant| (grant.token, grant.asked));
    for pair in by_token.windows(2) {
        if let [one, other] = pair {
            let evidence = || format!("{}\n{}", one.told(), other.told());
            Violation::unless(one.token < other.token, "a token is given once", evidence)?;
        }
    }
    let mut by_asking: Vec<&Grant> = by_token.iter().collect();
    by_asking.sort_by_key(|grant| grant.asked);
    let mut by_giving: Vec<&Grant> = by_token.iter().collect();
    by_giving.sort_by_key(|grant| grant.given);
    let mut given = by_giving.into_iter().peekable();
    let mut greatest: Option<&Grant> = None;
    for grant in by_asking {
        while let Some(earlier) = given.next_if(|other| other.given < grant.asked) {
            greatest = greatest.filter(|known| known.token > earlier.token).or(Some(earlier));
        }
        if let Some(earlier) = greatest {
            let evidence = || format!("{}\n{}", earlier.told(), grant.told());
            let rule = "a token is greater than all given before";
            Violation::unless(earlier.token < grant.token, rule, evidence)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(grants: &[(u64, u64, u64)]) -> Result<(), Violation> {
        let ms = Duration::from_millis;
        let grant = |(place, (token, asked, given)): (usize, &(u64, u64, u64))| {
            Grant::new(format!("c{place}"), *token, ms(*asked), ms(*given))
        };
        monotone(grants.iter().enumerate().map(grant))
    }

    #[test]
    fn rising_tokens_are_right_and_concurrent_ones_in_either_order() {
        assert!(check(&[]).is_ok());
        assert!(check(&[(1, 0, 1), (2, 2, 3), (9, 4, 5)]).is_ok());
        assert!(check(&[(2, 0, 5), (1, 4, 6)]).is_ok(), "asked for before the other was given");
    }

    #[test]
    fn a_token_that_is_given_twice_is_found() {
        let violation = check(&[(1, 0, 1), (2, 2, 3), (2, 2, 4)]).unwrap_err();
        assert_eq!(violation.rule(), "a token is given once");
    }

    #[test]
    fn a_token_that_goes_back_is_found_also_behind_others() {
        let violation = check(&[(5, 0, 1), (7, 0, 30), (6, 2, 3), (4, 10, 11)]).unwrap_err();
        assert_eq!(violation.rule(), "a token is greater than all given before");
        assert!(violation.to_string().contains("c2 has 6"), "{violation}");
    }

    #[test]
    fn it_agrees_with_looking_at_every_pair() {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut good, mut bad) = (0, 0);
        for _ in 0..5000 {
            let grants: Vec<_> = (0..random.usize(0..6))
                .map(|_| {
                    let asked = random.u64(0..12);
                    (random.u64(0..20), asked, asked + random.u64(0..4))
                })
                .collect();
            let is_bad = grants.iter().enumerate().any(|(i, a)| {
                let clash =
                    |(j, b): (usize, &(u64, u64, u64))| i != j && (a.0 == b.0 || a.2 < b.1 && a.0 > b.0);
                grants.iter().enumerate().any(clash)
            });
            assert_eq!(check(&grants).is_err(), is_bad, "{grants:?}");
            if is_bad { bad += 1 } else { good += 1 }
        }
        assert!(good > 500 && bad > 500, "{good} good, {bad} bad");
    }
}

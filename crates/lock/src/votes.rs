//! What the grants of one attempt come to: pure.

use redfleet_core::mutant;

/// The grants of one attempt: the first token of the block that each server gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// The greatest token: the attempt's.
    pub(crate) token: u64,
    /// Whether a majority gave exactly this one, so that every later majority knows it.
    pub(crate) is_known: bool,
}

/// Counts the grants; nothing if they are no majority.
pub(crate) fn count(granted: &[u64], majority: usize) -> Option<Count> {
    if granted.len() < majority {
        return None;
    }
    let token = granted.iter().copied().max()?;
    let exactly = granted.iter().filter(|other| **other == token).count();
    Some(Count { token, is_known: exactly >= majority || mutant::is_on("max_without_write_back") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_that_gave_the_same_token_needs_no_second_round() {
        assert_eq!(count(&[5, 5], 2), Some(Count { token: 5, is_known: true }));
        assert_eq!(count(&[4, 5, 5], 2), Some(Count { token: 5, is_known: true }));
        assert_eq!(count(&[4, 5], 2), Some(Count { token: 5, is_known: false }));
        assert_eq!(count(&[5], 2), None);
        assert_eq!(count(&[], 1), None);
    }
}

//! A rule that a history breaks, with the evidence.

use std::fmt;

/// A rule that was broken, and what shows it.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::history::Violation;
///
/// let violation = Violation::new("a write that was told as reached is on a quorum").because("n0: absent\nn1: absent");
/// assert_eq!(
///     violation.to_string(),
///     "broken: a write that was told as reached is on a quorum\n  n0: absent\n  n1: absent",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    rule: String,
    evidence: String,
}

impl Violation {
    /// This rule was broken.
    pub fn new(rule: impl Into<String>) -> Self {
        Self { rule: rule.into(), evidence: String::new() }
    }

    /// Adds what shows it, in as many lines as it takes.
    #[must_use]
    pub fn because(mut self, evidence: impl AsRef<str>) -> Self {
        for line in evidence.as_ref().lines() {
            self.evidence.push_str("\n  ");
            self.evidence.push_str(line);
        }
        self
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Says `Ok` if the rule holds: for rules of one's own.
    ///
    /// # Errors
    ///
    /// A violation of `rule`, with the evidence, if it does not.
    pub fn unless(holds: bool, rule: &str, evidence: impl FnOnce() -> String) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::new(rule).because(evidence())) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken: {}{}", self.rule, self.evidence)
    }
}

impl std::error::Error for Violation {}

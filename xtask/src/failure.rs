//! Why a command of this tool could not do what it was asked.

use std::fmt;

/// The result of a step.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// What went wrong and what to do about it, as one text for a person.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fails with a text built as by `format!`.
pub(crate) fn fail<T>(text: impl Into<String>) -> Result<T> {
    Err(Failure::new(text))
}

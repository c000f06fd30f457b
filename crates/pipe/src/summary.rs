//! How an execution went, in two numbers and one error.

use crate::error::{Error, Result};

/// How an execution went. The replies themselves are in the deferreds.
#[derive(Clone, Debug, Default)]
#[must_use = "it may hold an error that no deferred is left to tell: `all()?` looks"]
pub struct Summary {
    commands: usize,
    failures: usize,
    first: Option<Error>,
}

impl Summary {
    pub(crate) const fn new(commands: usize, failures: usize, first: Option<Error>) -> Self {
        Self { commands, failures, first }
    }

    /// How many commands were sent, or at least tried.
    #[must_use]
    pub const fn commands(&self) -> usize {
        self.commands
    }

    /// How many of them have no value, for whatever reason.
    #[must_use]
    pub const fn failures(&self) -> usize {
        self.failures
    }

    /// That all went well.
    ///
    /// # Errors
    ///
    /// The first error, by connection and then in the order of the commands, of those that nobody asked for as a
    /// [`result`](crate::Deferred::result).
    pub fn all(self) -> Result<()> {
        self.first.map_or(Ok(()), Err)
    }
}

//! When a breaker opens and closes: pure.

use std::sync::Arc;

use crate::error::Error;
use crate::mutant;

/// What is known of a node's health.
#[derive(Debug)]
pub(super) struct Health {
    /// How many failures in a row open the breaker.
    limit: u32,
    strikes: u32,
    /// Why it is open, while it is.
    cause: Option<Arc<Error>>,
}

/// What a reply or a failure changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Opened,
    Closed,
}

impl Health {
    pub(super) const fn new(limit: u32) -> Self {
        Self { limit, strikes: 0, cause: None }
    }

    /// Whether there is nothing to remember.
    pub(super) const fn is_calm(&self) -> bool {
        self.strikes == 0 && self.cause.is_none()
    }

    pub(super) fn cause(&self) -> Option<Arc<Error>> {
        self.cause.clone()
    }

    /// The node replied, be it with an error.
    pub(super) fn on_reply(&mut self) -> Change {
        self.strikes = 0;
        if self.cause.is_some() && mutant::is_on("breaker_never_closes") {
            return Change::None;
        }
        if self.cause.take().is_some() { Change::Closed } else { Change::None }
    }

    /// A time-out, a broken connection, or (`is_refusal`) one that cannot be made.
    pub(super) fn on_failure(&mut self, error: Error, is_refusal: bool) -> Change {
        if self.cause.is_some() {
            return Change::None;
        }
        self.strikes += 1;
        if mutant::is_on("breaker_never_opens") {
            return Change::None;
        }
        if !is_refusal && self.strikes < self.limit {
            return Change::None;
        }
        self.cause = Some(Arc::new(error));
        Change::Opened
    }

    /// A probe failed: this is what is wrong by now.
    pub(super) fn set_cause(&mut self, error: Error) {
        if self.cause.is_some() {
            self.cause = Some(Arc::new(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Error {
        Error::Shutdown
    }

    #[test]
    fn a_refused_connection_opens_it_at_once() {
        let mut health = Health::new(3);
        assert_eq!(health.on_failure(failure(), true), Change::Opened);
        assert!(health.cause().is_some());
    }

    #[test]
    fn it_takes_three_failures_in_a_row_and_a_reply_forgets_them() {
        let mut health = Health::new(3);
        for _ in 0..2 {
            assert_eq!(health.on_failure(failure(), false), Change::None);
        }
        assert_eq!(health.on_reply(), Change::None);
        assert!(health.is_calm());
        for _ in 0..2 {
            assert_eq!(health.on_failure(failure(), false), Change::None);
        }
        assert_eq!(health.on_failure(failure(), false), Change::Opened);
        assert_eq!(health.on_failure(failure(), false), Change::None, "it is open already");
    }

    #[test]
    fn any_reply_closes_it() {
        let mut health = Health::new(1);
        health.on_failure(failure(), false);
        assert_eq!(health.on_reply(), Change::Closed);
        assert!(health.is_calm());
    }
}

//! The recorder: who asked for what, when, and what came of it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Effect, Error};
use crate::lock::lock;

/// When something happened: which of all that was recorded it is, and at what time.
///
/// Many things happen at one time where time is paused, so the order is by the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Moment {
    /// Which of all moments of the history it is, from 0.
    pub number: u64,
    /// The time since the history was begun.
    pub at: Duration,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a client knows the outcome or does not, and checkers must match on both"
)]
pub enum End<R> {
    /// It was carried out, and said this.
    Told(R, Moment),
    /// It may have taken effect, may do so at any later time, or never.
    Unknown,
}

/// One operation of one client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Operation<O, R> {
    /// Who asked for it.
    pub client: usize,
    /// What was asked for.
    pub what: O,
    /// When it was asked for.
    pub begun: Moment,
    /// What came of it.
    pub end: End<R>,
}

impl<O, R> Operation<O, R> {
    /// An operation that took from the `begun`th to the `ended`th moment, for histories that are written down by hand.
    /// The times are the numbers in milliseconds.
    pub const fn told(client: usize, what: O, begun: u64, ended: u64, reply: R) -> Self {
        Self { client, what, begun: Moment::of(begun), end: End::Told(reply, Moment::of(ended)) }
    }

    /// An operation that began at the `begun`th moment and whose outcome nobody knows.
    pub const fn unknown(client: usize, what: O, begun: u64) -> Self {
        Self { client, what, begun: Moment::of(begun), end: End::Unknown }
    }

    /// What it said, if that is known.
    pub const fn reply(&self) -> Option<&R> {
        match &self.end {
            End::Told(reply, _) => Some(reply),
            End::Unknown => None,
        }
    }

    /// When its end was known, if it ever was.
    pub const fn ended(&self) -> Option<Moment> {
        match &self.end {
            End::Told(_, ended) => Some(*ended),
            End::Unknown => None,
        }
    }
}

impl Moment {
    const fn of(number: u64) -> Self {
        Self { number, at: Duration::from_millis(number) }
    }
}

impl<O: fmt::Debug, R: fmt::Debug> fmt::Display for Operation<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begun_ms = self.begun.at.as_millis();
        match &self.end {
            End::Told(reply, ended) => {
                let ended_ms = ended.at.as_millis();
                write!(f, "c{} {:?} -> {reply:?} ({begun_ms} to {ended_ms} ms)", self.client, self.what)
            }
            End::Unknown => write!(f, "c{} {:?} -> unknown (from {begun_ms} ms)", self.client, self.what),
        }
    }
}

/// Records operations. Cheap to clone: clones record into one history.
///
/// # Example
///
/// ```
/// use redfleet_core::Error;
/// use redfleet_core::test_util::history::History;
/// use std::time::Duration;
///
/// let history = History::new();
/// history.invoke(0, "SET k 1").complete("OK");
/// let lost = history.invoke(1, "SET k 2");
/// lost.fail(&Error::deadline(Duration::from_secs(1))); // it may happen at any later time
/// let refused = history.invoke(1, "SET k 3");
/// refused.fail(&Error::Shutdown); // it never happened, so it is not in the history
/// assert_eq!(history.operations().len(), 2);
/// ```
pub struct History<O, R> {
    shared: Arc<Mutex<Recorded<O, R>>>,
    began: Instant,
}

struct Recorded<O, R> {
    operations: Vec<Option<Operation<O, R>>>,
    moments: u64,
}

impl<O, R> History<O, R> {
    /// An empty history, which begins now.
    #[must_use]
    pub fn new() -> Self {
        let recorded = Recorded { operations: Vec::new(), moments: 0 };
        Self { shared: Arc::new(Mutex::new(recorded)), began: Instant::now() }
    }

    /// `client` asks for `what` now. If nobody says what came of it, that stays unknown.
    pub fn invoke(&self, client: usize, what: O) -> Invocation<O, R> {
        let begun = self.moment();
        let mut recorded = lock(&self.shared);
        recorded.operations.push(Some(Operation { client, what, begun, end: End::Unknown }));
        let place = recorded.operations.len() - 1;
        drop(recorded);
        Invocation { history: self.clone(), place }
    }

    /// All operations so far, in the order in which they were asked for, without those that certainly never happened.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation<O, R>>
    where
        O: Clone,
        R: Clone,
    {
        lock(&self.shared).operations.iter().flatten().cloned().collect()
    }

    fn moment(&self) -> Moment {
        let mut recorded = lock(&self.shared);
        recorded.moments += 1;
        Moment { number: recorded.moments - 1, at: self.began.elapsed() }
    }

    fn set(&self, place: usize, change: impl FnOnce(&mut Option<Operation<O, R>>)) {
        if let Some(operation) = lock(&self.shared).operations.get_mut(place) {
            change(operation);
        }
    }
}

impl<O, R> Default for History<O, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O, R> Clone for History<O, R> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), began: self.began }
    }
}

impl<O, R> fmt::Debug for History<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("operations", &lock(&self.shared).operations.len()).finish()
    }
}

/// One operation under way. Dropped without a word, its outcome is unknown.
#[derive(Debug)]
#[must_use = "what came of it is to be recorded"]
pub struct Invocation<O, R> {
    history: History<O, R>,
    place: usize,
}

impl<O, R> Invocation<O, R> {
    /// It was carried out and said this.
    pub fn complete(self, reply: R) {
        let ended = self.history.moment();
        self.history.set(self.place, |operation| {
            if let Some(operation) = operation {
                operation.end = End::Told(reply, ended);
            }
        });
    }

    /// It failed: with effect none it never happened and is no part of the history; else nobody knows.
    pub fn fail(self, error: &Error) {
        if error.effect() == Effect::None {
            self.never();
        }
    }

    /// It certainly never happened.
    pub fn never(self) {
        self.history.set(self.place, |operation| *operation = None);
    }

    /// Records what came of it: [`complete`](Self::complete) or [`fail`](Self::fail).
    pub fn end(self, result: &Result<R, Error>)
    where
        R: Clone,
    {
        match result {
            Ok(reply) => self.complete(reply.clone()),
            Err(error) => self.fail(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn operations_are_told_in_the_order_of_their_beginnings_with_their_times() {
        let history = History::new();
        let slow = history.invoke(0, 'a');
        tokio::time::advance(Duration::from_millis(5)).await;
        history.invoke(1, 'b').complete(1);
        drop(history.invoke(2, 'c'));
        slow.complete(2);
        let told: Vec<_> = history.operations().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["c0 'a' -> 2 (0 to 5 ms)", "c1 'b' -> 1 (5 to 5 ms)", "c2 'c' -> unknown (from 5 ms)"]
        );
        let operations = history.operations();
        assert!(operations[1].ended() < operations[0].ended(), "the order is exact within one time");
    }

    #[test]
    fn what_never_happened_is_no_part_of_the_history() {
        let history = History::new();
        history.invoke(0, 'a').end(&Err(Error::Shutdown));
        history.invoke(0, 'b').end(&Err(Error::Unanswered));
        history.invoke(0, 'c').end(&Ok(3));
        let ends: Vec<_> = history.operations().iter().map(|operation| operation.reply().copied()).collect();
        assert_eq!(ends, [None, Some(3)]);
    }
}

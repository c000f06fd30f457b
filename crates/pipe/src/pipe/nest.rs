//! Scopes that take back what they queued when they fail.

use redfleet_core::mutant;

use super::Pipe;
use crate::error::Error;
use crate::queue::Mark;

/// How far each queue of a pipe had come.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Of the first connection: most pipes have no other, and then this costs no allocation.
    first: Mark,
    others: Vec<Mark>,
}

impl Marks {
    /// Of one connection, by its number.
    pub(super) fn of(&self, connection: usize) -> Mark {
        match connection.checked_sub(1) {
            None => self.first,
            Some(other) => self.others.get(other).copied().unwrap_or_default(),
        }
    }
}

impl Pipe {
    /// What the closure queues stays only if the closure succeeds: if it returns an error, or if anything in it was
    /// refused, all of it is taken back, callbacks included, and the error is returned. What was queued before stays.
    ///
    /// Deferreds that come out of a scope that was rolled back say [`Error::RolledBack`].
    ///
    /// # Cost
    ///
    /// None. Where scopes were rolled back, what stays is copied once or twice until it is sent; a roll-back itself costs
    /// no more than what it takes back, however much was queued before.
    ///
    /// # Errors
    ///
    /// The closure's own, or why something in it was refused.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_pipe::{Error, Pipes};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipes = Pipes::connect("embedded://nest")?;
    /// let mut pipe = pipes.pipe();
    /// pipe.incr("kept", 1);
    /// let failed: Result<(), Error> = pipe.nest(|pipe| {
    ///     pipe.incr("taken back", 1);
    ///     pipe.on("nowhere").incr("n", 1);
    ///     Ok(())
    /// });
    /// assert!(matches!(failed, Err(Error::UnknownConnection { .. })));
    /// assert_eq!(pipe.execute().await?.commands(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nest<R, E: From<Error>>(&mut self, queue: impl FnOnce(&mut Self) -> Result<R, E>) -> Result<R, E> {
        let marks = self.marks();
        let refused = self.refused.take();
        let outer = std::mem::take(&mut self.callbacks);
        let slot = self.block_slot().copied();

        let queued = self.within(queue);

        let own = std::mem::replace(&mut self.callbacks, outer);
        let refusal = std::mem::replace(&mut self.refused, refused);
        let queued = queued.and_then(|queued| refusal.map_or(Ok(queued), |error| Err(error.into())));
        match &queued {
            Ok(_) => self.callbacks.take_in(own),
            Err(_) => {
                if mutant::is_on("roll_back_keeps_callbacks") {
                    self.callbacks.take_in(own);
                }
                for (index, queue) in self.queues.iter_mut().enumerate() {
                    queue.roll_back(marks.of(index));
                }
                // What was taken back does not decide where the rest of the block must be.
                if let Some((now, before)) = self.block_slot().zip(slot) {
                    *now = before;
                }
            }
        }
        queued
    }

    /// How far the pipe has come.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = self.queues.iter().map(|queue| queue.mark());
        Marks { first: marks.next().unwrap_or_default(), others: marks.collect() }
    }
}

//! Several batches as one, so that they share a round trip.

use super::Batch;

impl Batch {
    /// Adds the commands of another batch behind those of this one, with its scripts and its blocks. An atomic batch
    /// becomes a block; behind an atomic batch, everything becomes part of the transaction.
    ///
    /// # Complexity
    ///
    /// The commands of `other` are copied, because redis-rs gives none back; not where this batch is empty.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Batch;
    /// use redis::cmd;
    ///
    /// let mut batch: Batch = [cmd("PING")].into_iter().collect();
    /// let transaction: Batch = [cmd("TIME"), cmd("DBSIZE")].into_iter().collect();
    /// batch.append(transaction.atomic());
    /// assert_eq!((batch.len(), batch.blocks()), (3, &[1..3][..]));
    /// ```
    pub fn append(&mut self, other: Self) {
        if self.is_empty() && self.is_atomic() == other.is_atomic() {
            *self = other;
            return;
        }
        let before = self.len();
        if self.shared == before {
            self.shared += other.shared;
        }
        for command in other.commands() {
            self.pipeline.add_command(command.clone());
        }
        if other.is_atomic() {
            self.make_atomic(before..self.len());
        }
        for block in other.blocks() {
            self.make_atomic(before + block.start..before + block.end);
        }
        self.scripts.extend(other.scripts.into_iter().map(|(index, source)| (before + index, source)));
    }
}

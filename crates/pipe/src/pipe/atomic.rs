//! Blocks of commands that are one transaction, and commands that may be sent again.

use redfleet_core::{Route, Slot};
use redis::Cmd;

use super::Pipe;
use crate::error::Error;

/// The atomic block that is being queued.
#[derive(Debug)]
pub(crate) struct Block {
    connection: usize,
    /// On a cluster: the slot of its keys, once there is one.
    slot: Option<Slot>,
    is_sharded: bool,
}

impl Pipe {
    /// What the closure queues is one transaction (MULTI/EXEC) within the same execution: all of it is carried out, with
    /// nothing in between, or nothing is. A block inside a block is part of it.
    ///
    /// A command that fails while it runs does not undo the others: that is Redis's own rule. Where the server refuses
    /// to queue one, nothing of the block is done.
    ///
    /// # Cost
    ///
    /// No round trip of its own; MULTI and EXEC go along.
    ///
    /// # Errors
    ///
    /// A command for another connection, or on a cluster of another slot, is refused at once, and then the whole pipe is:
    /// [`Error::AtomicElsewhere`], [`Error::AtomicSlots`].
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_pipe::Pipes;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipes = Pipes::connect("embedded://atomic")?;
    /// let ((paid, got), total) = pipes
    ///     .run(|pipe| {
    ///         let moved = pipe.atomic(|pipe| (pipe.incr("joe", -5), pipe.incr("ann", 5)));
    ///         (moved, pipe.incr("transfers", 1))
    ///     })
    ///     .await?;
    /// assert_eq!((paid, got, total), (-5, 5, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn atomic<R>(&mut self, queue: impl FnOnce(&mut Self) -> R) -> R {
        if self.block.is_some() {
            return self.within(queue);
        }
        let connection = self.current;
        let own = self.queue();
        own.begin_block();
        let is_sharded = own.is_sharded();
        self.block = Some(Block { connection, slot: None, is_sharded });
        let queued = self.within(queue);
        self.block = None;
        if let Some(queue) = self.queues.get_mut(connection) {
            queue.end_block();
        }
        queued
    }

    /// What the closure queues may be sent again when the connection is lost and the effect is unknown, because to carry it
    /// out twice is the same as once: SET, DEL, GET; not INCR, not LPUSH.
    ///
    /// # Guarantee
    ///
    /// No repetition overtakes a later command of the pipe. Where one follows that shares a key with it, it is sent again
    /// only together with that one, in their order, if that one is idempotent too (also if it was answered: its first
    /// answer counts); otherwise it is not, and its effect stays unknown. A command whose keys do not stand in it (FLUSHDB,
    /// SORT with patterns) counts as sharing one with all.
    ///
    /// # Cost
    ///
    /// No round trip; after a lost reply up to [`repeats`](crate::PipesBuilder::repeats) more.
    pub fn idempotent<R>(&mut self, queue: impl FnOnce(&mut Self) -> R) -> R {
        let marks = self.marks();
        let queued = self.within(queue);
        for (index, queue) in self.queues.iter_mut().enumerate() {
            queue.repeat_since(marks.of(index));
        }
        queued
    }

    /// Ends the block that is being queued, if there is one, without making a transaction of it.
    pub(super) fn abandon_block(&mut self) {
        let Some(block) = self.block.take() else { return };
        if let Some(queue) = self.queues.get_mut(block.connection) {
            queue.abandon_block();
        }
    }

    /// The slot of the block that is being queued.
    pub(super) fn block_slot(&mut self) -> Option<&mut Option<Slot>> {
        self.block.as_mut().map(|block| &mut block.slot)
    }

    /// Refuses a command that the block being queued cannot hold.
    pub(super) fn admit_to_block(&mut self, command: &Cmd) {
        let current = self.current;
        let Some(block) = &mut self.block else { return };
        if block.connection != current {
            let name = |index: usize| {
                self.pipes.connections().get(index).map(|connection| connection.name()).unwrap_or_default()
            };
            let (block, command) = (name(block.connection), name(current));
            return self.refuse(Error::AtomicElsewhere { block, command });
        }
        if !block.is_sharded {
            return;
        }
        match Route::of(command) {
            Ok(Route::Slot(slot)) if *block.slot.get_or_insert(slot) == slot => {}
            Ok(Route::Any) => {}
            Ok(_) | Err(_) => self.refuse(Error::AtomicSlots),
        }
    }
}

//! What may be queued, and where it goes.

use redfleet_core::Route;
use redis::Cmd;

use super::Pipe;
use crate::error::Error;
use crate::queue::Queue;

impl Pipe {
    /// Whether not every command that a connection takes can be queued here and now.
    pub(super) fn is_particular(&mut self) -> bool {
        self.block.is_some() || self.queue().is_sharded()
    }

    /// Refuses what the connection would refuse, or what the block cannot hold.
    pub(super) fn admit(&mut self, command: &Cmd) {
        let checked = redfleet_core::check_shared(command);
        // A cluster refuses a whole batch for a command that can go nowhere, so it must not get there.
        let routed = checked
            .and_then(|()| if self.queue().is_sharded() { Route::of(command).map(drop) } else { Ok(()) });
        if let Err(error) = routed {
            self.refuse(Error::Refused(error));
        }
        if self.block.is_some() {
            self.admit_to_block(command);
        }
    }

    /// The queue of the connection that the next command is for.
    pub(super) fn queue(&mut self) -> &mut Queue {
        let current = self.current;
        if self.queues.len() <= current {
            let (room, used) = (self.pipes.limits().batch, self.queues.len());
            let connections = self.pipes.connections().iter().skip(used).take(current + 1 - used);
            self.queues
                .extend(connections.map(|connection| Queue::new(room, connection.backend().is_sharded())));
        }
        #[expect(clippy::indexing_slicing, reason = "it was made longer than that")]
        &mut self.queues[current]
    }

    /// Whether one more command may be kept.
    pub(super) fn has_room(&mut self) -> bool {
        let limit = self.pipes.limits().commands;
        self.queue().given() < limit
    }

    /// An index for a command that is one too many, because of which the pipe is refused.
    pub(super) fn skip(&mut self) -> usize {
        self.refuse(Error::TooLong { limit: self.pipes.limits().commands });
        self.queue().skip()
    }
}

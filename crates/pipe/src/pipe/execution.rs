//! What was taken out of a pipe: all connections at once, and then the callbacks.

use std::sync::Arc;

use futures::future::join_all;

use super::callbacks::Callbacks;
use crate::error::Error;
use crate::flush::{Answers, Flush, InFlight};
use crate::pipes::Pipes;
use crate::queue::Queue;
use crate::summary::Summary;

/// What was taken out of a pipe to be sent.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(super) pipes: Pipes,
    pub(super) queues: Vec<Queue>,
    pub(super) flight: InFlight,
    pub(super) callbacks: Callbacks,
}

impl Execution {
    /// How many commands there are.
    pub(crate) fn len(&self) -> usize {
        self.queues.iter().map(Queue::len).sum()
    }

    /// What its deferreds share.
    pub(crate) fn flush(&self) -> Arc<Flush> {
        self.flight.flush()
    }

    /// Sends nothing, and says why.
    pub(crate) fn refuse(self, error: Error) {
        self.flight.end(error);
    }

    /// Sends it all.
    pub(crate) async fn run(self) -> Summary {
        let commands = self.len();
        let Self { pipes, mut queues, flight, callbacks } = self;
        let is_alone = queues.iter().filter(|queue| !queue.is_empty()).count() <= 1;
        let limits = pipes.limits();
        let answers = if is_alone {
            let mut answers = Vec::with_capacity(queues.len());
            for (queue, connection) in queues.iter_mut().zip(pipes.connections()) {
                answers.push(queue.send(connection, limits).await);
            }
            answers
        } else {
            let sends = queues.iter_mut().zip(pipes.connections());
            Box::pin(join_all(sends.map(|(queue, connection)| queue.send(connection, limits)))).await
        };
        let failures = answers.iter().map(Answers::failed).sum();
        flight.land(answers);
        callbacks.run();
        let first = if failures == 0 { None } else { flight.unexcused() };
        Summary::new(commands, failures, first)
    }
}

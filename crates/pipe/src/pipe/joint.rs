//! What several callers queued, each in a pipe of its own, sent together.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use futures::stream::{FuturesUnordered, StreamExt};

use super::callbacks::Callbacks;
use super::execution::Execution;
use crate::error::Error;
use crate::flush::{Answers, InFlight};
use crate::pipes::Pipes;
use crate::queue::{Queue, Share};

/// What several callers queued, in the order in which they did.
#[derive(Debug, Default)]
pub(crate) struct Joint {
    executions: VecDeque<Execution>,
    /// How many commands they have, for each connection.
    commands: Vec<usize>,
}

/// One caller's part of what is under way.
struct Part {
    flight: InFlight,
    callbacks: Callbacks,
    /// By connection.
    answers: Vec<Answers>,
    /// How many connections have not answered yet.
    missing: usize,
}

/// One connection's part of it.
struct Lane {
    connection: usize,
    queue: Queue,
    /// Whose commands there are, in their order.
    shares: Vec<(usize, Share)>,
}

impl Joint {
    /// How many commands there are.
    pub(crate) fn len(&self) -> usize {
        self.commands.iter().sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.executions.is_empty()
    }

    pub(crate) fn push(&mut self, execution: Execution) {
        if self.commands.len() < execution.queues.len() {
            self.commands.resize(execution.queues.len(), 0);
        }
        for (count, queue) in self.commands.iter_mut().zip(&execution.queues) {
            *count += queue.len();
        }
        self.executions.push_back(execution);
    }

    /// Whether this one may come to it, where so many commands may wait for each connection.
    pub(crate) fn has_room(&self, execution: &Execution, limit: usize) -> bool {
        let waiting = self.commands.iter().copied().chain(std::iter::repeat(0));
        execution.queues.iter().zip(waiting).all(|(queue, waiting)| waiting + queue.len() <= limit)
    }

    /// What there is, if there is anything.
    pub(crate) fn take(&mut self) -> Option<Self> {
        (!self.is_empty()).then(|| std::mem::take(self))
    }

    /// Sends nothing, and says why.
    pub(crate) fn refuse(self, error: &Error) {
        self.executions.into_iter().for_each(|execution| execution.refuse(error.clone()));
    }

    /// Sends it all, in one round trip for each connection. Each caller's part is over when the connections that it used
    /// have answered: it waits for no other's.
    ///
    /// # Panics
    ///
    /// As the callbacks do, when all is over.
    pub(crate) async fn run(mut self) {
        if self.executions.len() <= 1 {
            if let Some(execution) = self.executions.pop_front() {
                drop(execution.run().await);
            }
            return;
        }
        let Some(pipes) = self.executions.front().map(|execution| execution.pipes.clone()) else { return };
        let (parts, lanes) = self.spread();
        let mut panic = None;
        let mut parts: Vec<_> = parts.into_iter().map(|part| part.finish_if_over(&mut panic)).collect();
        let mut sends: FuturesUnordered<_> = lanes.into_iter().map(|lane| lane.send(&pipes)).collect();
        while let Some((connection, answers, shares)) = sends.next().await {
            let mut deal = answers.deal();
            for (number, share) in shares {
                let own = share.of(&mut deal);
                let Some(slot) = parts.get_mut(number) else { continue };
                let Some(mut part) = slot.take() else { continue };
                part.answer(connection, own);
                *slot = part.finish_if_over(&mut panic);
            }
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// By caller, and by connection.
    fn spread(self) -> (Vec<Part>, Vec<Lane>) {
        let (mut parts, mut lanes) = (Vec::with_capacity(self.executions.len()), Vec::<Lane>::new());
        for (number, execution) in self.executions.into_iter().enumerate() {
            let Execution { queues, flight, callbacks, .. } = execution;
            let mut missing = 0;
            for (connection, queue) in queues.into_iter().enumerate().filter(|(_, queue)| !queue.is_empty()) {
                missing += 1;
                match lanes.iter_mut().find(|lane| lane.connection == connection) {
                    Some(lane) => {
                        let share = lane.queue.take_in(queue);
                        lane.shares.push((number, share));
                    }
                    None => {
                        let mut first = queue.successor();
                        let share = first.take_in(queue);
                        lanes.push(Lane { connection, queue: first, shares: vec![(number, share)] });
                    }
                }
            }
            parts.push(Part { flight, callbacks, answers: Vec::new(), missing });
        }
        (parts, lanes)
    }
}

impl Lane {
    async fn send(mut self, pipes: &Pipes) -> (usize, Answers, Vec<(usize, Share)>) {
        let answers = match pipes.connections().get(self.connection) {
            Some(connection) => self.queue.send(connection, pipes.limits()).await,
            None => Answers::default(),
        };
        (self.connection, answers, self.shares)
    }
}

impl Part {
    fn answer(&mut self, connection: usize, answers: Answers) {
        if self.answers.len() <= connection {
            self.answers.resize_with(connection + 1, Answers::default);
        }
        if let Some(slot) = self.answers.get_mut(connection) {
            *slot = answers;
            self.missing -= 1;
        }
    }

    /// Tells whoever waits for it, once there is nothing more to come. A callback that panics does no harm to the others.
    fn finish_if_over(self, panic: &mut Option<Box<dyn std::any::Any + Send>>) -> Option<Self> {
        if self.missing > 0 {
            return Some(self);
        }
        let Self { flight, callbacks, answers, .. } = self;
        flight.land(answers);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| callbacks.run())) {
            panic.get_or_insert(payload);
        }
        None
    }
}

//! One operation on its way through the nodes: polled by the caller until the verdict, then by a task.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::hedge::Turns;
use super::node::{Node, Passage};
use super::outcome::Reply;
use super::progress::{Progress, landed, panicked};
use super::tally::{Tally, Verdict};
use super::tracker::Entry;
use crate::error::{Effect, Error, Result};
use crate::mutant;

/// An operation, how far each node has come with it, and the one timer for all of them.
pub(super) struct Flight<T, O, F> {
    operation: O,
    nodes: Arc<[Node]>,
    places: Vec<Progress<T, F>>,
    /// How many nodes were asked so far.
    asked: usize,
    tally: Tally,
    deadline: Duration,
    /// When the deadline is: the same for all, so that no caller waits longer than one.
    due: Instant,
    hedge: Option<Turns>,
    timer: Option<Pin<Box<Sleep>>>,
    entry: Entry,
}

impl<T, O, F> Flight<T, O, F>
where
    O: FnMut(Node) -> F,
    F: Future<Output = Result<T>>,
{
    /// Asks all nodes at once.
    pub(super) fn launch(
        nodes: Arc<[Node]>,
        tally: Tally,
        deadline: Duration,
        entry: Entry,
        operation: O,
    ) -> Self {
        let mut flight = Self::waiting(nodes, tally, deadline, entry, operation);
        for node in 0..flight.places.len() {
            flight.ask(node);
        }
        flight
    }

    /// Asks as many nodes as are needed, in their turns, and further ones later.
    pub(super) fn launch_hedged(
        nodes: Arc<[Node]>,
        tally: Tally,
        deadline: Duration,
        entry: Entry,
        operation: O,
        turns: Turns,
    ) -> Self {
        let needed = tally.needed();
        let mut flight = Self::waiting(nodes, tally, deadline, entry, operation);
        flight.hedge = Some(turns);
        for _ in 0..needed {
            flight.ask_next();
        }
        flight
    }

    fn waiting(nodes: Arc<[Node]>, tally: Tally, deadline: Duration, entry: Entry, operation: O) -> Self {
        let due = Instant::now() + deadline;
        let places = nodes.iter().map(|_| Progress::Waiting).collect();
        Self { operation, nodes, places, asked: 0, tally, deadline, due, hedge: None, timer: None, entry }
    }

    /// Sends the operation to one node, or begins with its admission.
    fn ask(&mut self, index: usize) {
        let Some(node) = self.nodes.get(index).cloned() else { return };
        self.asked += 1;
        let since = Instant::now();
        let place = match node.enter() {
            Err(error) => landed(Err(error), Duration::ZERO),
            Ok(passage) if node.is_admitted() => self.fly(&node, since, passage),
            Ok(passage) => Progress::Admitting { admission: Box::pin(node.admit()), since, passage },
        };
        self.put(index, place);
    }

    fn fly(&mut self, node: &Node, since: Instant, passage: Passage) -> Progress<T, F> {
        let (node, noted) = node.for_operation();
        let operation = &mut self.operation;
        match catch_unwind(AssertUnwindSafe(|| operation(node))) {
            Ok(operation) => {
                Progress::Flying { operation: Box::pin(operation), noted, since, _passage: passage }
            }
            Err(panic) => landed(Err(panicked(&*panic)), Duration::ZERO),
        }
    }

    /// Puts a node where it has come to; one that landed is counted, and after a failed one the next is asked.
    fn put(&mut self, index: usize, progress: Progress<T, F>) {
        let said = match &progress {
            Progress::Landed(Reply::Said { result, .. }) => Some(result.is_ok()),
            Progress::Landed(_)
            | Progress::Waiting
            | Progress::Admitting { .. }
            | Progress::Flying { .. } => None,
        };
        let Some(place) = self.places.get_mut(index) else { return };
        let before = std::mem::replace(place, progress);
        // An operation that panics when it is dropped must not take the other nodes' replies with it.
        let is_dropped = catch_unwind(AssertUnwindSafe(|| drop(before)));
        let Some(mut is_ack) = said else { return };
        if let (Err(panic), Some(place)) = (is_dropped, self.places.get_mut(index)) {
            *place = landed(Err(panicked(&*panic)), Duration::ZERO);
            is_ack = false;
        }
        self.tally.note(index, is_ack);
        if is_ack && mutant::is_on("reply_counts_twice") {
            self.tally.note((index + 1) % self.places.len(), true);
        }
        match self.hedge.as_ref().map(|hedge| hedge.is_patient()) {
            Some(false) if !is_ack => self.ask_next(),
            Some(true) if !self.is_under_way() => self.ask_what_lacks(),
            Some(_) | None => {}
        }
    }

    /// Asks as many as are still needed, if they can decide anything.
    fn ask_what_lacks(&mut self) {
        if self.tally.verdict() == Verdict::Pending {
            for _ in self.tally.acks()..self.tally.needed() {
                self.ask_next();
            }
        }
    }

    fn ask_next(&mut self) {
        if let Some(node) = self.hedge.as_mut().and_then(Turns::next) {
            self.ask(node);
        }
    }

    /// Polls every node once, and lands those that are done or overdue.
    fn advance(&mut self, cx: &mut Context<'_>) {
        self.advance_each(cx);
        while self.next_event().is_some_and(|next| self.is_due(next, cx)) {
            self.on_time(cx);
        }
    }

    fn advance_each(&mut self, cx: &mut Context<'_>) {
        loop {
            let asked = self.asked;
            for index in 0..self.places.len() {
                self.advance_one(index, cx);
            }
            // Whoever was asked meanwhile, because another one failed, has not been polled yet.
            if self.asked == asked {
                return;
            }
        }
    }

    fn advance_one(&mut self, index: usize, cx: &mut Context<'_>) {
        let Some(place) = self.places.get_mut(index) else { return };
        let (result, since) = match place {
            Progress::Waiting | Progress::Landed(_) => return,
            Progress::Flying { operation, noted, since, .. } => {
                match catch_unwind(AssertUnwindSafe(|| operation.as_mut().poll(cx))) {
                    Ok(Poll::Pending) => return,
                    Ok(Poll::Ready(result)) => (result.map_err(|error| noted.judge(error)), *since),
                    Err(panic) => (Err(panicked(&*panic)), *since),
                }
            }
            Progress::Admitting { admission, since, .. } => match admission.as_mut().poll(cx) {
                Poll::Pending => return,
                Poll::Ready(Err(error)) => (Err(error), *since),
                Poll::Ready(Ok(())) => return self.take_off(index, cx),
            },
        };
        self.put(index, landed(result, since.elapsed()));
    }

    /// The node was admitted: now the operation itself.
    fn take_off(&mut self, index: usize, cx: &mut Context<'_>) {
        let Some(node) = self.nodes.get(index).cloned() else { return };
        let Some(slot) = self.places.get_mut(index) else { return };
        if let Progress::Admitting { since, passage, .. } = std::mem::replace(slot, Progress::Waiting) {
            let place = self.fly(&node, since, passage);
            self.put(index, place);
            self.advance_one(index, cx);
        }
    }

    /// When something is due: the deadline, or the next hedge.
    fn next_event(&self) -> Option<Instant> {
        if !self.is_under_way() {
            return None;
        }
        let hedge = self.hedge.as_ref().filter(|hedge| !hedge.is_over());
        Some(hedge.map_or(self.due, |hedge| self.due.min(hedge.due())))
    }

    fn is_due(&mut self, next: Instant, cx: &mut Context<'_>) -> bool {
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        if timer.deadline() != next {
            timer.as_mut().reset(next);
        }
        timer.as_mut().poll(cx).is_ready()
    }

    /// Lands whoever is overdue, and asks the next node if its time has come.
    fn on_time(&mut self, cx: &mut Context<'_>) {
        let now = Instant::now();
        if self.due <= now {
            self.hedge = None;
            self.give_up(now);
        }
        match self.hedge.as_ref().filter(|hedge| hedge.due() <= now).map(Turns::is_patient) {
            Some(true) => self.ask_what_lacks(),
            Some(false) => self.ask_next(),
            None => {}
        }
        self.advance_each(cx);
    }

    /// The deadline has passed: whoever is still under way lands with what is known, and nobody else is asked.
    fn give_up(&mut self, now: Instant) {
        for index in 0..self.places.len() {
            let (since, effect) = match self.places.get(index) {
                Some(Progress::Admitting { since, .. }) => (*since, Effect::None),
                Some(Progress::Flying { since, .. }) if mutant::is_on("deadline_has_no_effect") => {
                    (*since, Effect::None)
                }
                Some(Progress::Flying { since, .. }) => (*since, Effect::Unknown),
                Some(Progress::Waiting) => {
                    self.tally.note(index, false);
                    continue;
                }
                Some(Progress::Landed(_)) | None => continue,
            };
            if let Some(node) = self.nodes.get(index) {
                node.overdue(self.deadline);
            }
            let error = Error::Deadline { after: self.deadline, effect };
            self.put(index, landed(Err(error), now - since));
        }
    }

    /// Ready as soon as the verdict is.
    pub(super) fn poll_verdict(&mut self, cx: &mut Context<'_>) -> Poll<Verdict> {
        self.advance(cx);
        match self.tally.verdict() {
            Verdict::Pending => Poll::Pending,
            verdict @ (Verdict::Reached | Verdict::Unreachable) => Poll::Ready(verdict),
        }
    }

    /// Ready when every node that was asked has landed.
    pub(super) fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.advance(cx);
        if self.is_under_way() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Whether a node that was asked has not landed yet.
    pub(super) fn is_under_way(&self) -> bool {
        self.places.iter().any(|place| matches!(place, Progress::Admitting { .. } | Progress::Flying { .. }))
    }

    /// Asks nobody else, and takes the replies so far out; what is still under way is `Pending` in them.
    pub(super) fn take_replies(&mut self) -> Vec<Reply<T>> {
        self.hedge = None;
        let take = |place: &mut Progress<T, F>| match place {
            Progress::Waiting => Reply::NotAsked,
            Progress::Admitting { .. } | Progress::Flying { .. } => Reply::Pending,
            Progress::Landed(reply) => std::mem::replace(reply, Reply::Pending),
        };
        self.places.iter_mut().map(take).collect()
    }

    /// From now on no caller waits for it.
    pub(super) fn becomes_straggler(&mut self) {
        self.hedge = None;
        self.entry.becomes_straggler();
    }
}

//! What all deferreds of one execution share: the replies, once they are there.

mod answers;
mod deal;
mod in_flight;
mod lent;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use redfleet_core::mutant;
use redis::Value;

use crate::error::{Error, Result};

pub(crate) use answers::Answers;
pub(crate) use deal::Deal;
pub(crate) use in_flight::InFlight;

/// One execution of a pipe, seen from its deferreds.
#[derive(Debug, Default)]
pub(crate) struct Flush {
    state: Mutex<State>,
    /// Whether a deferred was cloned: then two may read one reply, and it must stay where it is.
    is_shared: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// Whether nothing more is to come: the callbacks have run, too.
    is_over: bool,
    /// Whether whoever queued it went away, so that nobody would see an error.
    is_abandoned: bool,
    /// Who waits until then: whoever queued it, for each caller has a flush of its own.
    waker: Option<Waker>,
    /// Commands whose error somebody looks at, so that it needs not be told once more.
    excused: Vec<Place>,
}

#[derive(Debug, Default)]
enum Phase {
    /// Nothing was sent yet.
    #[default]
    Queued,
    /// Nothing will come: this is why.
    Ended(Error),
    /// All replies, by connection.
    Done(Vec<Answers>),
}

/// Which reply: of which connection, and of which command queued for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) connection: u32,
    pub(crate) command: u32,
}

impl Flush {
    /// Works on the state: on what this thread was lent, else behind the lock.
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        if lent::is_of(self) { lent::with(work) } else { work(&mut self.lock()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replies are there, and can be read. Who waits is not told yet.
    fn done(&self, answers: Vec<Answers>) {
        self.with(|state| state.settle(Phase::Done(answers)));
    }

    /// Nothing more will come: where there are no replies, because of `error`. Who waits is told.
    pub(crate) fn end(&self, error: Error) {
        let (waker, unseen) = self.with(|state| {
            state.settle(Phase::Ended(error));
            state.is_over = true;
            (state.waker.take(), state.unseen())
        });
        waker.into_iter().for_each(Waker::wake);
        warn(unseen);
    }

    /// Nobody will look at the errors that servers told: they are logged.
    pub(crate) fn abandon(&self) {
        let unseen = self.with(|state| {
            state.is_abandoned = true;
            state.unseen()
        });
        warn(unseen);
    }

    /// Ready when nothing more is to come. Who asked last is told.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        self.with(|state| {
            if state.is_over {
                return Poll::Ready(());
            }
            match &mut state.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                None => state.waker = Some(cx.waker().clone()),
            }
            Poll::Pending
        })
    }

    /// Runs `resolve`, for which the replies are at hand without a lock for each. Other threads wait meanwhile.
    pub(crate) fn resolving<R>(&self, resolve: impl FnOnce() -> R) -> R {
        lent::to_this_thread(self, resolve)
    }

    /// The first error that nobody asked for as a result.
    pub(crate) fn unexcused(&self) -> Option<Error> {
        self.with(State::unexcused)
    }
}

impl State {
    const fn new() -> Self {
        Self { phase: Phase::Queued, is_over: false, is_abandoned: false, waker: None, excused: Vec::new() }
    }

    /// What is decided stays decided.
    fn settle(&mut self, phase: Phase) {
        if matches!(self.phase, Phase::Queued) {
            self.phase = phase;
        }
    }

    /// The first error that nobody sees, once all are there. What was not sent, or not waited for, is nothing to be told.
    fn unseen(&mut self) -> Option<Error> {
        let is_due = self.is_over && self.is_abandoned && matches!(self.phase, Phase::Done(_));
        if is_due { self.unexcused() } else { None }
    }

    fn unexcused(&mut self) -> Option<Error> {
        let answers = match &self.phase {
            Phase::Queued => return None,
            Phase::Ended(error) => return Some(error.clone()),
            Phase::Done(answers) => answers,
        };
        if answers.iter().all(|answers| answers.failed() == 0) {
            return None;
        }
        // Both may be many: a broken connection fails all of its commands.
        self.excused.sort_unstable();
        let failures = (0..).zip(answers).flat_map(|(connection, answers)| {
            answers.failures().map(move |(command, error)| (Place { connection, command }, error))
        });
        let is_excused = |place: &Place| {
            self.excused.binary_search(place).is_ok() && !mutant::is_on("results_count_as_unseen")
        };
        let mut unexcused = failures.filter(|(place, _)| !is_excused(place));
        unexcused.next().map(|(_, error)| error.clone())
    }
}

fn warn(unseen: Option<Error>) {
    if let Some(error) = unseen {
        tracing::warn!(%error, "a command failed whose value nobody awaited");
    }
}

/// A deferred's claim to one reply of a flush.
pub(crate) struct Ticket {
    flush: Arc<Flush>,
    place: Place,
}

impl Ticket {
    pub(crate) const fn new(flush: Arc<Flush>, place: Place) -> Self {
        Self { flush, place }
    }

    /// A copy of the reply.
    pub(crate) fn get(&self) -> Result<Value> {
        self.read(|answers, command| answers.get(command))
    }

    /// The reply itself, unless another deferred may want it too.
    pub(crate) fn take(&self) -> Result<Value> {
        if self.flush.is_shared.load(Ordering::Relaxed) && !mutant::is_on("clones_share_one_reply") {
            return self.get();
        }
        self.read(Answers::take)
    }

    fn read(&self, read: impl FnOnce(&mut Answers, u32) -> Result<Value>) -> Result<Value> {
        self.flush.with(|state| match &mut state.phase {
            Phase::Queued => Err(Error::NotExecuted),
            Phase::Ended(error) => Err(error.clone()),
            Phase::Done(answers) => {
                let index = usize::try_from(self.place.connection).unwrap_or(usize::MAX);
                let answers = answers.get_mut(index).ok_or(Error::RolledBack)?;
                read(answers, self.place.command)
            }
        })
    }

    /// A second claim to the same reply.
    pub(crate) fn share(&self) -> Self {
        self.flush.is_shared.store(true, Ordering::Relaxed);
        Self { flush: Arc::clone(&self.flush), place: self.place }
    }

    /// Whoever holds the claim looks at the error, if it is one.
    pub(crate) fn excuse(&self) {
        self.flush.with(|state| state.excused.push(self.place));
    }

    /// For people.
    pub(crate) fn state(&self) -> &'static str {
        self.flush.with(|state| match &state.phase {
            Phase::Queued => "not executed yet",
            Phase::Ended(_) => "failed",
            Phase::Done(_) => "executed",
        })
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.place).finish()
    }
}

#[cfg(test)]
mod tests;

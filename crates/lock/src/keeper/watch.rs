//! The watchdog's task, and what it shares with those who take and give back.

use std::collections::BTreeMap;
use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::future::Either;
use futures::stream::FuturesUnordered;
use redfleet_core::Shortfall;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::pace::{self, Pace};
use super::restore;
use super::round::Round;
use super::schedule::Schedule;
use super::tally::Verdict;
use crate::hold::{Hold, State};
use crate::servers::Servers;
use crate::validity;
use redfleet_core::lock;

/// Who waits for the extension of a lease, and is told what the servers said if they did not extend it.
pub(super) type Order = oneshot::Sender<Result<(), Shortfall>>;

/// What a round takes for granted before any has been measured.
const ROUND_TRIP: Duration = Duration::from_millis(10);

/// What the task shares.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(super) servers: Arc<Servers>,
    book: Mutex<Book>,
    /// Something is due earlier than the task would look.
    wake: Notify,
    /// Spreads the rounds that are tried again.
    dice: Mutex<fastrand::Rng>,
    /// How often the task has looked.
    #[cfg(test)]
    pub(super) looks: std::sync::atomic::AtomicU64,
}

#[derive(Debug, Default)]
struct Book {
    schedule: Schedule<Arc<Hold>>,
    /// By the number of what was ordered.
    orders: BTreeMap<u64, Vec<Order>>,
}

/// What a round came to for one lease.
#[derive(Debug)]
pub(super) struct Decision<'a> {
    pub(super) number: u64,
    pub(super) hold: &'a Arc<Hold>,
    pub(super) verdict: Verdict,
    /// When the round began.
    pub(super) start: Duration,
    /// Until when the lease protects if it is confirmed.
    pub(super) until: Duration,
    pub(super) failures: u32,
}

impl Watch {
    pub(super) fn new(servers: Arc<Servers>) -> Self {
        let seed = servers.settings().seed.unwrap_or_else(|| RandomState::new().hash_one("watchdog"));
        Self {
            servers,
            book: Mutex::default(),
            wake: Notify::new(),
            dice: Mutex::new(fastrand::Rng::with_seed(seed)),
            #[cfg(test)]
            looks: std::sync::atomic::AtomicU64::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.book).schedule.len()
    }

    pub(super) fn keep(&self, hold: &Arc<Hold>) {
        let now = self.servers.now();
        let State::Held(until) = hold.state(now) else { return };
        let start = validity::start(until, hold.ttl, self.servers.settings().drift_ppm);
        let (ttl, max_until, is_attended) = (hold.ttl, hold.max_until, hold.is_attended);
        let pace = Pace { ttl, max_until, is_attended };
        let mut book = lock(&self.book);
        let (number, wakes) = book.schedule.add(Arc::clone(hold), pace, start, until);
        hold.watched.store(number, Ordering::Release);
        let is_everywhere = hold.gate.has_asked_all(self.servers.fleet().len());
        let spreads = !is_everywhere && book.schedule.spread(number, start, now);
        drop(book);
        self.wake_if(wakes || spreads);
    }

    pub(super) fn let_go(&self, number: u64) {
        lock(&self.book).remove(number);
    }

    pub(super) fn held(&self) -> Vec<Arc<Hold>> {
        lock(&self.book).schedule.all()
    }

    /// Lets go of all that is still held, and tells what it was.
    pub(super) fn let_all_go(&self) -> Vec<Arc<Hold>> {
        let mut book = lock(&self.book);
        let held = book.schedule.all();
        *book = Book::default();
        held
    }

    /// Extends what has this number at once. If nothing has, the order is dropped, and whoever waits for it is told by that.
    pub(super) fn order(&self, number: u64, order: Order) {
        let mut book = lock(&self.book);
        let Some(wakes) = book.schedule.order(number, self.servers.now()) else { return };
        book.orders.entry(number).or_default().push(order);
        drop(book);
        self.wake_if(wakes);
    }

    /// Takes note of what a round came to.
    pub(super) fn decided(&self, decisions: &[Decision<'_>]) {
        let mut wakes = false;
        for decision in decisions {
            wakes |= self.apply(decision);
        }
        self.wake_if(wakes);
    }

    /// Whether somebody has to be woken.
    fn apply(&self, decision: &Decision<'_>) -> bool {
        let Decision { number, hold, verdict, start, until, failures } = *decision;
        // Hold and schedule change together: in between nobody is to find the one extended and the other not.
        let mut book = lock(&self.book);
        let now = self.servers.now();
        match verdict {
            Verdict::Confirmed => {
                if let State::Held(until) = hold.extend(now, until) {
                    return book.schedule.confirmed(number, start, until);
                }
            }
            Verdict::Gone => {
                hold.end(State::Lost);
            }
            Verdict::Failed | Verdict::Open => {
                if let State::Held(_) = hold.state(now) {
                    let round_trip = self.servers.round_trip().longest().unwrap_or(ROUND_TRIP);
                    let chance = lock(&self.dice).f64();
                    let pause = pace::pause(round_trip, failures, hold.ttl, chance);
                    return book.schedule.failed(number, now + pause);
                }
            }
        }
        book.remove(number);
        false
    }

    /// The task: it looks when something is due, at least once a second while anything is held, and never while nothing is.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut rounds = FuturesUnordered::new();
        while !stop.is_cancelled() {
            let (begun, spread, nap) = self.look();
            rounds.extend(begun.into_iter().map(|round| Either::Left(round.run())));
            if !spread.is_empty() {
                rounds.push(Either::Right(restore::spread(Arc::clone(&self.servers), spread)));
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                Some(()) = rounds.next() => {}
                () = sleep(nap) => {}
            }
        }
        // What is being put back has to be known before it can be taken away again.
        while rounds.next().await.is_some() {}
    }

    /// What begins now, what is to be spread, and how long it may be slept then.
    fn look(self: &Arc<Self>) -> (Vec<Round>, Vec<Arc<Hold>>, Option<Duration>) {
        #[cfg(test)]
        self.looks.fetch_add(1, Ordering::Relaxed);
        let mut book = lock(&self.book);
        let now = self.servers.now();
        let turn = book.schedule.turn(now);
        for hold in &turn.ended {
            // Whoever looks first makes it lost.
            let _lost: State = hold.state(now);
            book.orders.remove(&hold.watched.load(Ordering::Acquire));
        }
        let mut begun = Vec::with_capacity(turn.rounds.len());
        for leases in turn.rounds {
            let orders = leases.iter().filter_map(|due| book.orders.remove(&due.number)).flatten().collect();
            begun.push(Round::new(self, now, leases, orders));
        }
        (begun, turn.spread, turn.nap)
    }

    fn wake_if(&self, wakes: bool) {
        if wakes {
            self.wake.notify_one();
        }
    }
}

impl Book {
    fn remove(&mut self, number: u64) {
        self.schedule.remove(number);
        self.orders.remove(&number);
    }
}

async fn sleep(nap: Option<Duration>) {
    match nap {
        Some(nap) => tokio::time::sleep(nap).await,
        None => pending().await,
    }
}

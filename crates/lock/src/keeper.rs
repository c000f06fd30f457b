//! The watchdog: one task that extends all leases of a process, and tells of those that are lost.
//!
//! ```text
//!   acquire ──keep──┐                       ┌── batch ── server 0 ──┐
//!                   ├─ schedule ── round ───┼── batch ── server 1 ──┼── votes, counted for each lease as they come
//!   release ─let go─┘   who is due, and     └── batch ── server 2 ──┘        │
//!                       what rides along                                     ├── a majority: valid again, due a third later
//!                                                                            ├── no majority can: lost, at once
//!                                                                            └── not known: again, soon
//! ```
//!
//! Each round has a start of its own, and its votes are counted alone: those of two rounds never come to a majority together.
//! An extension counts only if the lease still protects when it is counted. Where a server has lost a lease that a majority has just
//! confirmed, it is put back, see [`restore`].
//!
//! # What is held for longer is spread
//!
//! A lock is taken on a majority alone (see [`attempt`](crate::attempt)), and most are given back so soon that the other servers never
//! hear of them. One that is held for longer is put on those too, 20 to 40 ms after it was asked for ([`SPREAD`](schedule::SPREAD)): all
//! that is due then in one batch a server. Thereby the lease can be extended whichever minority of the servers is lost.
//!
//! Until then, a server of that first majority that is lost takes the lease's redundancy with it: an extension in that window fails. It
//! never takes its safety: the lease protects until its time is over, for a server that forgot it does not vote for others either.
//! Where the spread comes through afterwards, the lease can be extended again.

mod calls;
mod flawed;
mod pace;
mod restore;
mod round;
mod schedule;
mod tally;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::hold::{Hold, State};
use crate::servers::Servers;
pub(crate) use pace::Pace;
use redfleet_core::lock;
pub(crate) use restore::Restores;
use watch::Watch;

/// How many locks one process may hold: a round of all of them takes a server some hundred milliseconds.
pub(crate) const MAX_HELD: usize = 100_000;

/// Looks after holds.
#[derive(Debug)]
pub(crate) struct Keeper {
    watch: Arc<Watch>,
    /// It begins with the first hold, and again if its runtime has ended.
    task: Mutex<Option<JoinHandle<()>>>,
    stop: CancellationToken,
}

impl Keeper {
    pub(crate) fn new(servers: Arc<Servers>) -> Self {
        let watch = Arc::new(Watch::new(servers));
        Self { watch, task: Mutex::default(), stop: CancellationToken::new() }
    }

    /// Whether there is room for one more hold: to be asked before anything is sent for it.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`], or [`Error::Shutdown`].
    pub(crate) fn room(&self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::Shutdown);
        }
        if self.watch.len() >= MAX_HELD {
            return Err(Error::TooMany { limit: MAX_HELD });
        }
        Ok(())
    }

    /// Whether nothing new is let in.
    pub(crate) fn is_closed(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Lets nothing new in, and extends nothing any more.
    pub(crate) fn close(&self) {
        self.stop.cancel();
    }

    /// Waits until nothing new is let in.
    pub(crate) async fn closed(&self) {
        self.stop.cancelled().await;
    }

    /// All that this process holds, as far as it knows.
    pub(crate) fn held(&self) -> Vec<Arc<Hold>> {
        self.watch.held()
    }

    /// Looks after this hold from now on.
    ///
    /// # Cost
    ///
    /// A map's insertion. The task is woken only if the hold is due before it would look by itself.
    pub(crate) fn keep(&self, hold: &Arc<Hold>) {
        self.watch.keep(hold);
        self.start();
    }

    /// Stops looking after this hold, at once. What was sent for it goes on, and has no consequence any more.
    ///
    /// # Cost
    ///
    /// A map's removal.
    pub(crate) fn let_go(&self, hold: &Hold) {
        self.watch.let_go(hold.watched.load(Ordering::Acquire));
    }

    /// Extends this hold in a round of its own, and tells how much longer it protects.
    pub(crate) async fn extend(&self, hold: &Arc<Hold>) -> Result<Duration> {
        if let State::Held(until) = hold.state(self.watch.servers.now())
            && until < hold.max_until
        {
            let (order, answer) = oneshot::channel();
            self.watch.order(hold.watched.load(Ordering::Acquire), order);
            self.start();
            // Nobody answers if the hold ended meanwhile, and then its state tells.
            let answered = answer.await;
            if let State::Held(_) = hold.state(self.watch.servers.now()) {
                let name = || Arc::clone(&hold.site.name);
                answered
                    .map_err(|_| Error::Shutdown)?
                    .map_err(|answers| Error::Unreachable { name: name(), answers })?;
            }
        }
        let now = self.watch.servers.now();
        match hold.state(now) {
            State::Held(until) => Ok(until.saturating_sub(now)),
            State::Released => Err(Error::Released { name: Arc::clone(&hold.site.name) }),
            State::Lost => Err(Error::Lost { name: Arc::clone(&hold.site.name) }),
        }
    }

    /// Extends nothing any more, waits for the rounds that are under way, and tells what is still held.
    pub(crate) async fn shutdown(&self) -> Vec<Arc<Hold>> {
        self.close();
        let task = lock(&self.task).take();
        if let Some(task) = task {
            // It fails only when its runtime has ended, and then nothing is under way.
            task.await.ok();
        }
        self.watch.let_all_go()
    }

    /// Sees that the task runs: where the locks were built, or here, if that runtime has ended.
    fn start(&self) {
        let mut task = lock(&self.task);
        if self.stop.is_cancelled() || task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let runtimes = [self.watch.servers.background().runtime(), Handle::try_current().ok()];
        for runtime in runtimes.into_iter().flatten() {
            // A shutdown waits for it, also one that comes while another one does.
            let under_way = self.watch.servers.background().token();
            let run = Arc::clone(&self.watch).run(self.stop.clone());
            let running = task.insert(runtime.spawn(async move {
                run.await;
                drop(under_way);
            }));
            if !running.is_finished() {
                break;
            }
        }
    }
}

/// Nobody holds anything any more, nor can take anything.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

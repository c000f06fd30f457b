//! Waiting for a lock: asleep in line, and asking only when there is news.
//!
//! A waiter sends nothing while it sleeps. It asks again when a majority of the servers keeps the lock for it; a round trip after the
//! first wake, if no more come; when messages may have been missed; when the one before it was woken, and nothing was heard since; and
//! when what it was told of the holder's life has run out.

mod aim;
pub(crate) mod leave;
mod pace;
mod take;
mod wanted;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redfleet_core::mutant;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::attempt::{Ask, Denied, Failed, Grant, Place, attempt};
use crate::error::{Error, Result};
use crate::hold::{Hold, State};
use crate::id::LeaseId;
use crate::kinds::Kind;
use crate::line::seat::Seat;
use crate::line::{Full, MOST, Turn};
use crate::locks::Inner;
use crate::release::Release;
use crate::servers::Servers;
use aim::Aim;
use pace::{Limits, Pace};
pub(crate) use wanted::Wanted;

/// Takes the lock, or waits for it.
///
/// # Cost
///
/// One round trip where it is free, two from a release elsewhere to the grant here, none where it is handed on in this process.
async fn acquire(inner: &Arc<Inner>, wanted: &Wanted) -> Result<Arc<Hold>> {
    let now = Instant::now();
    let until = now.checked_add(wanted.options.wait).unwrap_or(now + Duration::from_secs(1 << 32));
    let mut waiter = Waiter::join(inner, wanted)?;
    loop {
        if let Some(hold) = waiter.seat.take() {
            inner.admit(&hold);
            return Ok(hold);
        }
        let held = match waiter.seat.turn() {
            Turn::Asks => {
                let hold = waiter.ask(until).await?;
                inner.admit(&hold);
                return Ok(hold);
            }
            Turn::Heir => inner.lines.hold(&wanted.key),
            Turn::Behind => None,
        };
        tokio::select! {
            biased;
            () = waiter.seat.rung() => {}
            () = inner.keeper.closed() => return Err(Error::Shutdown),
            hold = lost(inner, held) => inner.lines.ended(&hold),
            () = sleep_until(until) => return Err(waiter.timed_out(None)),
        }
    }
}

/// Waits until this hold is lost.
async fn lost(inner: &Inner, hold: Option<Arc<Hold>>) -> Arc<Hold> {
    let Some(hold) = hold else { return std::future::pending().await };
    loop {
        let now = inner.servers.now();
        match hold.state(now) {
            State::Held(until) => {
                tokio::select! {
                    biased;
                    () = hold.lost.cancelled() => {}
                    () = sleep(until.saturating_sub(now).max(Duration::from_millis(1))) => {}
                }
            }
            State::Lost | State::Released => return hold,
        }
    }
}

/// When somebody began to wait, by the servers' time.
fn ticket(servers: &Servers, began: Duration) -> u64 {
    if mutant::is_on("tickets_are_of_our_clock") {
        return u64::try_from(servers.settings().clock.unix().as_micros()).unwrap_or(u64::MAX);
    }
    servers.time().now_us(began)
}

/// A waiter's place in the local line. Dropped, it is given up; with the last one of this process also that on the servers.
#[derive(Debug)]
struct Waiter<'a> {
    inner: &'a Arc<Inner>,
    wanted: &'a Wanted,
    aim: Aim,
    number: u64,
    seat: Arc<Seat>,
    /// When it began, by our clock.
    began: Duration,
    /// How many attempts in a row reached no majority.
    failures: u32,
    /// A shutdown waits until it has left.
    _waits: TaskTrackerToken,
}

/// How many permits a waiter goes to, one after the other, before it sleeps.
const MOST_FOLLOWED: usize = 8;

impl<'a> Waiter<'a> {
    fn join(inner: &'a Arc<Inner>, wanted: &'a Wanted) -> Result<Self> {
        let seat = Seat::new(wanted.options.terms.clone());
        let joined = inner.lines.join(&wanted.key, wanted.options.ttl, seat);
        let crowded = |Full| Error::Crowded { name: Arc::clone(&wanted.site.name), most: MOST };
        let (number, seat) = joined.map_err(crowded)?;
        let began = inner.servers.now();
        Ok(Self {
            inner,
            wanted,
            aim: Aim::new(&wanted.site, MOST_FOLLOWED),
            number,
            seat,
            began,
            failures: 0,
            _waits: inner.servers.background().token(),
        })
    }

    /// Asks the servers until they grant it, or time is over. An attempt that is under way then is waited for.
    async fn ask(&mut self, until: Instant) -> Result<Arc<Hold>> {
        loop {
            if self.inner.keeper.is_closed() {
                return Err(Error::Shutdown);
            }
            let is_standing = self.inner.wakes.is_standing();
            let place = if is_standing { self.place().await } else { None };
            // Whoever wakes us from now on has seen this attempt, or will.
            if let Some(slot) = self.seat.news().slot {
                self.go_to(slot);
            }
            let (ask, id) = (self.wanted.ask(self.inner, &self.aim.site, place), self.inner.ids.next());
            let failed: Failed = match attempt(&self.inner.servers, &ask, id.clone()).await {
                Ok(grant) => return Ok(self.granted(ask, grant)),
                Err(failed) => failed,
            };
            let (may_have_taken, denied) = (failed.may_have_taken(), failed.denied);
            self.failures = if matches!(denied, Denied::Busy { .. }) { 0 } else { self.failures + 1 };
            let mut before = 0;
            if let Some(place) = &ask.place {
                before = place.before.load(Ordering::Relaxed);
                if may_have_taken {
                    self.put_back(place, &id).await;
                }
            }
            let is_over = if self.aim.follow(&self.inner.servers.settings().space, &denied) {
                Instant::now() >= until
            } else if is_standing {
                !self.sleep(&denied, before, until).await
            } else {
                self.inner.wakes.stand(self.inner).await;
                Instant::now() >= until
            };
            if is_over {
                return Err(self.timed_out(Some(denied)));
            }
        }
    }

    fn go_to(&mut self, slot: u16) {
        self.aim.go_to(&self.inner.servers.settings().space, slot);
    }

    /// The place of this process in the line of the servers: by when the first began who waits here.
    async fn place(&self) -> Option<Place> {
        let servers = &self.inner.servers;
        servers.ready().await;
        // Before any server has told its time nobody can be put in order.
        let new = || Some(ticket(servers, self.began)).filter(|ticket| *ticket > 0);
        let ticket = self.inner.lines.ticket(&self.wanted.key, new)?;
        let (waiter, before) = (Arc::clone(&self.wanted.waiter), Arc::new(AtomicU64::new(0)));
        Some(Place { waiter, ticket, is_fast: self.wanted.options.is_fast, before })
    }

    fn granted(&mut self, ask: Ask, grant: Grant) -> Arc<Hold> {
        // With the grant it has left the line where it was granted; where it was not, it is woken in vain, and the holder is told.
        let hold = self.wanted.granted(self.inner, ask, grant);
        self.inner.keeper.keep(&hold);
        self.inner.lines.took(&self.wanted.key, Some(self.number), self.wanted.heritable(&hold));
        hold
    }

    /// Gives back what a failed attempt may have taken, and keeps the place in line where that was given up for it. A server that does
    /// not answer is told of the release, which costs the place there, but not the lock for a ttl; so it is if the waiter goes away.
    async fn put_back(&self, place: &Place, id: &LeaseId) {
        let (servers, site) = (&self.inner.servers, &self.aim.site);
        let call = site.kind.scripts().put_back.key(&[&site.owner, &site.reservation, &site.line]);
        let call = call.key(site.readers.as_deref().filter(|_| site.kind == Kind::Read)).arg(id.as_str());
        let call = call.arg(servers.channels()).arg(&site.message);
        let call = call
            .arg(servers.round_trip().reservation().as_millis())
            .arg(&*place.waiter)
            .arg(place.ticket)
            .arg(servers.line_life().as_millis());
        drop(Release::beginning_with(servers, site, id, call).run().await);
    }

    /// Sleeps until it is to ask again. False if its time is over.
    async fn sleep(&mut self, denied: &Denied, before: u64, until: Instant) -> bool {
        let servers = &self.inner.servers;
        let reservation = servers.round_trip().reservation();
        let grace = servers.round_trip().mean().unwrap_or(reservation).min(reservation);
        let limits = Limits { majority: servers.majority(), grace, reservation };
        let chance = self.inner.chance();
        let pause = pace::pause(denied, limits, before, (self.failures, chance));
        let mut pace = Pace::new(limits, pause, Instant::now());
        loop {
            let news = self.seat.news();
            if let Some(slot) = news.slot {
                self.go_to(slot);
            }
            pace.heard(news, Instant::now());
            let Some(due) = pace.due() else { return true };
            tokio::select! {
                biased;
                () = self.seat.rung() => {}
                () = self.inner.keeper.closed() => return true,
                () = sleep_until(due.min(until)) => return due <= until,
            }
        }
    }

    fn timed_out(&self, last: Option<Denied>) -> Error {
        let name = Arc::clone(&self.wanted.site.name);
        let last = match last {
            Some(denied) => self.wanted.error(denied),
            None => Error::HeldHere { name: Arc::clone(&name) },
        };
        Error::TimedOut { name, wait: self.wanted.options.wait, last: Box::new(last) }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        // Of a semaphore it leaves the permit that is kept for it.
        if let Some(slot) = self.seat.news().slot {
            self.go_to(slot);
        }
        let left = self.inner.lines.leave(&self.wanted.key, self.number);
        if let Some(hold) = left.passed {
            self.inner.give_back(&hold);
        }
        if let Some(ticket) = left.ticket {
            let (servers, site) = (Arc::clone(&self.inner.servers), Arc::clone(&self.aim.site));
            let waiter = Arc::clone(&self.wanted.waiter);
            self.inner.in_background(leave::everywhere(servers, site, waiter, ticket));
        }
    }
}

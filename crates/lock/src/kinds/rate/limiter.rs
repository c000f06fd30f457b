//! A rate under a name, to be taken from.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Node;

use super::take::{self, Order, Said};
use super::{Error, Rate, Result};
use crate::kinds::free::place_of;
use crate::locks::{Inner, Locks};
use crate::site;

/// How often in a row it is asked again soon, because several who asked at the same time may have kept each other from a majority. Else
/// the servers differ by what they know, and then it is as they say.
const MOST_SPLITS: u32 = 3;

/// A rate under a name, shared by all processes that take from it.
///
/// # Guarantee
///
/// Each server keeps the rate exactly, by its own clock: in any span of time it gives at most the burst and what the span earns. What
/// is taken is taken from a majority of the `N` servers, `Q = N / 2 + 1`. So however the network falls apart, all processes together get
/// at most `N / Q` times the burst and the rate: 1 on one server, 3/2 on three, 5/3 on five, less than 2 on any number. While all
/// servers answer everybody it is the rate itself, because each server sees all that is taken.
///
/// A server that restarts without its data gives one burst anew. One that does not answer, or not in time, may have counted what
/// was asked of it: then less is allowed, never more. What some servers gave in vain, because no majority did, is given back where nobody took since.
///
/// [`on_one`](Self::on_one) lets one server decide: exact, and not to be had while that one is down.
///
/// All processes must have the same servers, under the same names. A rate does not look at the servers' marks as a lock does: while
/// the number of servers is being changed, those of before and those of after are each given what they ask for.
///
/// # Cost
///
/// One round trip. A key on every server while the rate was not fully earned back.
///
/// # Example
///
/// ```
/// use redfleet_core::{Embedded, Fleet};
/// use redfleet_lock::{Error, Locks, Rate};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fleet = Fleet::builder().node("a", Embedded::new().shared()).build()?;
/// let locks = Locks::builder(fleet).new_fleet().build()?;
/// let mails = locks.rate("mails", Rate::per_second(10).burst(2));
/// mails.try_take(2).await?;
/// let Err(Error::Limited { retry_after, .. }) = mails.try_take(1).await else { unreachable!() };
/// assert!(retry_after <= Duration::from_millis(100));
/// mails.wait(Duration::from_secs(1)).take(1).await?;
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// ATM Forum, Traffic Management Specification 4.0 (af-tm-0056.000), 1996, section 4.4.2: the generic cell rate algorithm, virtual scheduling.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before something is taken"]
pub struct RateLimiter {
    inner: Arc<Inner>,
    name: Arc<str>,
    rate: Rate,
    wait: Duration,
    is_on_one: bool,
    /// Who waits in this process: one asks at a time, in the order in which they came.
    line: Arc<tokio::sync::Mutex<()>>,
}

/// What was taken from a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// How many more a majority would have given at the same time.
    pub left: u32,
}

impl Locks {
    /// The rate of this name. Whoever takes from it should say the same `rate`: each is judged by the one that it says, against all that
    /// was taken.
    pub fn rate(&self, name: impl Into<Arc<str>>, rate: Rate) -> RateLimiter {
        let inner = Arc::clone(&self.inner);
        RateLimiter {
            inner,
            name: name.into(),
            rate,
            wait: Duration::ZERO,
            is_on_one: false,
            line: Arc::default(),
        }
    }
}

impl RateLimiter {
    /// How long [`take`](Self::take) waits at most: not at all, unless it is said.
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Lets one server decide, which follows from the rate's name and those of the nodes, in whichever order they are: the rate is exact,
    /// and cannot be taken from while that server is down. It is another rate than that of a majority.
    pub const fn on_one(mut self) -> Self {
        self.is_on_one = true;
        self
    }

    /// Takes `cost` if it may be taken now.
    ///
    /// # Errors
    ///
    /// [`Error::Limited`] says when to ask again, [`Error::Unreachable`] who did not answer; [`Error::Request`] if it could
    /// never be taken; [`Error::Shutdown`].
    ///
    /// # Cancel safety
    ///
    /// Dropped half-way, it may have been taken.
    pub fn try_take(&self, cost: u32) -> impl Future<Output = Result<Taken>> + Send + 'static + use<> {
        let limiter = self.clone();
        async move { limiter.take_once(cost).await }
    }

    async fn take_once(&self, cost: u32) -> Result<Taken> {
        let (earned_us, burst_us) = self.rate.times_us(cost)?;
        if self.name.is_empty() {
            return Err(Error::Request { what: "a rate's name", expected: "not empty".into() });
        }
        if self.inner.keeper.is_closed() {
            return Err(Error::Shutdown);
        }
        let servers = &self.inner.servers;
        let one = self.is_on_one.then(|| self.chosen(servers.fleet().nodes()));
        let key = self.key();
        let name = || Arc::clone(&self.name);
        match take::take(servers, Order { key, earned_us, burst_us, one }).await {
            Said::Taken(left) => {
                let left = left.as_micros() / self.rate.interval().as_micros().max(1);
                Ok(Taken { left: u32::try_from(left).unwrap_or(u32::MAX) })
            }
            Said::Limited { retry_after, answers } => {
                Err(Error::Limited { name: name(), retry_after, answers })
            }
            Said::Unreachable(answers) => Err(Error::Unreachable { name: name(), answers }),
        }
    }

    /// Takes `cost`, and waits for it as long as it was told. Whoever waits in one process on clones of one `RateLimiter` takes in the order in which
    /// they came; those of several processes ask at the time that each was told. If they keep each other from a majority then, each gives
    /// back what it was given, and asks again after a few round trips.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] as soon as it is known that it cannot be taken in time; else as [`try_take`](Self::try_take).
    ///
    /// # Cancel safety
    ///
    /// As [`try_take`](Self::try_take).
    pub fn take(&self, cost: u32) -> impl Future<Output = Result<Taken>> + Send + 'static + use<> {
        let limiter = self.clone();
        async move { limiter.take_or_wait(cost).await }
    }

    async fn take_or_wait(&self, cost: u32) -> Result<Taken> {
        let servers = &self.inner.servers;
        let deadline = servers.now().saturating_add(self.wait);
        let line = tokio::time::timeout(self.wait, self.line.lock()).await;
        let mut splits = 0;
        loop {
            let asked = servers.now();
            let error = match self.take_once(cost).await {
                Err(error @ Error::Limited { .. }) => error,
                done => return done,
            };
            let Error::Limited { retry_after, answers, .. } = &error else { return Err(error) };
            let is_split = answers.acked().next().is_some() && splits < MOST_SPLITS;
            splits = if is_split { splits + 1 } else { 0 };
            let took = servers.now().saturating_sub(asked);
            let pause =
                if is_split { self.while_others_give_back(took).min(*retry_after) } else { *retry_after };
            // Whose time was over before its turn came has asked this once.
            if line.is_err() || servers.now().saturating_add(pause) > deadline {
                return Err(Error::TimedOut {
                    name: Arc::clone(&self.name),
                    wait: self.wait,
                    last: error.into(),
                });
            }
            tokio::select! {
                biased;
                () = self.inner.keeper.closed() => return Err(Error::Shutdown),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// How long it takes until what several took in vain at the same time is given back, and one of them comes first: by chance one to
    /// four times what it took.
    fn while_others_give_back(&self, took: Duration) -> Duration {
        took.max(Duration::from_millis(1)).mul_f64(3.0_f64.mul_add(self.inner.chance(), 1.0))
    }

    fn key(&self) -> String {
        let how = if self.is_on_one { "rate:one" } else { "rate" };
        site::key(&self.inner.servers.settings().space, &self.name, how)
    }

    /// Which of these servers decides: by the names alone, in whichever order they are.
    fn chosen(&self, servers: &[Node]) -> usize {
        let mut by_name: Vec<&Node> = servers.iter().collect();
        by_name.sort_unstable_by_key(|server| server.name());
        by_name.get(place_of(&self.name, servers.len())).map_or(0, |server| server.index())
    }
}

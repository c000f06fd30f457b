//! Fleet time: what time the servers say it is, for tokens and tickets that rise whoever makes them; and who set his clock.

mod bounds;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bounds::{Baseline, Bounds, Jump, Moved};
use redfleet_core::{lock, mutant};

/// A clock that is off from the others' by more than this is reported: what is remembered of tokens must outlive such errors.
pub(crate) const MAX_OFF: Duration = Duration::from_secs(15);

/// Scripts compare tokens as floating-point numbers, which are exact up to here.
const LAST_TOKEN: u64 = 1 << 53;

/// The servers' time of day, told by our own clock and what they said last.
#[derive(Debug)]
pub(crate) struct FleetTime {
    drift_ppm: u32,
    /// How much our own clock has lost, by what a majority of the servers says.
    lost_ns: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    clocks: Vec<ServerClock>,
    /// The median of the servers: its time of day less our clock.
    median_ns: Option<i64>,
    /// Where the median is looked for: kept, because it is done at every reply.
    sorted_ns: Vec<i64>,
    last_proposal: u64,
}

/// What is remembered of one server's clock.
#[derive(Clone, Copy, Debug, Default)]
struct ServerClock {
    baseline: Option<Baseline>,
    /// When the last reply was asked for that was as expected: the first one never is.
    usual_at: Duration,
    suspect: Option<Suspect>,
    is_off: bool,
}

/// A clock that went forward, as long as nobody has decided whether it was this one or ours.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    since: Duration,
    at: Duration,
    bounds: Bounds,
    jump: Jump,
    /// Whether our own clock was set forward because it may have been ours that stood still.
    is_made_up: bool,
}

/// What a reply told of its server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Nothing new.
    Usual,
    /// It is ahead of where it should be: this reply is no vote, and none is one until it is decided whose clock was set.
    Forward,
    /// It is behind, by this much.
    Back(Duration),
    /// It is off from the median of all by this much, since now.
    Off(Duration),
}

/// Whose clock was set when one went forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// It has been decided before.
    Nobodys,
    /// Ours stood still for about as long: a majority of the servers went forward by the same in one moment.
    Ours(Duration),
    /// The server's: another was as usual when this one was not any more.
    Its(Duration),
    /// Nobody can tell: no other server has said anything since.
    Either {
        /// The server's was set forward by at least this.
        by: Duration,
        /// Or ours stood still for at most this.
        lost: Duration,
    },
}

impl FleetTime {
    pub(crate) fn new(servers: usize, drift_ppm: u32) -> Self {
        let clocks = vec![ServerClock::default(); servers];
        let sorted_ns = Vec::with_capacity(servers);
        let inner = Inner { clocks, median_ns: None, sorted_ns, last_proposal: 0 };
        Self { drift_ppm, lost_ns: AtomicU64::new(0), inner: Mutex::new(inner) }
    }

    /// How much our own clock has lost, by what a majority of the servers says: added to all that it shows.
    pub(crate) fn lost(&self) -> Duration {
        Duration::from_nanos(self.lost_ns.load(Ordering::Acquire))
    }

    /// A server told the time between these two moments of our clock.
    pub(crate) fn note(&self, server: usize, told_us: i64, asked: Duration, heard: Duration) -> Noted {
        let bounds = Bounds::of(told_us, asked, heard);
        let mut inner = lock(&self.inner);
        let Some(clock) = inner.clocks.get_mut(server) else { return Noted::Usual };
        if let Some(suspect) = &mut clock.suspect {
            (suspect.bounds, suspect.at) = (bounds, heard);
            return Noted::Forward;
        }
        let was_known = clock.baseline.is_some();
        let (baseline, moved) = match clock.baseline {
            None => (Baseline::new(bounds, heard), Moved::Not),
            Some(known) => known.hear(bounds, heard, self.drift_ppm),
        };
        clock.baseline = Some(baseline);
        if let Moved::Forward(jump) = moved
            && !mutant::is_on("forward_jump_is_ignored")
        {
            clock.suspect = Some(Suspect { since: heard, at: heard, bounds, jump, is_made_up: false });
            return Noted::Forward;
        }
        if was_known {
            clock.usual_at = asked;
        }
        inner.find_median();
        if let Moved::Back(by) = moved {
            return Noted::Back(by);
        }
        inner.off(server).map_or(Noted::Usual, Noted::Off)
    }

    /// Whether it is to be decided whose clock was set when this server's went forward.
    pub(crate) fn is_suspect(&self, server: usize) -> bool {
        lock(&self.inner).clocks.get(server).is_some_and(|clock| clock.suspect.is_some())
    }

    /// Whose clock was set, by what all servers told that could be asked since.
    ///
    /// It was ours if a majority of at least two went forward by the same, and none of them was seen as usual after another one
    /// was not. It was the server's if any other was asked since, and was as usual. With one server, or if no other answers, nobody can
    /// tell.
    pub(crate) fn whose(&self, server: usize, majority: usize) -> Whose {
        let inner = lock(&self.inner);
        let Some(suspect) = inner.clocks.get(server).and_then(|clock| clock.suspect) else {
            return Whose::Nobodys;
        };
        let alike = inner.alike(server).filter_map(|other| Some(other.suspect?.jump.most));
        let (count, most) =
            alike.fold((0, suspect.jump.most), |(count, most), also| (count + 1, most.max(also)));
        if majority >= 2 && count >= majority {
            return Whose::Ours(most);
        }
        let mut others = inner.clocks.iter().enumerate().filter(|(other, _)| *other != server);
        if others.any(|(_, other)| other.usual_at >= suspect.since) {
            Whose::Its(suspect.jump.least)
        } else {
            Whose::Either { by: suspect.jump.least, lost: suspect.jump.most }
        }
    }

    /// Our own clock lost this much, by this server and those alike, which is made up for from now on: so that no lease lasts longer
    /// here than on the servers. Who went forward by something else is judged by what it says next.
    pub(crate) fn make_up(&self, server: usize, lost: Duration) {
        let mut inner = lock(&self.inner);
        let alike: Vec<bool> = inner.clocks.iter().map(|clock| inner.is_alike(server, clock)).collect();
        for (clock, is_alike) in inner.clocks.iter_mut().zip(alike) {
            if let Some(suspect) = clock.suspect.take()
                && is_alike
            {
                // Of this one it is known how it stands to our clock since.
                clock.baseline = Some(Baseline::new(suspect.bounds.against_later(lost), suspect.at + lost));
            }
        }
        self.lose(lost);
        inner.find_median();
    }

    /// Our own clock may have lost this much, or this server's was set forward: our leases end as if it was ours, once for each time
    /// that this is not known. The server is still to be judged; the others by what they say next.
    pub(crate) fn make_up_in_doubt(&self, server: usize, lost: Duration) {
        let mut inner = lock(&self.inner);
        for (place, clock) in inner.clocks.iter_mut().enumerate() {
            match &mut clock.suspect {
                Some(suspect) if place == server && suspect.is_made_up => return,
                Some(suspect) if place == server => {
                    suspect.bounds = suspect.bounds.against_later(lost);
                    (suspect.at, suspect.since) = (suspect.at + lost, suspect.since + lost);
                    suspect.is_made_up = true;
                    self.lose(lost);
                }
                Some(_) | None => {}
            }
        }
        for (place, clock) in inner.clocks.iter_mut().enumerate() {
            clock.suspect.take_if(|_| place != server);
        }
    }

    fn lose(&self, lost: Duration) {
        let lost_ns = u64::try_from(lost.as_nanos()).unwrap_or(u64::MAX);
        self.lost_ns.fetch_add(lost_ns, Ordering::AcqRel);
    }

    /// This server's clock was set, and the server does not vote: what it tells now is what is known of it.
    pub(crate) fn accept(&self, server: usize) {
        let mut inner = lock(&self.inner);
        if let Some(clock) = inner.clocks.get_mut(server)
            && let Some(suspect) = clock.suspect.take()
        {
            clock.baseline = Some(Baseline::new(suspect.bounds, suspect.at));
        }
        inner.find_median();
    }

    /// How far a server's clock is ahead of the median, in microseconds, and by how much that may be wrong.
    pub(crate) fn offset_us(&self, server: usize) -> Option<(i64, Duration)> {
        let inner = lock(&self.inner);
        let bounds = inner.clocks.get(server)?.baseline?.bounds;
        Some((bounds.middle_ns().saturating_sub(inner.median_ns?) / 1_000, bounds.error()))
    }

    /// Whether any server has told the time.
    pub(crate) fn is_known(&self) -> bool {
        lock(&self.inner).median_ns.is_some()
    }

    /// What time it is, in microseconds since the epoch: by the median of the servers. Zero before any has told.
    pub(crate) fn now_us(&self, now: Duration) -> u64 {
        lock(&self.inner).now_us(now)
    }

    /// A token to propose for the first of a block of `tokens`: no earlier than now, and never one that was proposed before.
    pub(crate) fn propose(&self, now: Duration, tokens: u64) -> u64 {
        let mut inner = lock(&self.inner);
        let first = inner.now_us(now).max(inner.last_proposal.saturating_add(1));
        inner.last_proposal = first.saturating_add(tokens.max(1) - 1);
        first
    }

    /// A token was seen: whatever is proposed later is greater. One that no script could have made is not believed.
    pub(crate) fn seen(&self, token: u64) {
        let mut inner = lock(&self.inner);
        if token < LAST_TOKEN {
            inner.last_proposal = inner.last_proposal.max(token);
        }
    }
}

impl Inner {
    /// The clocks that went forward by the same as this server's, and in one moment: this one among them.
    fn alike(&self, server: usize) -> impl Iterator<Item = &ServerClock> {
        self.clocks.iter().filter(move |other| self.is_alike(server, other))
    }

    fn is_alike(&self, server: usize, other: &ServerClock) -> bool {
        let Some(clock) = self.clocks.get(server) else { return false };
        let (Some(suspect), Some(also)) = (clock.suspect, other.suspect) else { return false };
        let is_one_moment = other.usual_at <= suspect.since && clock.usual_at <= also.since;
        is_one_moment && suspect.jump.may_be(also.jump)
    }

    fn now_us(&self, now: Duration) -> u64 {
        let Some(median_ns) = self.median_ns else { return 0 };
        let now_ns = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        u64::try_from(now_ns.saturating_add(median_ns) / 1_000).unwrap_or(0)
    }

    fn find_median(&mut self) {
        self.sorted_ns.clear();
        let known = self.clocks.iter().filter_map(|clock| clock.baseline);
        self.sorted_ns.extend(known.map(|baseline| baseline.bounds.middle_ns()));
        self.sorted_ns.sort_unstable();
        self.median_ns = self.sorted_ns.get(self.sorted_ns.len() / 2).copied();
    }

    /// By how much this clock is off from the median, if it is since now.
    fn off(&mut self, server: usize) -> Option<Duration> {
        let median_ns = self.median_ns?;
        let clock = self.clocks.get_mut(server)?;
        let off = Duration::from_nanos(clock.baseline?.bounds.middle_ns().abs_diff(median_ns));
        let was_off = std::mem::replace(&mut clock.is_off, off > MAX_OFF);
        (clock.is_off && !was_off).then_some(off)
    }
}

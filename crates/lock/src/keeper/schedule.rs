//! What is due when, and what goes together: pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::pace::Pace;

/// How long the watchdog sleeps at most while anything is held, so that it notices when the machine slept.
pub(crate) const NAP: Duration = Duration::from_secs(1);

/// How long a lease is held at least before it is put on the servers that were not asked for it, and at most twice as long. What is
/// due then is due at multiples of this time, so that one look serves all of it, however many come and go.
pub(crate) const SPREAD: Duration = Duration::from_millis(20);

/// How many leases one round extends at most; what is due beyond that has a round of its own at the same time.
const ROUND: usize = 1_000;

/// When each lease is to be extended, and when it ends. All times are of one clock.
#[derive(Debug)]
pub(crate) struct Schedule<T> {
    entries: BTreeMap<u64, Entry<T>>,
    /// Every entry by the time at which something has to be done for it.
    events: BTreeSet<(Duration, u64)>,
    /// The entries that are to be spread, by when.
    spreads: BTreeSet<(Duration, u64)>,
    last: u64,
    /// The longest ttl that there was while anything was held.
    longest_ttl: Duration,
    /// When it will be looked at again if nothing is said; never, if nothing was held.
    planned: Option<Duration>,
}

#[derive(Debug)]
struct Entry<T> {
    what: T,
    pace: Pace,
    until: Duration,
    /// When it is to be extended, unless that is under way.
    due: Option<Duration>,
    is_under_way: bool,
    /// It is to be extended for somebody who waits for it.
    is_ordered: bool,
    failures: u32,
    /// When it is to be put on the servers that do not have it.
    spread: Option<Duration>,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Turn<T> {
    /// Their time is over.
    pub(crate) ended: Vec<T>,
    /// What goes together: each of these is one batch a server.
    pub(crate) rounds: Vec<Vec<Due<T>>>,
    /// To be put on the servers that do not have it.
    pub(crate) spread: Vec<T>,
    /// How long it may be slept, by the clock; for ever, if nothing is held.
    pub(crate) nap: Option<Duration>,
}

/// One lease that is to be extended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due<T> {
    pub(crate) number: u64,
    pub(crate) what: T,
    /// How many rounds of it failed since it was last confirmed.
    pub(crate) failures: u32,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            events: BTreeSet::new(),
            spreads: BTreeSet::new(),
            last: 0,
            longest_ttl: Duration::ZERO,
            planned: None,
        }
    }
}

impl<T> Entry<T> {
    /// When something has to be done.
    fn event(&self) -> Duration {
        self.due.filter(|_| !self.is_under_way).map_or(self.until, |due| due.min(self.until))
    }
}

impl<T: Clone> Schedule<T> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All that is looked after, the oldest first.
    pub(crate) fn all(&self) -> Vec<T> {
        self.entries.values().map(|entry| entry.what.clone()).collect()
    }

    /// Looks after this, which was confirmed by what was sent at `start`. Tells its number, and whether it is due earlier than
    /// anybody would look.
    pub(crate) fn add(&mut self, what: T, pace: Pace, start: Duration, until: Duration) -> (u64, bool) {
        self.last += 1;
        self.longest_ttl = self.longest_ttl.max(pace.ttl);
        let due = pace.due(start, until);
        let (is_under_way, is_ordered, failures, spread) = (false, false, 0, None);
        let entry = Entry { what, pace, until, due, is_under_way, is_ordered, failures, spread };
        let event = entry.event();
        self.events.insert((event, self.last));
        self.entries.insert(self.last, entry);
        (self.last, self.is_early(event))
    }

    /// It was taken at `start`, and stands on some servers only: it is to be spread. Whether somebody has to be woken.
    pub(crate) fn spread(&mut self, number: u64, start: Duration, now: Duration) -> bool {
        let at = next_multiple(start.saturating_add(SPREAD).max(now), SPREAD);
        let Some(entry) = self.entries.get_mut(&number) else { return false };
        entry.spread = Some(at);
        self.spreads.insert((at, number));
        self.is_early(at)
    }

    /// Looks after it no more.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let entry = self.entries.remove(&number)?;
        self.events.remove(&(entry.event(), number));
        if let Some(at) = entry.spread {
            self.spreads.remove(&(at, number));
        }
        Some(entry.what)
    }

    /// It is to be extended at once, in a round of its own. Whether somebody has to be woken for that; nothing, if it is not
    /// looked after.
    pub(crate) fn order(&mut self, number: u64, now: Duration) -> Option<bool> {
        self.change(number, |entry| {
            entry.is_ordered = true;
            entry.due = Some(now);
        })
    }

    /// A majority confirmed it, in a round that began at `start`. Whether somebody has to be woken.
    pub(crate) fn confirmed(&mut self, number: u64, start: Duration, until: Duration) -> bool {
        let early = self.change(number, |entry| {
            entry.is_under_way = false;
            entry.failures = 0;
            entry.until = until;
            // What was ordered while this went on wants a round that begins later.
            if !entry.is_ordered {
                entry.due = entry.pace.due(start, until);
            }
        });
        early == Some(true)
    }

    /// No majority confirmed it. It is tried again then, unless it is extended on order alone. Whether somebody has to be woken.
    pub(crate) fn failed(&mut self, number: u64, again: Duration) -> bool {
        let early = self.change(number, |entry| {
            entry.is_under_way = false;
            entry.failures = entry.failures.saturating_add(1);
            if !entry.is_ordered {
                entry.due = entry.pace.is_attended.then_some(again);
            }
        });
        early == Some(true)
    }

    /// Everything that is to be done now. What is due within the next tenth of its ttl rides along with what is due.
    pub(crate) fn turn(&mut self, now: Duration) -> Turn<T> {
        let ended = self.ended(now);
        let mut rounds = self.ordered(now);
        let first = self.events.first().map(|(event, _)| *event);
        if first.is_some_and(|event| event <= now) {
            rounds.extend(self.riding(now));
        }
        let spread = self.spread_now(now);
        let first =
            self.events.first().into_iter().chain(self.spreads.first()).map(|(event, _)| *event).min();
        let nap = first.map(|event| event.saturating_sub(now).min(NAP));
        self.planned = nap.map(|nap| now + nap);
        if nap.is_none() {
            self.longest_ttl = Duration::ZERO;
        }
        Turn { ended, rounds, spread, nap }
    }

    fn spread_now(&mut self, now: Duration) -> Vec<T> {
        let mut due = Vec::new();
        while let Some((_, number)) = self.spreads.first().copied().filter(|(at, _)| *at <= now) {
            self.spreads.pop_first();
            if let Some(entry) = self.entries.get_mut(&number) {
                entry.spread = None;
                due.push(entry.what.clone());
            }
        }
        due
    }

    fn ended(&mut self, now: Duration) -> Vec<T> {
        let over =
            |(_, number): &&(Duration, u64)| self.entries.get(number).is_some_and(|entry| entry.until <= now);
        let passed = self.events.iter().take_while(|(event, _)| *event <= now);
        let numbers: Vec<u64> = passed.filter(over).map(|(_, number)| *number).collect();
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    fn ordered(&mut self, now: Duration) -> Vec<Vec<Due<T>>> {
        let is_ordered = |(_, number): &&(Duration, u64)| {
            self.entries.get(number).is_some_and(|entry| entry.is_ordered && !entry.is_under_way)
        };
        let passed = self.events.iter().take_while(|(event, _)| *event <= now);
        let numbers: Vec<u64> = passed.filter(is_ordered).map(|(_, number)| *number).collect();
        numbers.into_iter().filter_map(|number| Some(vec![self.begin(number)?])).collect()
    }

    fn riding(&mut self, now: Duration) -> Vec<Vec<Due<T>>> {
        let horizon = now + self.longest_ttl / 10;
        let soon = self.events.iter().take_while(|(event, _)| *event <= horizon);
        let rides = |(_, number): &&(Duration, u64)| {
            self.entries.get(number).is_some_and(|entry| {
                let is_soon = entry.due.is_some_and(|due| due <= now + entry.pace.ttl / 10);
                is_soon && !entry.is_under_way
            })
        };
        let numbers: Vec<u64> = soon.filter(rides).map(|(_, number)| *number).collect();
        let chunks = numbers.chunks(ROUND);
        chunks.map(|chunk| chunk.iter().filter_map(|number| self.begin(*number)).collect()).collect()
    }

    /// A round of it begins.
    fn begin(&mut self, number: u64) -> Option<Due<T>> {
        self.change(number, |entry| {
            entry.is_under_way = true;
            entry.is_ordered = false;
        })?;
        let entry = self.entries.get(&number)?;
        Some(Due { number, what: entry.what.clone(), failures: entry.failures })
    }

    /// Changes an entry, and puts it in its new place. Whether that is earlier than anybody would look.
    fn change(&mut self, number: u64, change: impl FnOnce(&mut Entry<T>)) -> Option<bool> {
        let entry = self.entries.get_mut(&number)?;
        self.events.remove(&(entry.event(), number));
        change(entry);
        let event = entry.event();
        self.events.insert((event, number));
        Some(self.is_early(event))
    }

    fn is_early(&self, event: Duration) -> bool {
        self.planned.is_none_or(|planned| event < planned)
    }
}

/// The first multiple of `step` that is not before `time`.
fn next_multiple(time: Duration, step: Duration) -> Duration {
    let (time, step) = (time.as_nanos(), step.as_nanos());
    Duration::from_nanos(u64::try_from(time.next_multiple_of(step)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;

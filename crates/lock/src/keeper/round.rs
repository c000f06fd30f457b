//! One round: one batch a server, votes counted for each lease.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{Effect, Error, Incarnation, Node, Outcome, Result, mutant};

use super::calls;
use super::flawed;
use super::pace::{self, Pace};
use super::restore::{self, Restoring};
use super::schedule::Due;
use super::tally::{Answer, Verdict, verdict};
use super::watch::{Decision, Order, Watch};
use crate::hold::{Hold, State};
use crate::validity;
use redfleet_core::lock;

/// One round, before it is run.
pub(super) struct Round {
    votes: Arc<Votes>,
    deadline: Duration,
    /// Who waits for it: then it is about one lease.
    orders: Vec<Order>,
}

/// What the servers have said so far. It lives as long as any of them may still answer.
pub(super) struct Votes {
    watch: Arc<Watch>,
    start: Duration,
    leases: Vec<Leased>,
    count: Mutex<Count>,
}

/// One lease of a round.
struct Leased {
    number: u64,
    hold: Arc<Hold>,
    /// For how long the servers are asked to keep it.
    ask: Duration,
    /// Until when it protects if a majority does.
    until: Duration,
    failures: u32,
}

struct Count {
    /// Who answered, by server.
    by: Vec<Option<Incarnation>>,
    /// By lease.
    slots: Vec<Slot>,
}

struct Slot {
    /// By server.
    answers: Vec<Option<Answer>>,
    /// What it came to, which no later answer changes.
    verdict: Option<Verdict>,
}

impl Round {
    /// A round of these leases that begins at `start`: nothing was sent before.
    pub(super) fn new(
        watch: &Arc<Watch>,
        start: Duration,
        leases: Vec<Due<Arc<Hold>>>,
        orders: Vec<Order>,
    ) -> Self {
        let servers = &watch.servers;
        let (nodes, drift_ppm) = (servers.fleet().len(), servers.settings().drift_ppm);
        let failures = leases.iter().map(|due| due.failures).max().unwrap_or(0);
        let shortest = leases.iter().map(|due| due.what.ttl).min().unwrap_or(Duration::MAX);
        let deadline = pace::deadline(servers.round_trip().deadline(), failures, shortest);
        let leased = |Due { number, what: hold, failures }: Due<Arc<Hold>>| {
            let (ttl, max_until, is_attended) = (hold.ttl, hold.max_until, hold.is_attended);
            let ask = Pace { ttl, max_until, is_attended }.ask(start, drift_ppm);
            let until = validity::valid_until(start, ask, drift_ppm);
            Leased { number, hold, ask, until, failures }
        };
        let leases: Vec<Leased> = leases.into_iter().map(leased).collect();
        let slot = |_| Slot { answers: vec![None; nodes], verdict: None };
        let count = Count { by: vec![None; nodes], slots: (0..leases.len()).map(slot).collect() };
        let votes = Votes { watch: Arc::clone(watch), start, leases, count: Mutex::new(count) };
        Self { votes: Arc::new(votes), deadline, orders }
    }

    /// Asks all servers at once. What they say has its consequences as they say it, so a server that hangs delays nothing; this
    /// ends when the last has answered, or its time is over, and what was lost is put back.
    pub(super) async fn run(self) {
        let Self { votes, deadline, orders } = self;
        let asked = Arc::clone(&votes);
        let ask = move |node: Node| Arc::clone(&asked).ask(node);
        let mut outcome = votes.watch.servers.run(deadline, ask).await;
        if !votes.is_decided() {
            outcome.settle().await;
            votes.close();
        }
        answer(orders, votes.is_confirmed(), &outcome);
        // What was said until now, and then what comes late.
        let mut restoring = Restoring::new(deadline);
        restoring.put_back(&votes).await;
        outcome.settle().await;
        restoring.put_back(&votes).await;
    }
}

fn answer(orders: Vec<Order>, is_confirmed: bool, outcome: &Outcome<()>) {
    for order in orders {
        let answer = if is_confirmed { Ok(()) } else { Err(outcome.shortfall()) };
        // Who has gone away does not want to know.
        order.send(answer).ok();
    }
}

impl Votes {
    pub(super) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Asks one server to extend what is still held. It acknowledges if it extended all of it.
    async fn ask(self: Arc<Self>, node: Node) -> Result<()> {
        let servers = &self.watch.servers;
        let now = servers.now();
        let places = 0..self.leases.len();
        let held: Vec<usize> = places.filter(|place| self.is_held(*place, now)).collect();
        if held.is_empty() {
            self.heard(node.index(), &held, None, &[]);
            return Err(Error::declined("nothing is held any more", Effect::None));
        }
        let calls = |mark: &str| {
            let leases = held.iter().filter_map(|place| self.leases.get(*place));
            leases.map(|lease| calls::extend(servers, &lease.hold, lease.ask, mark)).collect()
        };
        let said = servers.ask_all(&node, calls).await;
        let (by, words) = match said {
            Ok(said) => (Some(said.by), said.words),
            Err(error) => (None, vec![Err(error)]),
        };
        self.heard(node.index(), &held, by, &words);
        words.into_iter().try_for_each(|word| match word?.as_str() {
            "extended" => Ok(()),
            "absent" => Err(Error::declined("it does not know the lease", Effect::None)),
            "other" => Err(Error::declined("somebody else holds it there", Effect::None)),
            other => {
                Err(Error::declined(format!("its reply is none that a lock knows: {other}"), Effect::Unknown))
            }
        })
    }

    fn is_held(&self, place: usize, now: Duration) -> bool {
        let hold = self.leases.get(place).map(|lease| &lease.hold);
        hold.is_some_and(|hold| matches!(hold.state(now), State::Held(_)))
    }

    /// Counts what a server said about the leases in these places, and draws the consequences.
    fn heard(&self, server: usize, places: &[usize], by: Option<Incarnation>, words: &[Result<String>]) {
        let mut count = lock(&self.count);
        if let Some(known) = count.by.get_mut(server) {
            *known = by;
        }
        for slot in &mut count.slots {
            slot.say(server, Answer::Nothing);
        }
        for (place, word) in places.iter().zip(words) {
            if let (Some(slot), Ok(word)) = (count.slots.get_mut(*place), word) {
                slot.say(server, read(word));
            }
        }
        let standing = count.standing(&self.watch);
        self.decide(&standing, &mut count.slots);
    }

    /// Decides what can be decided, and tells the watchdog.
    fn decide(&self, standing: &[bool], slots: &mut [Slot]) {
        let majority = self.watch.servers.majority();
        let mut decisions = Vec::new();
        for (slot, lease) in slots.iter_mut().zip(&self.leases) {
            let is_standing = |server: usize| standing.get(server) == Some(&true);
            if mutant::is_on("extensions_of_several_rounds") {
                flawed::add_those_before(&lease.hold.id, &mut slot.answers);
            }
            let verdict = verdict(&slot.answers, majority, |server| {
                is_standing(server) || mutant::is_on("extensions_of_several_rounds")
            });
            if slot.verdict.is_none() && verdict != Verdict::Open {
                slot.verdict = Some(verdict);
                decisions.push(self.decision(lease, verdict));
            }
        }
        self.watch.decided(&decisions);
    }

    /// No more answers come: what is not decided has failed.
    fn close(&self) {
        let mut count = lock(&self.count);
        let mut decisions = Vec::new();
        for (slot, lease) in count.slots.iter_mut().zip(&self.leases) {
            if slot.verdict.is_none() {
                slot.verdict = Some(Verdict::Failed);
                decisions.push(self.decision(lease, Verdict::Failed));
            }
        }
        self.watch.decided(&decisions);
    }

    const fn decision<'a>(&self, lease: &'a Leased, verdict: Verdict) -> Decision<'a> {
        let Leased { number, hold, until, failures, .. } = lease;
        let (number, until, failures) = (*number, *until, *failures);
        Decision { number, hold, verdict, start: self.start, until, failures }
    }

    fn is_decided(&self) -> bool {
        lock(&self.count).slots.iter().all(|slot| slot.verdict.is_some())
    }

    fn is_confirmed(&self) -> bool {
        lock(&self.count).slots.iter().all(|slot| slot.verdict == Some(Verdict::Confirmed))
    }

    /// Where a lease is absent that a majority has confirmed in this round, by server.
    pub(super) fn absent(&self) -> Vec<restore::Lack> {
        let count = lock(&self.count);
        let confirmed = count.slots.iter().zip(&self.leases);
        let confirmed = confirmed.filter(|(slot, _)| slot.verdict == Some(Verdict::Confirmed));
        let lacks = confirmed.flat_map(|(slot, lease)| {
            let servers = slot.answers.iter().enumerate();
            let absent = servers.filter(|(_, answer)| **answer == Some(Answer::Absent));
            absent.map(|(server, _)| restore::Lack {
                server,
                number: lease.number,
                hold: Arc::clone(&lease.hold),
            })
        });
        lacks.collect()
    }
}

/// Nobody works on it any more, whatever became of its task: what it did not decide is to be tried again.
impl Drop for Votes {
    fn drop(&mut self) {
        self.close();
    }
}

impl Count {
    /// Which servers are still the ones that answered.
    fn standing(&self, watch: &Watch) -> Vec<bool> {
        let by = self.by.iter().enumerate();
        by.map(|(server, by)| by.as_ref().is_some_and(|by| watch.servers.is_still(server, by))).collect()
    }
}

impl Slot {
    fn say(&mut self, server: usize, answer: Answer) {
        if let Some(place) = self.answers.get_mut(server) {
            *place = Some(answer);
        }
    }
}

fn read(word: &str) -> Answer {
    match word {
        "extended" => Answer::Extended,
        "absent" => Answer::Absent,
        "other" => Answer::Other,
        _ => Answer::Nothing,
    }
}

impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Round").field("leases", &self.votes.leases.len()).finish_non_exhaustive()
    }
}

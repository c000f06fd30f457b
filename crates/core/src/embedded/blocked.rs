//! Connections that wait for a key, served in the order in which they came.

mod queues;

use std::collections::{BTreeMap, BTreeSet};

use redis::Value;
use tokio::sync::oneshot;

use super::call::{Need, Wait};
use super::client::ClientId;
use super::refusal::Refusal;
use super::store::{Key, Signal, Stored};
use queues::{Place, Queues};

/// Which wait it is. Numbers are never used again.
pub(crate) type Ticket = u64;

/// What one who waits is told when somebody else ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unblock {
    /// The same as if his time were over.
    TimedOut,
    /// That somebody did so.
    Refused,
}

/// One who waits, and what is to be tried again for him.
#[derive(Debug)]
struct Waiter {
    client: ClientId,
    words: Vec<Vec<u8>>,
    wait: Wait,
    place: Place,
    reply: oneshot::Sender<Result<Value, Refusal>>,
}

/// All who wait: at most once a connection.
#[derive(Debug, Default)]
pub(crate) struct Blocked {
    waiters: BTreeMap<Ticket, Waiter>,
    by_client: BTreeMap<ClientId, Ticket>,
    /// When time is over for whom.
    due: BTreeSet<(i64, Ticket)>,
    queues: Queues,
    next: Ticket,
}

/// What is tried again for one who waits.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) client: ClientId,
    pub(crate) ticket: Ticket,
    pub(crate) words: Vec<Vec<u8>>,
}

impl Blocked {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Whether this connection waits.
    pub(crate) fn has(&self, client: ClientId) -> bool {
        self.by_client.contains_key(&client)
    }

    /// Adds one at the end.
    pub(crate) fn wait(
        &mut self,
        client: ClientId,
        words: &[&[u8]],
        mut wait: Wait,
    ) -> (Ticket, oneshot::Receiver<Result<Value, Refusal>>) {
        self.leave_client(client);
        let (reply, receiver) = oneshot::channel();
        let ticket = self.next;
        self.next += 1;
        let place = self.queues.add(ticket, &wait);
        if let Some(until) = wait.until {
            self.due.insert((until, ticket));
        }
        let called = || words.iter().map(|word| word.to_vec()).collect();
        let words = wait.again.take().unwrap_or_else(called);
        self.by_client.insert(client, ticket);
        self.waiters.insert(ticket, Waiter { client, words, wait, place, reply });
        (ticket, receiver)
    }

    /// The keys of those signals that Redis would see, each once: somebody waits for the key, and somebody, if for
    /// another key, for such a value.
    pub(crate) fn awaited(&self, signals: Vec<(Key, Signal)>) -> Vec<Key> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut known = BTreeSet::new();
        let seen = signals
            .into_iter()
            .filter(|(key, what)| self.queues.has(key, *what) && self.is_any_served_by(*what));
        seen.filter_map(|(key, _)| known.insert(Key::clone(&key)).then_some(key)).collect()
    }

    fn is_any_served_by(&self, signal: Signal) -> bool {
        let mut needs = self.waiters.values().map(|waiter| waiter.wait.needs);
        needs.any(|need| match signal {
            Signal::List => need == Need::List,
            Signal::SortedSet => need == Need::SortedSet,
            Signal::Stream | Signal::StreamGone => matches!(need, Need::Stream | Need::Group),
        })
    }

    /// Behind everybody who waits now.
    pub(crate) const fn end(&self) -> u64 {
        self.queues.end()
    }

    /// What is to be tried for the first, of those before `end`, who is served by what this key holds now.
    pub(crate) fn first(&mut self, key: &[u8], value: Option<&Stored>, end: u64) -> Option<Turn> {
        loop {
            let ticket = self.queues.first(key, value, end)?;
            match self.waiters.get(&ticket) {
                Some(waiter) if !waiter.reply.is_closed() => {
                    return Some(Turn { client: waiter.client, ticket, words: waiter.words.clone() });
                }
                // He has gone away.
                Some(_) | None => self.leave(ticket),
            }
        }
    }

    /// There was nothing for him after all: he waits on, behind all others, as in Redis.
    pub(crate) fn wait_on(&mut self, ticket: Ticket) {
        if let Some(waiter) = self.waiters.get_mut(&ticket) {
            self.queues.remove(waiter.place, &waiter.wait);
            waiter.place = self.queues.add(ticket, &waiter.wait);
        }
    }

    /// Gives one his reply, unless he need not wait any longer. One who has gone away does not mind.
    pub(crate) fn answer(&mut self, ticket: Ticket, reply: Result<Value, Refusal>) {
        if let Some(waiter) = self.take(ticket) {
            waiter.reply.send(reply).ok();
        }
    }

    /// Answers all whose time is over by now that there was nothing.
    pub(crate) fn end_overdue(&mut self, now_ms: i64) {
        while let Some((_, ticket)) = self.due.first().copied().filter(|(until, _)| *until <= now_ms) {
            self.answer(ticket, Ok(Value::Nil));
        }
    }

    /// Ends a connection's wait. Whether it waited.
    pub(crate) fn release(&mut self, client: ClientId, how: Unblock) -> bool {
        const RELEASED: Refusal = Refusal::fixed("UNBLOCKED client unblocked via CLIENT UNBLOCK");
        let Some(ticket) = self.by_client.get(&client).copied() else { return false };
        let reply = match how {
            Unblock::TimedOut => Ok(Value::Nil),
            Unblock::Refused => Err(RELEASED),
        };
        self.answer(ticket, reply);
        true
    }

    /// One need not wait any longer, and gets no reply.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        drop(self.take(ticket));
    }

    /// The same for what a connection waits for, if it does.
    pub(crate) fn leave_client(&mut self, client: ClientId) {
        if let Some(ticket) = self.by_client.get(&client).copied() {
            self.leave(ticket);
        }
    }

    fn take(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.waiters.remove(&ticket)?;
        self.by_client.remove(&waiter.client);
        self.queues.remove(waiter.place, &waiter.wait);
        if let Some(until) = waiter.wait.until {
            self.due.remove(&(until, ticket));
        }
        Some(waiter)
    }
}

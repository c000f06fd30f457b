//! The lines of all locks of a process, and what it holds of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::seat::Seat;
use super::{Full, Held, Line, News, Passing};
use crate::hold::Hold;
use crate::owner::Owner;
use redfleet_core::lock;

/// The lines, by lock. A lock that nobody here wants or holds has none.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Mutex<BTreeMap<Arc<str>, Local>>,
}

/// What one lock is to this process.
#[derive(Debug, Default)]
struct Local {
    line: Line,
    seats: BTreeMap<u64, Arc<Seat>>,
    hold: Option<Arc<Hold>>,
    /// The ticket of this process in the servers' line. Whoever asked with it first may be gone: it is the next one's then.
    ticket: Option<u64>,
}

/// What somebody leaves who waits no longer.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// What was handed to it unseen.
    pub(crate) passed: Option<Arc<Hold>>,
    /// The ticket of this process in the servers' line, if nobody here waits any more: that place is to be given up.
    pub(crate) ticket: Option<u64>,
}

/// To whom a message of a server goes.
#[derive(Debug)]
pub(crate) enum Addressee {
    /// The waiter that asks the servers.
    Waiter(Arc<Seat>),
    /// Nobody asks, because the lock is held here.
    Holder(Arc<Hold>),
    /// Nobody here wants it any more.
    Nobody,
}

impl Lines {
    /// One more waits for this lock: its number, and its seat.
    pub(crate) fn join(&self, key: &Arc<str>, ttl: Duration, seat: Seat) -> Result<(u64, Arc<Seat>), Full> {
        let mut lines = self.lines();
        let local = lines.entry(Arc::clone(key)).or_default();
        let (number, turn) = local.line.join(ttl)?;
        let seat = Arc::new(seat);
        seat.set_turn(turn);
        local.seats.insert(number, Arc::clone(&seat));
        drop(lines);
        Ok((number, seat))
    }

    /// It waits no longer.
    pub(crate) fn leave(&self, key: &Arc<str>, number: u64) -> Left {
        let mut lines = self.lines();
        let Some(local) = lines.get_mut(key) else { return Left::default() };
        let news = local.line.leave(number);
        local.tell(news);
        let passed = local.seats.remove(&number).and_then(|seat| seat.take());
        let ticket = if local.line.is_empty() { local.ticket.take() } else { None };
        forget(&mut lines, key);
        Left { passed, ticket }
    }

    /// The ticket with which whoever asks the servers takes a place in their line: the one that this process has there, or a new one.
    pub(crate) fn ticket(&self, key: &str, new: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let mut lines = self.lines();
        let ticket = &mut lines.get_mut(key)?.ticket;
        if ticket.is_none() {
            *ticket = new();
        }
        *ticket
    }

    /// The waiter with this number has the lock, and no place in the servers' line any more. Of a hold that nobody can inherit only
    /// the waiter is forgotten.
    pub(crate) fn took(&self, key: &Arc<str>, number: Option<u64>, hold: Option<&Arc<Hold>>) {
        let mut lines = self.lines();
        let local = lines.entry(Arc::clone(key)).or_default();
        let held = hold.map(|hold| Held { ttl: hold.ttl, hand_overs_left: hold.share.hand_overs_left });
        let news = local.line.took(number, held);
        local.hold = hold.cloned();
        local.tell(news);
        if let Some(number) = number {
            local.seats.remove(&number);
            local.ticket = None;
        }
        forget(&mut lines, key);
    }

    /// A hold is given back: hands it to the next waiter if there is one who may have it, and tells whether it did. `keep` is told of
    /// the next one's record before anybody can have it.
    pub(crate) fn pass(&self, hold: &Arc<Hold>, now: Duration, keep: impl FnOnce(&Arc<Hold>)) -> bool {
        let key = &hold.share.key;
        let mut lines = self.lines();
        let Some(local) = lines.get_mut(key) else { return false };
        if !local.hold.as_ref().is_some_and(|now| Arc::ptr_eq(now, hold)) {
            return false;
        }
        let heir = local.line.heir().and_then(|number| local.seats.get(&number));
        let record = heir.and_then(|seat| hold.hand_on(now, &seat.terms)).map(Arc::new);
        let news = match (local.line.pass(record.is_some()), record) {
            (Passing::To(number, news), Some(record)) => {
                keep(&record);
                local.hold = Some(Arc::clone(&record));
                if let Some(seat) = local.seats.get(&number) {
                    seat.pass(Arc::clone(&record));
                }
                local.tell(news);
                return true;
            }
            (Passing::Nobody(news) | Passing::To(_, news), _) => news,
        };
        local.hold = None;
        local.tell(news);
        forget(&mut lines, key);
        false
    }

    /// Does this while nothing is handed on.
    pub(crate) fn undisturbed<T>(&self, work: impl FnOnce() -> T) -> T {
        let _lines = self.lines();
        work()
    }

    /// A hold has ended without being handed on: the next one asks the servers.
    pub(crate) fn ended(&self, hold: &Hold) {
        let key = &hold.share.key;
        let mut lines = self.lines();
        let Some(local) = lines.get_mut(key) else { return };
        if local.hold.as_ref().is_some_and(|now| std::ptr::eq(Arc::as_ptr(now), hold)) {
            local.hold = None;
            let news = local.line.ended();
            local.tell(news);
            forget(&mut lines, key);
        }
    }

    /// What this process holds of a lock.
    pub(crate) fn hold(&self, key: &str) -> Option<Arc<Hold>> {
        self.lines().get(key).and_then(|local| local.hold.clone())
    }

    /// One more lease on what this owner holds already.
    pub(crate) fn enter_again(&self, key: &str, owner: &Owner, now: Duration) -> Option<Arc<Hold>> {
        let lines = self.lines();
        let hold = lines.get(key)?.hold.as_ref()?;
        let is_ours = hold.share.owner.as_ref() == Some(owner) && hold.is_held(now);
        (is_ours && hold.share.enter()).then(|| Arc::clone(hold))
    }

    /// To whom a message about this lock goes.
    pub(crate) fn addressee(&self, key: &str) -> Addressee {
        let lines = self.lines();
        let Some(local) = lines.get(key) else { return Addressee::Nobody };
        match (local.line.asks().and_then(|number| local.seats.get(&number)), &local.hold) {
            (Some(seat), _) => Addressee::Waiter(Arc::clone(seat)),
            (None, Some(hold)) => Addressee::Holder(Arc::clone(hold)),
            (None, None) => Addressee::Nobody,
        }
    }

    /// All that ask the servers.
    pub(crate) fn askers(&self) -> Vec<Arc<Seat>> {
        let lines = self.lines();
        lines.values().filter_map(|local| local.seats.get(&local.line.asks()?).cloned()).collect()
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Local>> {
        lock(&self.lines)
    }
}

impl Local {
    fn tell(&self, news: News) {
        if let Some((number, turn)) = news
            && let Some(seat) = self.seats.get(&number)
            && seat.turn() != turn
        {
            seat.set_turn(turn);
        }
    }
}

/// Nothing is remembered of a lock that nobody wants or holds.
fn forget(lines: &mut BTreeMap<Arc<str>, Local>, key: &str) {
    if lines.get(key).is_some_and(|local| local.line.is_over() && local.seats.is_empty()) {
        lines.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Turn;
    use super::*;
    use crate::hold::Terms;

    #[test]
    fn nothing_is_remembered_of_a_lock_that_nobody_wants() {
        let (lines, key) = (Lines::default(), Arc::<str>::from("c a"));
        let seat = || Seat::new(Terms::default());
        let (first, seat_1) = lines.join(&key, Duration::from_secs(1), seat()).unwrap();
        let (second, other) = lines.join(&key, Duration::from_secs(1), seat()).unwrap();
        assert_eq!((seat_1.turn(), other.turn()), (Turn::Asks, Turn::Behind));
        assert_eq!(lines.askers().len(), 1);
        assert_eq!(lines.ticket(&key, || Some(7)), Some(7));
        assert_eq!(lines.ticket(&key, || Some(8)), Some(7), "there is one place");
        assert_eq!(lines.leave(&key, first).ticket, None, "somebody still waits");
        assert_eq!(other.turn(), Turn::Asks);
        assert_eq!(lines.leave(&key, second).ticket, Some(7), "whoever took the place");
        assert!(lines.lines().is_empty());
        assert!(matches!(lines.addressee(&key), Addressee::Nobody));
    }
}

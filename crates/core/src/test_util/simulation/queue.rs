//! What happens next: events in the order of their times, and of their making where those are the same.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::connection::Id;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// One more item gets through to the node.
    ToNode(Id),
    /// One more item gets through to the client.
    ToClient(Id),
    /// The time for making the connection is over.
    ConnectLimit(Id),
    /// A lost connection is made anew, because somebody listens; by the link's place.
    Reconnect(usize),
    /// A fault of the plan begins, by its place.
    Begin(usize),
    /// A fault ends, by its number.
    End(u64),
    /// All faults end.
    Heal,
}

/// Events that have not happened yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Due>,
    made: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Due {
    at: Duration,
    number: u64,
    event: Event,
}

/// The greatest is the earliest, as the heap wants it.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Queue {
    pub(super) fn push(&mut self, at: Duration, event: Event) {
        self.made += 1;
        self.heap.push(Due { at, number: self.made, event });
    }

    /// When the next event is.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.heap.peek().map(|due| due.at)
    }

    /// The next event, if its time has come.
    pub(super) fn pop(&mut self, now: Duration) -> Option<(Duration, Event)> {
        let is_due = self.next_at().is_some_and(|at| at <= now);
        if is_due { self.heap.pop().map(|due| (due.at, due.event)) } else { None }
    }

    /// How many events there were so far.
    pub(super) const fn made(&self) -> u64 {
        self.made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_their_times_and_of_their_making() {
        let mut queue = Queue::default();
        let ms = Duration::from_millis;
        for (at, id) in [(5, 1), (3, 2), (5, 3), (9, 4), (3, 5)] {
            queue.push(ms(at), Event::ToNode(id));
        }
        let mut ids = Vec::new();
        while let Some((_, Event::ToNode(id))) = queue.pop(ms(5)) {
            ids.push(id);
        }
        assert_eq!(ids, [2, 5, 1, 3]);
        assert_eq!(queue.next_at(), Some(ms(9)));
    }
}

//! What a connection is told unasked, until those who listen on it look.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Notify;

use super::client::ClientId;
use super::store::Key;
use crate::lock::lock;

/// How many messages a reader may be behind; the next ones are dropped, and he is told of a gap.
const MAX_BEHIND: usize = 4096;
/// How many bytes he may be behind.
const MAX_BEHIND_BYTES: usize = 64 << 20;

/// One thing that is told unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// Somebody published; heard through the pattern, if there is one.
    Published { channel: Key, pattern: Option<Key>, payload: Key },
    /// These keys changed, or all of them.
    Invalidated(Option<Vec<Key>>),
    /// Keys changed, but the connection that was to be told is gone.
    Unreachable(ClientId),
    /// Something was dropped here.
    Gap,
}

/// Where messages for a connection are put. Each reader gets all of them from when he began. Clones are the same; when
/// the last is dropped, the readers come to the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mailbox {
    readers: Arc<Readers>,
}

#[derive(Debug, Default)]
struct Readers {
    queues: Mutex<Vec<Weak<Queue>>>,
}

/// One who reads what is put into a mailbox.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    queue: Arc<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    pending: Mutex<Pending>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    pushes: VecDeque<Push>,
    bytes: usize,
    is_closed: bool,
}

impl Mailbox {
    /// A reader of what comes from now on.
    pub(crate) fn reader(&self) -> Reader {
        let queue = Arc::new(Queue::default());
        let mut queues = lock(&self.readers.queues);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(&queue));
        Reader { queue }
    }

    /// Adds a message for every reader.
    pub(crate) fn put(&self, push: &Push) {
        for queue in lock(&self.readers.queues).iter().filter_map(Weak::upgrade) {
            queue.put(push);
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        for queue in lock(&self.queues).iter().filter_map(Weak::upgrade) {
            lock(&queue.pending).is_closed = true;
            queue.arrived.notify_one();
        }
    }
}

impl Queue {
    /// One message too many becomes a gap.
    fn put(&self, push: &Push) {
        let mut pending = lock(&self.pending);
        let bytes = push.size_bytes();
        if pending.pushes.back() == Some(&Push::Gap) {
            return;
        }
        if pending.pushes.len() >= MAX_BEHIND || pending.bytes + bytes > MAX_BEHIND_BYTES {
            pending.pushes.push_back(Push::Gap);
        } else {
            pending.bytes += bytes;
            pending.pushes.push_back(push.clone());
        }
        drop(pending);
        self.arrived.notify_one();
    }
}

impl Reader {
    /// What waits now, if anything does.
    pub(crate) fn try_take(&self) -> Option<Push> {
        let mut pending = lock(&self.queue.pending);
        let push = pending.pushes.pop_front()?;
        pending.bytes -= push.size_bytes().min(pending.bytes);
        Some(push)
    }

    /// The next message, or nothing when there will be no more. Dropping the future loses nothing.
    pub(crate) async fn take(&self) -> Option<Push> {
        loop {
            if let Some(push) = self.try_take() {
                return Some(push);
            }
            if lock(&self.queue.pending).is_closed {
                return None;
            }
            self.queue.arrived.notified().await;
        }
    }

    /// Waits until he who does not read need not begin: there will be no more, or something was dropped. Takes nothing.
    pub(crate) async fn is_lost(&self) {
        loop {
            let is_lost = {
                let pending = lock(&self.queue.pending);
                pending.is_closed || pending.pushes.back() == Some(&Push::Gap)
            };
            if is_lost {
                return;
            }
            self.queue.arrived.notified().await;
        }
    }
}

impl Push {
    fn size_bytes(&self) -> usize {
        match self {
            Self::Published { channel, payload, .. } => channel.len() + payload.len(),
            Self::Invalidated(keys) => keys.iter().flatten().map(|key| key.len()).sum(),
            Self::Unreachable(_) | Self::Gap => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(payload: &[u8]) -> Push {
        Push::Published { channel: Key::from(b"c".as_slice()), pattern: None, payload: payload.into() }
    }

    #[tokio::test]
    async fn every_reader_takes_everything_in_order_and_comes_to_an_end() {
        let mailbox = Mailbox::default();
        let early = mailbox.reader();
        mailbox.put(&published(b"1"));
        let late = mailbox.reader();
        mailbox.put(&published(b"2"));
        drop(mailbox);
        assert_eq!(early.take().await, Some(published(b"1")));
        assert_eq!(early.take().await, Some(published(b"2")));
        assert_eq!(early.take().await, None);
        assert_eq!(late.take().await, Some(published(b"2")));
        assert_eq!(late.take().await, None);
    }

    #[test]
    fn one_too_many_becomes_one_gap_and_there_is_room_again_behind_it() {
        let mailbox = Mailbox::default();
        let reader = mailbox.reader();
        for _ in 0..MAX_BEHIND + 10 {
            mailbox.put(&published(b"x"));
        }
        let taken: Vec<_> = std::iter::from_fn(|| reader.try_take()).collect();
        assert_eq!(taken.len(), MAX_BEHIND + 1);
        assert_eq!(taken.last(), Some(&Push::Gap));
        mailbox.put(&published(b"y"));
        assert_eq!(reader.try_take(), Some(published(b"y")));
    }
}

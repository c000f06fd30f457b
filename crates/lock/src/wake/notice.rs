//! What a server says to a waiter: `wake WAITER MESSAGE` or `next WAITER MESSAGE`. Pure.

use crate::kinds::Kind;
use crate::site::Site;

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// The lock is kept for it.
    Wake,
    /// Another was woken, and it is the next.
    Next,
}

/// A message of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    verb: Verb,
    /// The waiter, a space, and the lock's name: what its line is called here.
    key: String,
    /// The permit that it is about, of a semaphore.
    slot: Option<u16>,
}

impl Notice {
    /// Nothing if it is none.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload).ok()?;
        let (verb, key) = text.split_once(' ')?;
        let verb = match verb {
            "wake" => Verb::Wake,
            "next" => Verb::Next,
            _ => return None,
        };
        let (waiter, message) = key.split_once(' ')?;
        let (slot, name) = match Kind::of_waiter(waiter) {
            Some(Kind::Slot(_)) => {
                let (slot, name) = message.split_once(' ')?;
                (Some(slot.parse().ok()?), name)
            }
            Some(Kind::Exclusive | Kind::Write | Kind::Read) | None => (None, message),
        };
        let is_whole = !waiter.is_empty() && !name.is_empty();
        is_whole.then(|| Self { verb, key: format!("{waiter} {name}"), slot })
    }

    pub(crate) const fn verb(&self) -> Verb {
        self.verb
    }

    /// What the line is called in this process.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn waiter(&self) -> &str {
        self.key.split_once(' ').map_or("", |(waiter, _)| waiter)
    }

    /// The permit that it is about, of a semaphore.
    pub(crate) const fn slot(&self) -> Option<u16> {
        self.slot
    }

    /// The keys of the lock that it is about, if its kind is known.
    pub(crate) fn site(&self, space: &str, channels: &str) -> Option<Site> {
        let (waiter, name) = self.key.split_once(' ')?;
        match (Kind::of_waiter(waiter)?, self.slot) {
            (Kind::Slot(_), slot) => Some(Site::slot(space, name, slot?.saturating_add(1), slot?)),
            (kind @ (Kind::Exclusive | Kind::Write | Kind::Read), _) => {
                Some(Site::of(space, channels, name, kind))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_who_is_woken_and_for_which_lock() {
        let notice = Notice::parse(b"wake c0 a name with spaces").unwrap();
        assert_eq!((notice.verb(), notice.key()), (Verb::Wake, "c0 a name with spaces"));
        assert_eq!(notice.waiter(), "c0");
        assert_eq!(&*notice.site("p:", "w:").unwrap().name, "a name with spaces");
        assert_eq!(Notice::parse(b"next c0:w x").unwrap().verb(), Verb::Next);
        assert!(Notice::parse(b"next c0:q x").unwrap().site("p:", "w:").is_none());
        assert_eq!(Notice::parse(b"wake c0:r x").unwrap().site("p:", "w:").unwrap().kind, Kind::Read);
        let permit = Notice::parse(b"wake c0:s 7 a b").unwrap();
        assert_eq!((permit.key(), permit.slot()), ("c0:s a b", Some(7)));
        assert_eq!(permit.site("p:", "w:").unwrap().owner, "p:{a b}:slot:7:owner");
        assert_eq!(Notice::parse(b"wake c0:s x a"), None);
    }

    #[test]
    fn what_is_none_is_not_listened_to() {
        for odd in
            [&b""[..], b"wake", b"wake ", b"wake c0", b"wake c0 ", b"wake  x", b"walk c0 x", b"wake \xff x"]
        {
            assert_eq!(Notice::parse(odd), None, "{odd:?}");
        }
    }
}

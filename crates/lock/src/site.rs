//! The keys of one lock on every server, all in one slot.

use std::borrow::Cow;
use std::sync::Arc;

use crate::kinds::{Kind, free};

/// Where one lock lives on a server, and how it is held. A permit of a semaphore has an owner and a reservation of its own, and
/// shares the rest.
#[derive(Debug)]
pub(crate) struct Site {
    /// The lock's name as its user says it.
    pub(crate) name: Arc<str>,
    /// How it is held: what decides the scripts.
    pub(crate) kind: Kind,
    /// The id of who holds it.
    pub(crate) owner: String,
    /// For whom it is kept while it is handed over.
    pub(crate) reservation: String,
    /// The last token that was given out.
    pub(crate) token: String,
    /// Who waits, by ticket.
    pub(crate) line: String,
    /// Who reads, of a lock that has readers.
    pub(crate) readers: Option<String>,
    /// What whoever is woken is told: the name, and of a permit which one it is.
    pub(crate) message: String,
    /// What the acquiring script of its kind is told behind the rest: a reader's the channels, a permit's how many there are.
    pub(crate) detail: Option<String>,
}

impl Site {
    /// The keys of the lock of this name, to be held as `kind` says. Of a semaphore see [`slot`](Self::slot).
    pub(crate) fn of(space: &str, channels: &str, name: &str, kind: Kind) -> Self {
        match kind {
            Kind::Exclusive => Self::lock(space, name),
            Kind::Write | Kind::Read => Self::read_write(space, channels, name, kind),
            Kind::Slot(slot) => Self::slot(space, name, slot.saturating_add(1), slot),
        }
    }

    /// The server that is asked first for it, of so many: the same one by all who want a lock of this name.
    pub(crate) fn first(&self, servers: usize) -> usize {
        free::place_of(&self.name, servers)
    }

    /// The keys of the exclusive lock of this name. `space` is the prefix of all keys of a [`Locks`](crate::Locks).
    pub(crate) fn lock(space: &str, name: &str) -> Self {
        let key = keys(space, name, "");
        Self {
            name: name.into(),
            kind: Kind::Exclusive,
            owner: key("owner"),
            reservation: key("kept"),
            token: key("token"),
            line: key("line"),
            readers: None,
            message: name.to_owned(),
            detail: None,
        }
    }

    /// The keys of the read-write lock of this name, to be held as `kind` says. It is another than the exclusive lock of this name.
    pub(crate) fn read_write(space: &str, channels: &str, name: &str, kind: Kind) -> Self {
        let key = keys(space, name, "rw:");
        Self {
            name: name.into(),
            kind,
            owner: key("owner"),
            reservation: key("kept"),
            token: key("token"),
            line: key("line"),
            readers: Some(key("readers")),
            message: name.to_owned(),
            detail: (kind == Kind::Read).then(|| channels.to_owned()),
        }
    }

    /// The keys of one of the `permits` of the semaphore of this name. It is another than the locks of this name.
    pub(crate) fn slot(space: &str, name: &str, permits: u16, slot: u16) -> Self {
        let key = keys(space, name, "slot:");
        Self {
            name: name.into(),
            kind: Kind::Slot(slot),
            owner: key(&format!("{slot}:owner")),
            reservation: key(&format!("{slot}:kept")),
            token: key("token"),
            line: key("line"),
            readers: None,
            message: format!("{slot} {name}"),
            detail: Some(permits.to_string()),
        }
    }

    /// Another permit of the same semaphore, if this is one of its permits.
    pub(crate) fn other_slot(&self, space: &str, slot: u16) -> Option<Self> {
        let permits: u16 = self.detail.as_deref()?.parse().ok()?;
        let is_one = matches!(self.kind, Kind::Slot(_)) && slot < permits;
        is_one.then(|| Self::slot(space, &self.name, permits, slot))
    }
}

/// One of the keys of this name: the whole name decides the slot.
pub(crate) fn key(space: &str, name: &str, part: &str) -> String {
    keys(space, name, "")(part)
}

/// The keys of this name, by their parts, of which each begins with `kind`.
fn keys(space: &str, name: &str, kind: &str) -> impl Fn(&str) -> String {
    let stem = format!("{space}{{{}}}:{kind}", escape(name));
    move |part| [&stem, part].concat()
}

/// The name without braces, so that the whole of it decides the slot, and nothing else does.
fn escape(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', '{', '}']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('%', "%25").replace('{', "%7B").replace('}', "%7D"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_decides_the_slot_and_no_two_names_share_keys() {
        assert_eq!(Site::lock("redfleet:lock:", "invoice:7").owner, "redfleet:lock:{invoice:7}:owner");
        assert_eq!(Site::lock("p:", "}a{b%").line, "p:{%7Da%7Bb%25}:line");
        assert_ne!(Site::lock("p:", "%7D").owner, Site::lock("p:", "}").owner);
    }

    #[test]
    fn the_kinds_of_one_name_share_no_key() {
        let (lock, slot) = (Site::lock("p:", "a"), Site::slot("p:", "a", 5, 3));
        let read = Site::read_write("p:", "p:wake:", "a", Kind::Read);
        let lines = [&lock.line, &read.line, &slot.line];
        assert_eq!(lines, ["p:{a}:line", "p:{a}:rw:line", "p:{a}:slot:line"]);
        assert_eq!(slot.owner, "p:{a}:slot:3:owner");
        assert_eq!(slot.message, "3 a");
        assert_eq!(read.owner, Site::read_write("p:", "p:wake:", "a", Kind::Write).owner);
    }
}

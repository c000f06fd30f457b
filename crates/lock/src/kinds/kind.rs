//! Which scripts a kind of lock speaks: the one place that chooses them.

use redfleet_core::Script;

use crate::scripts;

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// By one, and nobody beside it.
    Exclusive,
    /// By one who writes, and nobody beside it, of a lock that may have readers instead.
    Write,
    /// By one who reads, with others who read.
    Read,
    /// As one of several permits, by its number from 0.
    Slot(u16),
}

/// The scripts of a kind. All of one verb have the same arguments, and the same keys up to those that a kind alone has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scripts {
    pub(crate) acquire: &'static Script,
    pub(crate) write_back: &'static Script,
    pub(crate) extend: &'static Script,
    pub(crate) restore: &'static Script,
    pub(crate) release: &'static Script,
    pub(crate) put_back: &'static Script,
}

impl Kind {
    /// What it is asked with.
    pub(crate) fn scripts(self) -> Scripts {
        let plain = Scripts {
            acquire: &scripts::ACQUIRE,
            write_back: &scripts::WRITE_BACK,
            extend: &scripts::EXTEND,
            restore: &scripts::RESTORE,
            release: &scripts::RELEASE,
            put_back: &scripts::PUT_BACK,
        };
        match self {
            Self::Exclusive | Self::Write => plain,
            Self::Slot(_) => Scripts { acquire: &scripts::ACQUIRE_SLOT, ..plain },
            Self::Read => Scripts {
                acquire: &scripts::ACQUIRE_READ,
                write_back: &scripts::WRITE_BACK_READ,
                extend: &scripts::EXTEND_READ,
                restore: &scripts::RESTORE_READ,
                release: &scripts::RELEASE_READ,
                put_back: &scripts::PUT_BACK_READ,
            },
        }
    }

    /// What stands behind a client's name where it waits for this kind: who waits for one kind does not wait for another.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Exclusive => "",
            Self::Write => ":w",
            Self::Read => ":r",
            Self::Slot(_) => ":s",
        }
    }

    /// What a waiter of this name waits for. Of a permit it does not tell which: that is in the message.
    pub(crate) fn of_waiter(waiter: &str) -> Option<Self> {
        let kind = waiter.find(':').map_or("", |colon| waiter.split_at(colon).1);
        [Self::Exclusive, Self::Write, Self::Read, Self::Slot(0)].into_iter().find(|one| one.suffix() == kind)
    }

    /// Whether others may hold the same lock at the same time: then a hold is not passed on within a process, and whoever waits
    /// behind one that was granted may ask at once.
    pub(crate) const fn is_shared(self) -> bool {
        match self {
            Self::Exclusive | Self::Write => false,
            Self::Read | Self::Slot(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_one_kind_does_not_wait_for_another_and_the_channel_is_the_clients_alone() {
        let kinds = [Kind::Exclusive, Kind::Write, Kind::Read, Kind::Slot(3)];
        for (place, kind) in kinds.iter().enumerate() {
            let suffix = kind.suffix();
            assert!(
                suffix.is_empty() || suffix.starts_with(':'),
                "the channel is what comes before the first colon"
            );
            assert!(kinds[place + 1..].iter().all(|other| other.suffix() != suffix));
        }
    }
}

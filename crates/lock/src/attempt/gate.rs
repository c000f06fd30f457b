//! What stops an attempt that nobody needs any more, and remembers whom it has asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Open while an attempt may still send, and while what is granted to it may still count. It knows the servers that were asked: they
/// alone can have anything of it.
///
/// Whoever sends notes the server first, and looks then whether the gate is open; whoever gives back shuts it first, and looks then who
/// was asked. So nothing is sent to a server that is not given back.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    is_open: AtomicBool,
    /// A bit a server. Servers beyond the last bit always count as asked.
    asked: AtomicU64,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { is_open: AtomicBool::new(true), asked: AtomicU64::new(0) }))
    }

    /// Nothing more is sent, and what is granted from now on is given back.
    pub(crate) fn shut(&self) {
        self.0.is_open.store(false, Ordering::SeqCst);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::SeqCst)
    }

    /// Notes that this server is about to be asked, and tells whether it still may be.
    pub(crate) fn ask(&self, server: usize) -> bool {
        self.0.asked.fetch_or(bit(server).unwrap_or(0), Ordering::SeqCst);
        self.is_open()
    }

    /// Whether this server was asked, and may have something.
    pub(crate) fn was_asked(&self, server: usize) -> bool {
        bit(server).is_none_or(|bit| self.0.asked.load(Ordering::SeqCst) & bit != 0)
    }

    /// Whether each of so many servers was asked.
    pub(crate) fn has_asked_all(&self, servers: usize) -> bool {
        (0..servers).all(|server| self.was_asked(server))
    }
}

fn bit(server: usize) -> Option<u64> {
    u32::try_from(server).ok().and_then(|server| 1_u64.checked_shl(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_whom_it_has_asked_also_those_that_were_asked_too_late() {
        let gate = Gate::new();
        assert!(gate.ask(2) && !gate.was_asked(0) && gate.was_asked(2));
        gate.shut();
        assert!(!gate.ask(0), "it may not be sent any more");
        assert!(gate.was_asked(0), "but whoever gives back cannot know that");
        assert!(!gate.has_asked_all(3) && gate.ask(1) == gate.is_open() && gate.has_asked_all(3));
        assert!(gate.was_asked(64) && gate.was_asked(1_000), "there is no bit for them");
        assert!(!gate.was_asked(63));
    }
}

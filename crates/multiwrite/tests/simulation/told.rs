//! What callers were told, and whether that is so.

use std::cell::{Cell, RefCell};

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;
use redfleet_core::{BackendExt, Effect, Result as CoreResult};
use redis::Value;

use super::commands::words;

/// What one writer was told of its own counter, which lives for ever and is written by nobody else.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    key: String,
    acked: Cell<i64>,
    /// How many may have been carried out, with those that were.
    sent: Cell<i64>,
}

/// What callers were told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    wrong: RefCell<Vec<String>>,
    /// How many writes were seen on the remotes that had acknowledged them.
    pub(crate) seen: Cell<usize>,
}

impl Counter {
    pub(crate) fn new(name: &str) -> Self {
        Self { key: format!("counter:{name}"), ..Self::default() }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Notes that an INCR is about to be sent, of which perhaps nobody is told anything.
    pub(crate) fn send(&self) {
        self.sent.set(self.sent.get() + 1);
    }

    /// Notes what became of it.
    pub(crate) fn note(&self, said: &CoreResult<Value>) {
        match said {
            Ok(_) => self.acked.set(self.acked.get() + 1),
            Err(error) if error.effect() == Effect::None => self.sent.set(self.sent.get() - 1),
            Err(_) => {}
        }
    }

    /// That each acknowledged INCR counts once on local, and each other one at most once.
    pub(crate) async fn judge(&self, world: &World) -> Result<(), Violation> {
        let local = world.nodes().first().unwrap().store();
        let count: Option<i64> = local.query(words(&["GET", &self.key])).await.unwrap();
        let count = count.unwrap_or_default();
        let possible = self.acked.get()..=self.sent.get();
        let evidence = || format!("{self:?}, and local has {count}");
        Violation::unless(possible.contains(&count), "what local acknowledged is there, once", evidence)
    }
}

impl Told {
    /// The remotes with these places acknowledged a write to a key that nobody else writes: whether they have it.
    pub(crate) async fn look(&self, world: &World, key: &str, places: &[usize]) {
        for place in places {
            let store = world.nodes().get(*place).unwrap().store();
            let is_there: bool = store.query(words(&["EXISTS", key])).await.unwrap();
            if is_there {
                self.seen.set(self.seen.get() + 1);
            } else {
                self.wrong.borrow_mut().push(format!("n{place} acknowledged {key} and lacks it"));
            }
        }
    }

    pub(crate) fn judge(&self) -> Result<(), Violation> {
        let wrong = self.wrong.borrow();
        Violation::unless(wrong.is_empty(), "what a remote acknowledged is there", || wrong.join("\n"))
    }
}

//! A server in this process behind a link that can be disturbed, and whose scripts are counted.

use std::ops::Deref;

use redfleet_core::redis::cmd;
use redfleet_core::{BackendExt, Embedded, test_util};

/// A server behind such a link.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    store: Embedded,
    link: test_util::Tap,
}

impl Deref for Tap {
    type Target = test_util::Tap;

    fn deref(&self) -> &test_util::Tap {
        &self.link
    }
}

impl Tap {
    pub(super) fn new() -> Self {
        let store = Embedded::new();
        let link = test_util::Tap::unnoticed(store.shared());
        Self { store, link }
    }

    /// What the server itself has, whatever the link is like.
    pub(super) async fn get(&self, key: &str) -> Option<String> {
        self.store.query(cmd("GET").arg(key)).await.unwrap()
    }

    pub(super) async fn set_key(&self, key: &str, value: impl ToString) {
        self.store.query::<()>(cmd("SET").arg(key).arg(value.to_string())).await.unwrap();
    }

    pub(super) async fn forget(&self, key: &str) {
        self.store.query::<()>(cmd("DEL").arg(key)).await.unwrap();
    }

    /// How many scripts were sent since this was asked last.
    pub(super) fn scripts(&self) -> usize {
        self.scripts_about("")
    }

    /// The same, of which only those count that speak of this.
    pub(super) fn scripts_about(&self, what: &str) -> usize {
        // Whoever had to send the text of a script has sent its hash before.
        let is_one = |text: &&String| text.starts_with("EVALSHA ") && text.contains(what);
        self.take_sent().iter().filter(is_one).count()
    }
}

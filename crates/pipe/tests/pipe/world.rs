//! What these tests have in common.

use std::sync::{Arc, Mutex};

use redfleet_core::test_util::Scripted;
use redfleet_core::{Backend, Embedded};
use redfleet_pipe::{Pipes, PipesBuilder};

/// One connection to a store of its own, and the store.
pub(super) fn embedded() -> (Pipes, Arc<dyn Backend>) {
    let backend = Embedded::new().shared();
    (Pipes::new(Arc::clone(&backend)), backend)
}

/// A node that answers what is counted, set, read or deleted, without looking.
pub(super) fn scripted() -> Scripted {
    Scripted::new().on("INCRBY", ":1\r\n").on("SET", "+OK\r\n").on("GET", "$1\r\n7\r\n").on("DEL", ":1\r\n")
}

/// Connections called so.
pub(super) fn over<'a>(nodes: impl IntoIterator<Item = (&'a str, &'a Scripted)>) -> PipesBuilder {
    nodes.into_iter().fold(Pipes::builder(), |builder, (name, node)| builder.connection(name, node.shared()))
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(super) fn note(&self, what: impl std::fmt::Display) {
        self.0.lock().unwrap().push(what.to_string());
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

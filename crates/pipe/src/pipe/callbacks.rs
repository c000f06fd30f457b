//! What is to run after an execution: first what learns from the replies, in their order, then callbacks, inner before outer.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use redfleet_core::mutant;

use super::Pipe;

/// One of them.
pub(super) type Callback = Box<dyn FnOnce() + Send>;

/// The callbacks of one scope and of those inside it.
#[derive(Default)]
pub(crate) struct Callbacks {
    /// In the order in which they were queued, whatever scope that was in: a later reply knows better than an earlier one.
    learning: Vec<Callback>,
    inner: Vec<Callback>,
    own: Vec<Callback>,
}

impl Callbacks {
    pub(super) const fn new() -> Self {
        Self { learning: Vec::new(), inner: Vec::new(), own: Vec::new() }
    }

    pub(super) fn push(&mut self, callback: Callback) {
        self.own.push(callback);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.learning.is_empty() && self.inner.is_empty() && self.own.is_empty()
    }

    /// Takes in those of a scope inside this one.
    pub(super) fn take_in(&mut self, nested: Self) {
        self.learning.extend(nested.learning);
        self.inner.extend(nested.inner);
        self.inner.extend(nested.own);
    }

    /// Runs all; one that panics stops no other.
    pub(super) fn run(self) {
        let mut panic = None;
        let (inner, own) = if mutant::is_on("callbacks_run_outer_first") {
            (self.own, self.inner)
        } else {
            (self.inner, self.own)
        };
        for callback in self.learning.into_iter().chain(inner).chain(own) {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) {
                panic.get_or_insert(payload);
            }
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Callbacks").field(&(self.learning.len() + self.inner.len() + self.own.len())).finish()
    }
}

impl Pipe {
    /// Runs `learn` once after the next execution, before every callback, and in the order in which it and its like were
    /// queued: what a program knows of the server then is what the server said last.
    pub(crate) fn learn(&mut self, learn: impl FnOnce() + Send + 'static) {
        if mutant::is_on("records_learn_in_callbacks") {
            return self.on_execute(learn);
        }
        self.callbacks.learning.push(Box::new(learn));
    }
}

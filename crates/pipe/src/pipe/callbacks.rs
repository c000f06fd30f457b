//! What is to run after an execution, inner before outer.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use redfleet_core::mutant;

/// One of them.
pub(super) type Callback = Box<dyn FnOnce() + Send>;

/// The callbacks of one scope and of those inside it.
#[derive(Default)]
pub(crate) struct Callbacks {
    inner: Vec<Callback>,
    own: Vec<Callback>,
}

impl Callbacks {
    pub(super) const fn new() -> Self {
        Self { inner: Vec::new(), own: Vec::new() }
    }

    pub(super) fn push(&mut self, callback: Callback) {
        self.own.push(callback);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.inner.is_empty() && self.own.is_empty()
    }

    /// Takes in those of a scope inside this one.
    pub(super) fn take_in(&mut self, nested: Self) {
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
        for callback in inner.into_iter().chain(own) {
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
        f.debug_tuple("Callbacks").field(&(self.inner.len() + self.own.len())).finish()
    }
}

//! The hold that an execution has of what its deferreds share.

use std::sync::Arc;

use super::{Answers, Flush};
use crate::error::Error;

/// Tells whoever waits for a flush when the execution is over, also when it is dropped before the replies came.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Flush>);

impl InFlight {
    pub(crate) const fn new(flush: Arc<Flush>) -> Self {
        Self(flush)
    }

    pub(crate) fn flush(&self) -> Arc<Flush> {
        Arc::clone(&self.0)
    }

    /// The replies have come, and can be read. Who waits is told when this is dropped: after the callbacks.
    pub(crate) fn land(&self, answers: Vec<Answers>) {
        self.0.done(answers);
    }

    /// No reply will come, because of `error`.
    pub(crate) fn end(&self, error: Error) {
        self.0.end(error);
    }

    /// The first error that nobody asked for as a result.
    pub(crate) fn unexcused(&self) -> Option<Error> {
        self.0.unexcused()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // It says so only where no reply came.
        self.0.end(Error::Interrupted);
    }
}

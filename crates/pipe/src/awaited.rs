//! A structure of deferreds that is awaited, because somebody else executes what it waits for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::error::{Error, Result};
use crate::flush::Flush;
use crate::pipe::{Execution, Pipe};
use crate::resolve::Resolve;

/// Commands that were queued, and whose values are there when this is ready.
///
/// # Errors
///
/// The first error in the structure, else the first of any other command that was queued with it, unless it was asked for as
/// a [`result`](crate::Deferred::result); or why nothing of it was sent.
///
/// # Cancel safety
///
/// Dropping it takes back nothing: what was queued is sent. The first error of it, which nobody sees then, is logged as a
/// warning.
#[must_use = "the values, and the errors, are there only when this is awaited"]
pub struct Awaited<R> {
    waiting: Option<Result<Waiting<R>>>,
}

struct Waiting<R> {
    structure: R,
    /// None if nothing was queued: then there is nothing to wait for.
    flush: Option<Arc<Flush>>,
}

/// It holds no reference to itself.
impl<R> Unpin for Awaited<R> {}

impl<R: Resolve> Awaited<R> {
    /// Has the closure queue in a pipe of its own: what it leaves there is to be sent by the caller; nothing if anything in it
    /// is refused, or if it panics.
    pub(crate) fn queue(mut pipe: Pipe, queue: impl FnOnce(&mut Pipe) -> R) -> (Self, Option<Execution>) {
        let structure = queue(&mut pipe);
        let (queued, execution) = match pipe.begin() {
            Some(Err(error)) => (Err(error), None),
            Some(Ok(execution)) => (Ok(Some(execution.flush())), Some(execution)),
            None => (Ok(None), None),
        };
        (Self { waiting: Some(queued.map(|flush| Waiting { structure, flush })) }, execution)
    }

    /// What was queued is not sent: this is why.
    pub(crate) fn refused(error: Error) -> Self {
        Self { waiting: Some(Err(error)) }
    }
}

impl<R: Resolve> Future for Awaited<R> {
    type Output = Result<R::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(Ok(Waiting { flush: Some(flush), .. })) = &self.waiting {
            ready!(flush.poll(cx));
        }
        // Polled once more after it was ready, it can say no more than that.
        let Some(waiting) = self.waiting.take() else { return Poll::Ready(Err(Error::Interrupted)) };
        Poll::Ready(waiting.and_then(|Waiting { structure, flush }| {
            let Some(flush) = flush else { return structure.resolve() };
            // In the order of `Pipes::run`: what a deferred says of its command is at least as telling.
            flush.resolving(|| {
                let values = structure.resolve()?;
                flush.unexcused().map_or(Ok(values), Err)
            })
        }))
    }
}

impl<R> Drop for Awaited<R> {
    fn drop(&mut self) {
        if let Some(Ok(Waiting { flush: Some(flush), .. })) = &self.waiting {
            flush.abandon();
        }
    }
}

impl<R> fmt::Debug for Awaited<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited").finish_non_exhaustive()
    }
}

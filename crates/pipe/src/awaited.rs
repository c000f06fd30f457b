//! A structure of deferreds that is awaited, because somebody else executes what it waits for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use redfleet_core::mutant;

use crate::error::{Error, Result};
use crate::flush::Flush;
use crate::pipe::{Marks, Pipe};
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
/// Dropping it takes back nothing: what was queued is sent.
#[must_use = "the values, and the errors, are there only when this is awaited"]
pub struct Awaited<R> {
    waiting: Option<Result<Waiting<R>>>,
}

struct Waiting<R> {
    structure: R,
    /// None if nothing was queued: then there is nothing to wait for.
    flush: Option<Arc<Flush>>,
    from: Marks,
    to: Marks,
}

/// It holds no reference to itself.
impl<R> Unpin for Awaited<R> {}

impl<R: Resolve> Awaited<R> {
    /// Queues what the closure queues; nothing of it if anything in it is refused.
    pub(crate) fn queue(pipe: &mut Pipe, queue: impl FnOnce(&mut Pipe) -> R) -> Self {
        let from = pipe.marks();
        let queued = pipe.nest(|pipe| Ok::<_, Error>(queue(pipe)));
        let to = pipe.marks();
        let waiting = queued.map(|structure| {
            let flush = pipe.flush().filter(|_| from != to);
            Waiting { structure, flush, from, to }
        });
        Self { waiting: Some(waiting) }
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
        Poll::Ready(waiting.and_then(|Waiting { structure, flush, from, to }| {
            let is_own = |place| {
                let is_after = from.are_before(place) && !to.are_before(place);
                is_after || mutant::is_on("errors_go_to_everybody")
            };
            let Some(flush) = flush else { return structure.resolve() };
            // In the order of `Pipes::run`: what a deferred says of its command is at least as telling.
            flush.resolving(|| {
                let values = structure.resolve()?;
                flush.unexcused(is_own).map_or(Ok(values), Err)
            })
        }))
    }
}

impl<R> fmt::Debug for Awaited<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited").finish_non_exhaustive()
    }
}

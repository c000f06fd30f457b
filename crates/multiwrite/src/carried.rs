//! What was begun is carried on, also if nobody waits for it any more.

use redfleet_core::lock;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::Notify;

/// How many writes are under way, those of callers that went away included.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    count: AtomicUsize,
    none: Notify,
    left: Mutex<Left>,
    fewer: Notify,
}

/// The writes whose callers went away, in the order in which they did.
#[derive(Debug, Default)]
struct Left {
    last: u64,
    under_way: BTreeSet<u64>,
}

impl UnderWay {
    /// One more, until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> OneUnderWay {
        self.count.fetch_add(1, Ordering::SeqCst);
        OneUnderWay(Arc::clone(self))
    }

    /// Waits until there is none.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn ended(&self) {
        loop {
            let none = self.none.notified();
            tokio::pin!(none);
            none.as_mut().enable();
            if self.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            none.await;
        }
    }

    /// Waits until those writes have ended whose callers have gone away by now.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn left_behind(&self) {
        let last = lock(&self.left).last;
        loop {
            let fewer = self.fewer.notified();
            tokio::pin!(fewer);
            fewer.as_mut().enable();
            if lock(&self.left).under_way.first().is_none_or(|first| *first > last) {
                return;
            }
            fewer.await;
        }
    }

    fn leave(self: &Arc<Self>) -> OneLeft {
        let mut left = lock(&self.left);
        left.last += 1;
        let number = left.last;
        left.under_way.insert(number);
        OneLeft { all: Arc::clone(self), number }
    }
}

/// One write whose caller went away.
struct OneLeft {
    all: Arc<UnderWay>,
    number: u64,
}

impl Drop for OneLeft {
    fn drop(&mut self) {
        lock(&self.all.left).under_way.remove(&self.number);
        self.all.fewer.notify_waiters();
    }
}

/// One write that is under way.
#[derive(Debug)]
pub(crate) struct OneUnderWay(Arc<UnderWay>);

impl Drop for OneUnderWay {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none.notify_waiters();
        }
    }
}

/// A future that its caller polls. If the caller drops it half-way, a task of its own polls it to the end.
///
/// A future that was never polled is dropped, because nothing of it has happened. Outside of a runtime nobody can carry it on:
/// it is dropped as it is, and has to tell by itself what then is uncertain.
pub(crate) struct Carried<T: Send + 'static> {
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    has_begun: bool,
    under_way: Arc<UnderWay>,
}

impl<T: Send + 'static> Carried<T> {
    pub(crate) fn new(under_way: &Arc<UnderWay>, future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { future: Some(Box::pin(future)), has_begun: false, under_way: Arc::clone(under_way) }
    }
}

impl<T: Send + 'static> Future for Carried<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.has_begun = true;
        let Some(future) = self.future.as_mut() else { return Poll::Pending };
        let polled = future.as_mut().poll(cx);
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Carried<T> {
    fn drop(&mut self) {
        if !self.has_begun {
            return;
        }
        let Some(future) = self.future.take() else { return };
        if let Ok(runtime) = Handle::try_current() {
            let left = self.under_way.leave();
            drop(runtime.spawn(async move {
                drop(future.await);
                drop(left);
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;

    fn work(done: &Arc<AtomicBool>, under_way: &Arc<UnderWay>) -> impl Future<Output = ()> + Send + 'static {
        let (done, guard) = (Arc::clone(done), under_way.begin());
        async move {
            sleep(Duration::from_secs(1)).await;
            done.store(true, Ordering::SeqCst);
            drop(guard);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_begun_is_carried_on_and_waited_for() {
        let (done, under_way) = (Arc::default(), Arc::default());
        let carried = Carried::new(&under_way, work(&done, &under_way));
        let cut = timeout(Duration::from_millis(1), carried).await;
        assert!(cut.is_err() && !done.load(Ordering::SeqCst));
        under_way.left_behind().await;
        assert!(done.load(Ordering::SeqCst));
        under_way.ended().await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_never_begun_does_not_happen() {
        let (done, under_way) = (Arc::default(), Arc::default());
        drop(Carried::new(&under_way, work(&done, &under_way)));
        under_way.ended().await;
        sleep(Duration::from_secs(2)).await;
        assert!(!done.load(Ordering::SeqCst));
    }
}

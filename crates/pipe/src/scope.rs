//! Steps that depend on each other, written as plain async code, and batched all the same.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures::stream::{FuturesUnordered, StreamExt};
use redfleet_core::ScriptCall;
use redis::{Cmd, FromRedisValue};

use crate::awaited::Awaited;
use crate::deferred::Deferred;
use crate::error::Error;
use crate::pipe::{Joint, Pipe};
use crate::pipes::Pipes;
use crate::resolve::Resolve;

/// Where the steps of [`Pipes::scope`] queue their commands.
#[derive(Debug)]
pub struct Scope {
    pipes: Pipes,
    waiting: Mutex<Joint>,
}

impl Pipes {
    /// Runs async code whose commands are batched by themselves: whenever none of it can go on, everything that was queued
    /// since is sent as one execution. So what does not depend on each other shares round trips (`join!` it), and what
    /// depends costs one round trip a step.
    ///
    /// There is no timer and no task behind it: it sends when the code is idle, and several executions may be under way at
    /// once. The code may borrow, and may await other things as well.
    ///
    /// # Cost
    ///
    /// As many round trips as the longest chain of steps, however many chains there are side by side.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the code; the effect of what was sent is unknown. When the code ends, what it queued and did not
    /// await is sent, and waited for. Its errors are nobody's values: they are logged as warnings.
    ///
    /// # Example
    ///
    /// ```
    /// use futures::future::try_join;
    /// use redfleet_pipe::{Pipes, Result, Scope};
    ///
    /// async fn city_of(scope: &Scope, user: &str) -> Result<Option<String>> {
    ///     let id: Option<i64> = scope.run(|pipe| pipe.get(format!("id:{user}"))).await?;
    ///     let Some(id) = id else { return Ok(None) };
    ///     scope.run(|pipe| pipe.hget(format!("user:{id}"), "city")).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipes = Pipes::connect("embedded://scope")?;
    /// pipes.run(|pipe| (pipe.set("id:joe", 7), pipe.hset("user:7", "city", "Oslo"))).await?;
    /// let (joe, ann) =
    ///     pipes.scope(async |scope| try_join(city_of(scope, "joe"), city_of(scope, "ann")).await).await?;
    /// assert_eq!((joe.as_deref(), ann), (Some("Oslo"), None)); // three commands, two round trips
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # References
    ///
    /// Marlow et al., There is no Fork: an Abstraction for Efficient, Concurrent, and Concise Data Access, ICFP 2014
    /// (Haxl); that rounds need no barrier between them is what its authors found later.
    pub async fn scope<R>(&self, steps: impl AsyncFnOnce(&Scope) -> R) -> R {
        let scope = Scope { pipes: self.clone(), waiting: Mutex::default() };
        let mut flights = FuturesUnordered::new();
        let result = {
            let mut steps = pin!(steps(&scope));
            poll_fn(|cx| {
                loop {
                    if let Poll::Ready(result) = steps.as_mut().poll(cx) {
                        return Poll::Ready(result);
                    }
                    flights.extend(scope.take().map(Joint::run));
                    match flights.poll_next_unpin(cx) {
                        // Somebody may go on with what came.
                        Poll::Ready(Some(_)) => {}
                        Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await
        };
        flights.extend(scope.take().map(Joint::run));
        while flights.next().await.is_some() {}
        result
    }
}

impl Scope {
    /// Queues any command; its value is there when this is awaited.
    pub fn add<T: FromRedisValue>(&self, command: Cmd) -> Awaited<Deferred<T>> {
        self.run(|pipe| pipe.add(command))
    }

    /// Queues the call of a script; its value is there when this is awaited.
    pub fn script<T: FromRedisValue>(&self, call: &ScriptCall) -> Awaited<Deferred<T>> {
        self.run(|pipe| pipe.script(call))
    }

    /// Queues what the closure queues; the values of whatever structure of deferreds it returns are there when this is
    /// awaited. If anything in it is refused, or it panics, nothing of it is sent, and nothing else is held up.
    ///
    /// No more commands may wait for a connection than a pipe may hold; who would be over that is told [`Error::TooLong`].
    ///
    /// The closure has a pipe of its own, so it may use the scope as well. It is ready when the connections that the closure
    /// queued for have answered and its callbacks have run, whatever else is under way; so callbacks of two closures have no
    /// order among them.
    pub fn run<R: Resolve>(&self, queue: impl FnOnce(&mut Pipe) -> R) -> Awaited<R> {
        // Nothing is locked while foreign code runs.
        let (awaited, execution) = Awaited::queue(self.pipes.pipe(), queue);
        let limit = self.pipes.limits().commands;
        let Some(execution) = execution else { return awaited };
        let mut waiting = self.waiting();
        if waiting.has_room(&execution, limit) {
            waiting.push(execution);
            return awaited;
        }
        drop(waiting);
        execution.refuse(Error::TooLong { limit });
        Awaited::refused(Error::TooLong { limit })
    }

    fn waiting(&self) -> MutexGuard<'_, Joint> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was queued since the last time.
    fn take(&self) -> Option<Joint> {
        self.waiting().take()
    }
}

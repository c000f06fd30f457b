//! One server, over one shared connection that comes back by itself.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, PushInfo, Value};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::dial::Dial;
use super::fence::Lost;
use super::link::{Link, OnPush};
use super::session;
use super::subscriptions::Subscriptions;
use crate::backend::{Backend, Batch, Delivery, Incarnation, Messages, Place, Topic, check, check_all};
use crate::error::{Effect, Error, LinkError, Result};
use crate::lock::lock;

/// One server. All callers share one connection; a lost one is made anew by the next call, or at once while
/// somebody listens to published messages.
pub(crate) struct Server {
    shared: Arc<Shared>,
}

/// What the callers, the connection's driver and the listeners share.
pub(super) struct Shared {
    dial: Arc<dyn Dial>,
    state: Mutex<State>,
    subscriptions: Subscriptions,
    lost: Arc<Lost>,
    myself: Weak<Self>,
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    attempt: Option<Attempt>,
    /// How many connections were tried, sessions included: each gets a number of its own.
    number: u64,
    /// The number of the connection that was installed last.
    installed: u64,
}

/// An attempt to connect that is under way: one at a time, shared by all who wait for it.
struct Attempt {
    number: u64,
    done: watch::Receiver<Option<Result<Arc<Link>>>>,
    task: AbortHandle,
}

impl Server {
    /// The server that `dial` reaches. Nothing is sent before the first call.
    pub(crate) fn new(dial: Arc<dyn Dial>) -> Self {
        let shared = Arc::new_cyclic(|myself| Shared {
            dial,
            state: Mutex::default(),
            subscriptions: Subscriptions::default(),
            lost: Arc::default(),
            myself: myself.clone(),
        });
        Self { shared }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The connection, if one is up.
    pub(super) fn up(&self) -> Option<Arc<Link>> {
        self.state().link.as_ref().filter(|link| !link.is_closed()).cloned()
    }

    /// The connection, made if there is none.
    ///
    /// # Cancel safety
    ///
    /// The attempt goes on for whoever comes next.
    pub(super) async fn link(&self) -> Result<Arc<Link>> {
        if let Some(link) = self.up() {
            return Ok(link);
        }
        let mut done = self.attempt();
        // Told without an answer, or not at all: the attempt was given up.
        let answer = match done.changed().await {
            _ if done.borrow().is_some() => done.borrow().clone(),
            Ok(()) | Err(_) => None,
        };
        // An attempt that was given up ends without an answer.
        answer.unwrap_or_else(|| Err(unsent(LinkError::GivenUp { to: self.dial.to() })))
    }

    /// Joins the attempt to connect that is under way, or begins one.
    fn attempt(&self) -> watch::Receiver<Option<Result<Arc<Link>>>> {
        let mut state = self.state();
        if let Some(link) = state.link.as_ref().filter(|link| !link.is_closed()) {
            return watch::channel(Some(Ok(link.clone()))).1;
        }
        // One whose task is gone without an answer, because its runtime ended, is no attempt any more.
        let is_alive = |attempt: &&Attempt| attempt.done.has_changed().is_ok();
        if let Some(attempt) = state.attempt.as_ref().filter(is_alive) {
            return attempt.done.clone();
        }
        let (tell, done) = watch::channel(None);
        state.number += 1;
        let (number, myself) = (state.number, self.myself.clone());
        let task = tokio::spawn(async move {
            let Some(shared) = myself.upgrade() else { return };
            let answer = shared.establish(number).await;
            tell.send_replace(shared.conclude(number, answer));
        });
        state.attempt = Some(Attempt { number, done: done.clone(), task: task.abort_handle() });
        done
    }

    /// Installs the new connection, unless the attempt was given up meanwhile.
    fn conclude(&self, number: u64, answer: Result<Arc<Link>>) -> Option<Result<Arc<Link>>> {
        let mut state = self.state();
        if state.attempt.as_ref().is_none_or(|attempt| attempt.number != number) {
            return None;
        }
        state.attempt = None;
        if let Ok(link) = &answer {
            state.link = Some(link.clone());
            state.installed = number;
        }
        drop(state);
        // It may have ended before it was installed: then nobody has noticed.
        if let (Ok(link), Some(shared)) = (&answer, self.myself.upgrade())
            && link.is_closed()
        {
            self.subscriptions.on_link_lost(&shared);
        }
        Some(answer)
    }

    async fn establish(&self, number: u64) -> Result<Arc<Link>> {
        let (said, ended) = (self.subscriptions.said(), self.myself.clone());
        let on_push: OnPush = Arc::new(move |push: PushInfo| said.take(push));
        let on_end = move || {
            if let Some(shared) = ended.upgrade()
                && shared.was_installed(number)
            {
                shared.subscriptions.on_link_lost(&shared);
            }
        };
        self.in_time(async {
            let link = Link::establish(&*self.dial, number, on_push, on_end, &self.lost).await;
            let link = link.map_err(unsent)?;
            self.lost.thin_out(&link).await;
            self.subscriptions.renew(&link).await?;
            Ok(Arc::new(link))
        })
        .await
    }

    /// What comes of making a connection, if it does within the time for that.
    async fn in_time<T>(&self, making: impl Future<Output = Result<T>>) -> Result<T> {
        let within = self.dial.within();
        match timeout(within, making).await {
            Ok(answer) => answer,
            Err(_) => Err(unsent(LinkError::ConnectDeadline { to: self.dial.to(), after: within })),
        }
    }

    /// Whether this connection is the one that callers got, and not one that failed while it was made.
    fn was_installed(&self, number: u64) -> bool {
        self.state().installed == number
    }

    /// A primary that says that it is read-only is one no more, so it is looked for anew.
    fn heed<'a>(&self, link: &Arc<Link>, mut errors: impl Iterator<Item = &'a Error>) {
        if link.must_be_primary() && errors.any(|error| error.code() == Some("READONLY")) {
            self.drop_link(link);
        }
    }

    fn drop_link(&self, old: &Arc<Link>) {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(|link| Arc::ptr_eq(link, old)) {
            state.link = None;
        }
        drop(state);
        old.cut();
    }

    /// Ends on the server what was lost here with something unanswered: connections and sessions.
    async fn fence(&self) -> Result<()> {
        if self.lost.is_empty() {
            return Ok(());
        }
        let mut link = self.link().await?;
        if link.is_lost() {
            self.drop_link(&link);
            link = self.link().await?;
        }
        self.lost.end_all(&link).await
    }

    pub(super) const fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    async fn session(&self) -> Result<Arc<dyn Backend>> {
        let number = {
            let mut state = self.state();
            state.number += 1;
            state.number
        };
        self.in_time(async { session::open(&*self.dial, number, &self.lost).await.map_err(unsent) }).await
    }
}

fn unsent(reason: LinkError) -> Error {
    Error::link(reason, Effect::None)
}

#[async_trait]
impl Backend for Server {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Shared)?;
        let link = self.shared.link().await?;
        let answer = link.call(command).await;
        self.shared.heed(&link, answer.as_ref().err().into_iter());
        answer
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        check_all(batch, Place::Shared)?;
        let link = self.shared.link().await?;
        let replies = link.call_batch(batch).await;
        self.shared.heed(&link, replies.iter().filter_map(|reply| reply.as_ref().err()));
        Ok(replies)
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.shared.session().await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.shared.subscriptions.subscribe(&self.shared, topics).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(self.shared.link().await?.incarnation().clone())
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.shared.up().map(|link| link.incarnation().clone())
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {}

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        self.shared.fence().await
    }

    fn disconnect(&self) {
        let mut state = self.shared.state();
        let (link, attempt) = (state.link.take(), state.attempt.take());
        drop(state);
        if let Some(link) = link {
            link.cut();
        }
        if let Some(attempt) = attempt {
            attempt.task.abort();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("dial", &self.shared.dial).finish_non_exhaustive()
    }
}

//! The network of a world: the state behind its lock, and the driver that lets happen what is due.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::connection::Id;
use super::node_side::{Done, perform};
use super::queue::Event;
use super::state::State;
use super::traffic::Work;
use crate::lock::lock;

/// How many events one run may have: more is a loop without end.
const MAX_EVENTS: u64 = 50_000_000;

/// The network. Clones are the same.
#[derive(Clone)]
pub(super) struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Something happens earlier than the driver expects.
    earlier: Notify,
    began: Instant,
    /// Whether anybody listens to what a node says unasked.
    is_heard: AtomicBool,
}

impl Network {
    /// A network in this state. It begins now.
    pub(super) fn new(state: State) -> Self {
        let shared = Shared {
            state: Mutex::new(state),
            earlier: Notify::new(),
            began: Instant::now(),
            is_heard: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// How much time has passed.
    pub(super) fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// Changes the state as of now.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let now = self.now();
        let mut state = lock(&self.shared.state);
        state.now = now;
        let next = state.queue.next_at();
        let value = change(&mut state);
        let is_earlier = state.queue.next_at().is_some_and(|at| next.is_none_or(|next| at < next));
        drop(state);
        if is_earlier {
            self.shared.earlier.notify_one();
        }
        value
    }

    /// Lets happen what is due, for as long as somebody polls it.
    pub(super) async fn drive(self) {
        loop {
            while let Some((id, work)) = self.step() {
                self.put_to_work(id, work).await;
                if self.shared.is_heard.load(Ordering::Relaxed) {
                    // What is said unasked goes out before the reply to the next command.
                    tokio::task::yield_now().await;
                }
            }
            let next = self.state().queue.next_at();
            let earlier = self.shared.earlier.notified();
            match next {
                None => earlier.await,
                Some(at) => tokio::select! {
                    biased;
                    () = earlier => {}
                    () = sleep_until(self.shared.began + at) => {}
                },
            }
        }
    }

    /// Lets one event after the other happen, until a node has something to do or nothing is due.
    fn step(&self) -> Option<(Id, Work)> {
        let now = self.now();
        let mut state = self.state();
        while let Some((at, event)) = state.queue.pop(now) {
            assert!(state.queue.made() < MAX_EVENTS, "more than {MAX_EVENTS} events: does a loop never end?");
            state.now = at;
            match event {
                Event::ToNode(id) => {
                    if let Some(work) = state.on_to_node(id) {
                        return Some((id, work));
                    }
                }
                Event::ToClient(id) => state.on_to_client(id),
                Event::ConnectLimit(id) => state.on_connect_limit(id),
                Event::Reconnect(place) => state.on_reconnect(place),
                Event::Begin(place) => state.on_begin(place),
                Event::End(number) => state.on_end(number),
                Event::Heal => state.on_heal(),
            }
        }
        None
    }

    /// Lets a node work: at once if that takes no time, else in a task of its own.
    async fn put_to_work(&self, id: Id, work: Work) {
        let mut work: BoxFuture<'static, Done> = Box::pin(perform(work));
        match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
            Poll::Ready(done) => self.done(id, done, None),
            Poll::Pending => {
                let network = self.clone();
                let task = tokio::spawn(async move {
                    let done = work.await;
                    let now = network.now();
                    network.done(id, done, Some(now));
                });
                if let Some(connection) = self.state().connections.get_mut(&id) {
                    connection.tasks.push(task.abort_handle());
                }
            }
        }
    }

    /// A node has done its work, in no time unless the time is given.
    fn done(&self, id: Id, done: Done, at: Option<Duration>) {
        let streams = {
            let mut state = self.state();
            state.now = at.unwrap_or(state.now);
            state.on_done(id, done)
        };
        for mut messages in streams {
            self.shared.is_heard.store(true, Ordering::Relaxed);
            let network = self.clone();
            let task = tokio::spawn(async move {
                while let Some(message) = messages.next().await {
                    network.with(|state| state.on_said(id, message));
                }
            });
            if let Some(connection) = self.state().connections.get_mut(&id) {
                connection.tasks.push(task.abort_handle());
            }
        }
        if at.is_some() {
            // The driver itself looks for what is next anyway, and would find the same once more.
            self.shared.earlier.notify_one();
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }
}

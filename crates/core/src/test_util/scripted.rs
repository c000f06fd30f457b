//! A node that answers by a script: for examples, and for tests of what nodes may answer.

mod backend;

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redis::{Arg, Cmd, Value};
use tokio::sync::{broadcast, watch};

use crate::backend::{Incarnation, name, word};
use crate::error::{Effect, Error, LinkError, Result, answer};
use crate::lock::lock;
use crate::{Backend, Message};

/// A backend whose replies are written down beforehand, as RESP text.
///
/// Several replies for one command are given in turn; the last is repeated. A command with no reply written
/// down is refused as Redis refuses what it does not know. Clones are the same node: keep one to change its
/// [`Condition`], or to see what was sent.
///
/// # Example
///
/// ```
/// use redfleet_core::{BackendExt, test_util::Scripted};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redfleet_core::Result<()> {
/// let node = Scripted::new().on("INCR", ":1\r\n").on("INCR", ":2\r\n");
/// assert_eq!(node.query::<i64>(cmd("INCR").arg("k")).await?, 1);
/// assert_eq!(node.query::<i64>(cmd("INCR").arg("k")).await?, 2);
/// assert_eq!(node.sent(), ["INCR k", "INCR k"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Scripted {
    state: Arc<Mutex<State>>,
    condition: watch::Sender<Condition>,
    said: broadcast::Sender<Message>,
}

/// How a scripted node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// It answers at once.
    Up,
    /// It answers after this time.
    Slow(Duration),
    /// It takes commands and answers none.
    Hung,
    /// Nobody takes the connection: nothing is sent.
    Refused,
    /// It carries commands out, and then the connection breaks.
    LosesReplies,
}

#[derive(Debug)]
struct State {
    replies: BTreeMap<String, (Vec<Value>, usize)>,
    sent: Vec<String>,
    round_trips: usize,
    incarnation: Incarnation,
    overdue: usize,
    disconnects: usize,
}

impl Default for Scripted {
    fn default() -> Self {
        let state = State {
            replies: BTreeMap::new(),
            sent: Vec::new(),
            round_trips: 0,
            incarnation: Incarnation::new(None, 1),
            overdue: 0,
            disconnects: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            condition: watch::Sender::new(Condition::Up),
            said: broadcast::Sender::new(1024),
        }
    }
}

impl Scripted {
    /// A node that is up and knows no command yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the command `name` with this reply, in RESP: `+OK\r\n`, `:1\r\n`, `$3\r\nbob\r\n`,
    /// `-WRONGTYPE not a list\r\n`.
    ///
    /// # Panics
    ///
    /// If `resp` is not one whole reply: a test that says so is wrong.
    #[must_use]
    pub fn on(self, name: &str, resp: &str) -> Self {
        let value = redis::parse_redis_value(resp.as_bytes())
            .unwrap_or_else(|error| panic!("{resp:?} is not a reply: {error}"));
        self.state().replies.entry(name.to_ascii_uppercase()).or_default().0.push(value);
        self
    }

    /// Tells this run id as the server's own.
    #[must_use]
    pub fn with_run_id(self, run_id: &str) -> Self {
        self.state().incarnation = Incarnation::new(Some(run_id.into()), 1);
        self
    }

    /// The node as a layer or a fleet takes it.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Backend> {
        Arc::new(self.clone())
    }

    /// Changes how the node does, also for commands that are already waiting in it.
    pub fn set(&self, condition: Condition) {
        self.condition.send_replace(condition);
    }

    /// Comes back as another life of the server, through a new connection.
    pub fn restart(&self, run_id: &str) {
        let mut state = self.state();
        state.incarnation = Incarnation::new(Some(run_id.into()), state.incarnation.link() + 1);
        drop(state);
        self.said.send(Message::Gap).ok();
        self.set(Condition::Up);
    }

    /// Says this to whoever subscribed.
    pub fn say(&self, message: Message) {
        self.said.send(message).ok();
    }

    /// Every command that arrived, its words joined by spaces.
    #[must_use]
    pub fn sent(&self) -> Vec<String> {
        self.state().sent.clone()
    }

    /// How many times something was sent, a batch being one.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.state().round_trips
    }

    /// How many deadlines passed, and how often the connection was dropped.
    #[must_use]
    pub fn complaints(&self) -> (usize, usize) {
        let state = self.state();
        (state.overdue, state.disconnects)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits as the node's condition says, and answers with what `replies` makes of it.
    async fn answer<T>(&self, replies: impl Fn(&mut State) -> T + Send) -> Result<T> {
        let mut condition = self.condition.subscribe();
        let mut was_taken = false;
        loop {
            let now = *condition.borrow_and_update();
            match now {
                Condition::Refused => {
                    let effect = if was_taken { Effect::Unknown } else { Effect::None };
                    return Err(Error::link(refusal(), effect));
                }
                Condition::Up => {
                    tokio::task::yield_now().await;
                    return Ok(replies(&mut self.state()));
                }
                Condition::LosesReplies => {
                    replies(&mut self.state());
                    return Err(Error::link(LinkError::Closed { to: "scripted".into() }, Effect::Unknown));
                }
                Condition::Slow(delay) => {
                    was_taken = true;
                    tokio::select! {
                        biased;
                        changed = condition.changed() => if changed.is_err() { pending::<()>().await },
                        () = tokio::time::sleep(delay) => return Ok(replies(&mut self.state())),
                    }
                }
                Condition::Hung => {
                    was_taken = true;
                    if condition.changed().await.is_err() {
                        pending::<()>().await;
                    }
                }
            }
        }
    }
}

impl State {
    fn reply(&mut self, command: &Cmd) -> Result<Value> {
        self.sent.push(words(command));
        let name = word(name(command));
        let Some((replies, next)) = self.replies.get_mut(&name) else {
            return Err(Error::refused_with("ERR", &format!("unknown command '{name}'")));
        };
        let reply = replies.get((*next).min(replies.len().saturating_sub(1))).cloned().unwrap_or_default();
        *next += 1;
        answer(reply)
    }
}

/// A command's words, joined by spaces.
pub(super) fn words(command: &Cmd) -> String {
    let words: Vec<_> = command
        .args_iter()
        .map(|arg| {
            if let Arg::Simple(bytes) = arg {
                String::from_utf8_lossy(bytes).into_owned()
            } else {
                "0".into()
            }
        })
        .collect();
    words.join(" ")
}

fn refusal() -> LinkError {
    LinkError::Connect { to: "scripted".into(), reason: Arc::new(io::ErrorKind::ConnectionRefused.into()) }
}

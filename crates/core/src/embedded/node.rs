//! The node itself: its state behind a lock, its clock, its lives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redis::{Arg, Cmd, Value};
use tokio::sync::Notify;

use super::Kept;
use super::builder::EmbeddedBuilder;
use super::client::{ClientId, Protocol};
use super::data::Data;
use super::mailbox::{Push, Reader};
use super::refusal::Refusal;
use super::scripts::Scripts;
use super::state::{Answer, State};
use super::store::Snapshot;
use crate::backend::Incarnation;
use crate::clock::Clock;
use crate::error::{Effect, Error, LinkError, Result};
use crate::lock::lock;
use crate::mutant;

/// What all handles on a node share.
#[derive(Debug)]
pub(super) struct Node {
    name: String,
    clock: Clock,
    life: Mutex<Life>,
    /// How often the node was started: what began in an earlier life is over.
    lives: AtomicU64,
    /// Something expires sooner than was known.
    sooner: Notify,
}

/// What changes with a restart.
#[derive(Debug)]
struct Life {
    state: State,
    incarnation: Incarnation,
    /// The connection of all who have none of their own.
    shared: ClientId,
    /// The second of the last snapshot, if any are wanted, and what there was when it began.
    synced: Option<(i64, Snapshot)>,
}

impl Node {
    pub(super) fn new(options: EmbeddedBuilder) -> Self {
        let clock = options.clock.unwrap_or_else(Clock::tokio);
        let random = options.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let now_ms = unix_ms(&clock);
        let mut state = State::new(Data::new(random, now_ms));
        state.data.scripts = Scripts::new(options.scripts);
        let incarnation = incarnation(&state, 1);
        let shared = state.connect(Protocol::Resp3);
        let synced = options.is_synced_every_second.then(|| (now_ms / 1000, Snapshot::default()));
        Self {
            name: options.name.unwrap_or_else(|| "a node in this process".into()),
            clock,
            life: Mutex::new(Life { state, incarnation, shared, synced }),
            lives: AtomicU64::new(1),
            sooner: Notify::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        lock(&self.life)
    }

    /// Which life of the node it is.
    pub(super) fn incarnation(&self) -> Incarnation {
        self.life().incarnation.clone()
    }

    pub(super) fn restart(&self, kept: Kept) {
        let mut life = self.life();
        let now_ms = unix_ms(&self.clock);
        life.roll(now_ms);
        let Life { state, incarnation: now, synced, shared } = &mut *life;
        match kept {
            Kept::All => {}
            Kept::Synced if mutant::is_on("crash_keeps_last_second") => {}
            Kept::Synced => {
                let snapshot = synced.as_ref().map(|(_, snapshot)| snapshot.clone()).unwrap_or_default();
                state.data.keyspace.restore(&snapshot);
            }
            Kept::Nothing => state.data.keyspace.flush(),
        }
        state.disconnect_all();
        state.forget_process(now_ms);
        *shared = state.connect(Protocol::Resp3);
        if let Some(synced) = synced {
            *synced = (now_ms / 1000, state.data.keyspace.snapshot());
        }
        let lives = self.lives.fetch_add(1, Ordering::AcqRel) + 1;
        *now = incarnation(state, lives);
    }

    /// A connection of one's own.
    pub(super) fn connect(&self, protocol: Protocol) -> ClientId {
        self.life().state.connect(protocol)
    }

    pub(super) fn disconnect(&self, id: ClientId) {
        self.life().state.disconnect(id);
    }

    /// Looks at the state, or changes it, between two commands.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.life().state)
    }

    /// Carries out a command of this connection, or, without one, of the connection that all share.
    pub(super) fn execute(&self, id: Option<ClientId>, words: &[&[u8]]) -> Answer {
        let mut life = self.life();
        let (answer, is_sooner) = life.execute(id, words, unix_ms(&self.clock));
        drop(life);
        if is_sooner {
            self.sooner.notify_waiters();
        }
        answer
    }

    /// Carries out commands with nothing in between, none of which waits. Refusals are among the replies.
    ///
    /// # Errors
    ///
    /// The connection had ended, or one of the commands ended it.
    pub(super) fn execute_all<'a>(
        &self,
        id: Option<ClientId>,
        commands: impl Iterator<Item = Vec<&'a [u8]>>,
    ) -> Result<Vec<Value>> {
        let mut life = self.life();
        let now_ms = unix_ms(&self.clock);
        let mut is_any_sooner = false;
        let mut is_first = true;
        let mut carry_out = |words: Vec<&[u8]>| {
            let (answer, is_sooner) = life.execute(id, &words, now_ms);
            is_any_sooner |= is_sooner;
            let was_first = std::mem::take(&mut is_first);
            Ok(match answer {
                Answer::Reply(reply) => reply.unwrap_or_else(Refusal::into_value),
                Answer::Confirmed(confirmations) => Value::Array(confirmations),
                Answer::Waits { ticket, .. } => {
                    life.state.give_up(ticket);
                    Value::Nil
                }
                Answer::Gone if was_first => return Err(self.gone()),
                Answer::Gone => return Err(self.closed()),
            })
        };
        let replies = commands.map(&mut carry_out).collect();
        drop(life);
        if is_any_sooner {
            self.sooner.notify_waiters();
        }
        replies
    }

    /// The reply, when it is there.
    pub(super) async fn finish(&self, answer: Answer) -> Result<Result<Value, Refusal>> {
        let (ticket, mut reply, until) = match answer {
            Answer::Reply(reply) => return Ok(reply),
            Answer::Confirmed(confirmations) => return Ok(Ok(Value::Array(confirmations))),
            Answer::Waits { ticket, reply, until } => (ticket, reply, until),
            Answer::Gone => return Err(self.gone()),
        };
        let _waiting = Waiting { node: self, ticket };
        let told = match until {
            None => reply.await,
            Some(until) => tokio::select! {
                biased;
                told = &mut reply => told,
                now_ms = self.passed(until) => {
                    // The reply is there now: this one, or what it was served just before.
                    self.with(|state| state.expire(now_ms));
                    reply.await
                }
            },
        };
        told.map_err(|_gone| self.closed())
    }

    /// Waits until the node's clock says `until`, in unix time, and returns what it says then.
    async fn passed(&self, until: i64) -> i64 {
        loop {
            let now_ms = unix_ms(&self.clock);
            if until <= now_ms {
                return now_ms;
            }
            self.reach(until).await;
        }
    }

    /// The next thing that this connection is told unasked. Dropping the future loses nothing.
    pub(super) async fn next_push(&self, reader: &Reader) -> Option<Push> {
        loop {
            let sooner = self.sooner.notified();
            tokio::pin!(sooner);
            sooner.as_mut().enable();
            let due = self.next_expiry();
            tokio::select! {
                biased;
                push = reader.take() => return push,
                () = &mut sooner => {}
                () = self.reach(due.unwrap_or_default()), if due.is_some() => {
                    let now_ms = unix_ms(&self.clock);
                    self.with(|state| state.expire(now_ms));
                }
            }
        }
    }

    /// Waits until it is this unix time by the node's clock, which may be late, run fast and jump.
    async fn reach(&self, at_ms: i64) {
        self.clock.reach_unix(Duration::from_millis(at_ms.max(0).unsigned_abs())).await;
    }

    /// When something expires, in unix time; never before the next millisecond.
    fn next_expiry(&self) -> Option<i64> {
        let at = self.with(|state| state.data.keyspace.next_expiry())?;
        Some(at.max(unix_ms(&self.clock) + 1))
    }

    /// The connection ended with the command in flight.
    pub(super) fn closed(&self) -> Error {
        Error::link(LinkError::closed(&self.name), Effect::Unknown)
    }

    /// The connection had ended before.
    pub(super) fn gone(&self) -> Error {
        Error::link(LinkError::closed(&self.name), Effect::None)
    }
}

impl Life {
    /// Remembers what there is when a second is over. While nobody does anything nothing changes, so it is early enough
    /// before the next thing that is done.
    fn roll(&mut self, now_ms: i64) {
        if let Some((second, snapshot)) = &mut self.synced
            && *second != now_ms / 1000
        {
            *second = now_ms / 1000;
            *snapshot = self.state.data.keyspace.snapshot();
        }
    }

    /// Carries out a command, and tells whether something expires sooner than before.
    fn execute(&mut self, id: Option<ClientId>, words: &[&[u8]], now_ms: i64) -> (Answer, bool) {
        self.roll(now_ms);
        let before = self.state.data.keyspace.next_expiry();
        if id.is_none() && self.state.client(self.shared).is_none() {
            // Somebody killed it.
            self.shared = self.state.connect(Protocol::Resp3);
        }
        let answer = self.state.execute(id.unwrap_or(self.shared), words, now_ms);
        let after = self.state.data.keyspace.next_expiry();
        (answer, after.is_some_and(|after| before.is_none_or(|before| after < before)))
    }
}

/// One who waits. When he goes away, nothing is kept for him.
struct Waiting<'a> {
    node: &'a Node,
    ticket: super::blocked::Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.node.with(|state| state.give_up(self.ticket));
    }
}

/// A command's words, its name first.
pub(super) fn words(command: &Cmd) -> Vec<&[u8]> {
    // A cursor stands for its beginning.
    command.args_iter().map(|arg| if let Arg::Simple(bytes) = arg { bytes } else { b"0" }).collect()
}

fn incarnation(state: &State, lives: u64) -> Incarnation {
    Incarnation::new(Some(Arc::from(state.data.identity.run_id.as_str())), lives)
}

fn unix_ms(clock: &Clock) -> i64 {
    i64::try_from(clock.unix().as_millis()).unwrap_or(i64::MAX)
}

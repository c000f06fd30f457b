//! Everything in a world that is on its way or out of order: changed by events, without a task and without a clock.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::broadcast;

use super::Fault;
use super::conditions::{Conditions, Delays};
use super::connection::{Connection, Id};
use super::dice::{between, dice};
use super::plan::Plan;
use super::queue::{Event, Queue};
use super::trace::Trace;
use crate::test_util::SimulatedClock;
use crate::{Embedded, Message, Topic};

/// How long after a lost connection it is made anew for those who listen.
const FIRST_RETRY: Duration = Duration::from_millis(50);

/// How long it may take to make a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// What a client knows of a node, and how the way to it does.
pub(super) struct Path {
    pub(super) client: usize,
    pub(super) node: usize,
    pub(super) conditions: Conditions,
    pub(super) dice: fastrand::Rng,
    /// How many connections were made.
    pub(super) connections: u64,
    /// The one that all callers share, made or being made.
    pub(super) current: Option<Id>,
    /// Those that ended for the client with something unanswered, and are not fenced off.
    pub(super) lost: Vec<Id>,
    /// What is listened to and by how many, and the way to them.
    pub(super) topics: Vec<(Topic, usize)>,
    pub(super) said: Option<broadcast::Sender<Message>>,
    /// How many listeners know that they hear: they are told of gaps.
    pub(super) listening: usize,
    /// How long after a failed attempt the next one is made.
    pub(super) retry: Duration,
}

/// A node as the network knows it.
pub(super) struct Place {
    pub(super) store: Embedded,
    pub(super) clock: SimulatedClock,
}

/// Everything that is on its way, and what may become of it.
pub(super) struct State {
    pub(super) now: Duration,
    pub(super) queue: Queue,
    pub(super) connections: BTreeMap<Id, Connection>,
    made: Id,
    pub(super) paths: Vec<Path>,
    pub(super) nodes: Vec<Place>,
    pub(super) clients: Vec<SimulatedClock>,
    pub(super) plan: Plan,
    /// The faults of the moment, in the order in which they began, by their numbers.
    pub(super) active: Vec<(u64, Fault)>,
    pub(super) faults: u64,
    delays: Delays,
    pub(super) trace: Trace,
    /// How many requests the clients have sent.
    pub(super) requests: u64,
}

impl State {
    pub(super) fn new(
        seed: u64,
        clients: Vec<SimulatedClock>,
        nodes: Vec<Place>,
        delays: Delays,
        plan: Plan,
    ) -> Self {
        let places = (0..clients.len()).flat_map(|client| (0..nodes.len()).map(move |node| (client, node)));
        let path = |(client, node): (usize, usize)| Path {
            client,
            node,
            conditions: Conditions::default(),
            dice: dice(seed, &format!("link c{client}-n{node}")),
            connections: 0,
            current: None,
            lost: Vec::new(),
            topics: Vec::new(),
            said: None,
            listening: 0,
            retry: FIRST_RETRY,
        };
        let mut state = Self {
            now: Duration::ZERO,
            queue: Queue::default(),
            connections: BTreeMap::new(),
            made: 0,
            paths: places.map(path).collect(),
            nodes,
            clients,
            plan,
            active: Vec::new(),
            faults: 0,
            delays,
            trace: Trace::default(),
            requests: 0,
        };
        for (place, step) in state.plan.steps().iter().enumerate() {
            state.queue.push(step.from, Event::Begin(place));
        }
        if let Some(at) = state.plan.heals_at() {
            state.queue.push(at, Event::Heal);
        }
        state
    }

    /// Makes a connection: the knock is on its way.
    pub(super) fn knock(&mut self, place: usize, is_session: bool) -> Option<Id> {
        let path = self.paths.get_mut(place)?;
        path.connections += 1;
        let topics = if is_session {
            Vec::new()
        } else {
            path.topics.iter().map(|(topic, _)| topic.clone()).collect()
        };
        let connection = Connection::new(place, path.connections, is_session, topics);
        self.made += 1;
        let id = self.made;
        if !is_session {
            path.current = Some(id);
        }
        let kind = if is_session { " for itself" } else { "" };
        let (client, node, number) = (path.client, path.node, connection.number);
        self.trace.line(self.now, format_args!("c{client} > n{node} {number} connect{kind}"));
        self.connections.insert(id, connection);
        self.through_to_node(id);
        self.queue.push(self.now + CONNECT_WITHIN, Event::ConnectLimit(id));
        Some(id)
    }

    pub(super) const fn connect_within() -> Duration {
        CONNECT_WITHIN
    }

    /// Lets one more item through to the node, after the time that this takes.
    pub(super) fn through_to_node(&mut self, id: Id) {
        let delays = self.delays;
        let Some(path) = self.path_of(id) else { return };
        let slow_by = path.conditions.slow_by;
        let delay =
            between(&mut path.dice, delays.from, delays.to) + between(&mut path.dice, slow_by / 2, slow_by);
        self.queue.push(self.now + delay, Event::ToNode(id));
    }

    /// Lets one more item through to the client, after the time that this takes.
    pub(super) fn through_to_client(&mut self, id: Id) {
        let delays = self.delays;
        let Some(path) = self.path_of(id) else { return };
        let delay = between(&mut path.dice, delays.from, delays.to);
        self.queue.push(self.now + delay, Event::ToClient(id));
    }

    pub(super) fn path_of(&mut self, id: Id) -> Option<&mut Path> {
        let place = self.connections.get(&id)?.path;
        self.paths.get_mut(place)
    }

    /// Forgets a connection that nobody knows any more.
    pub(super) fn tidy(&mut self, id: Id) {
        if self.connections.get(&id).is_some_and(Connection::is_over) {
            self.connections.remove(&id);
        }
    }

    /// Makes a lost connection anew a while later, if somebody listens on this link.
    pub(super) fn reconnect_for_listeners(&mut self, place: usize, is_first: bool) {
        const LAST_RETRY: Duration = Duration::from_secs(5);
        let Some(path) = self.paths.get_mut(place) else { return };
        if path.topics.is_empty() {
            return;
        }
        path.retry = if is_first { FIRST_RETRY } else { (path.retry * 2).min(LAST_RETRY) };
        self.queue.push(self.now + path.retry, Event::Reconnect(place));
    }

    /// Whether nothing is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        self.connections.values().all(|connection| {
            connection.to_node.is_empty() && connection.to_client.is_empty() && connection.waiting.is_empty()
        })
    }
}

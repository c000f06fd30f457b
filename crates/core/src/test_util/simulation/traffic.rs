//! What gets through to a node or to a client, and what both make of it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::Fault;
use super::connection::{Answer, Id, Payload, Phase, ToClient, ToNode};
use super::queue::Event;
use super::state::{Path, State};
use super::words::{Answered, Command, Commands, Entries, Said};
use crate::error::{Effect, Error, LinkError, Result};
use crate::{Backend, Embedded, Incarnation, Message, Topic};

/// What a node has to do, which is not for the state to do: it may take time.
pub(super) enum Work {
    /// Take a new connection.
    Open { store: Embedded, topics: Vec<Topic>, is_session: bool },
    /// Carry a request out.
    Carry { request: u64, server: Arc<dyn Backend>, store: Embedded, payload: Payload },
}

impl State {
    /// A client sends a request, whose answer comes by the receiver, or never if the connection ends before.
    pub(super) fn send(&mut self, id: Id, payload: Payload) -> Result<oneshot::Receiver<Answer>> {
        let Some(connection) = self.connections.get_mut(&id) else { return Err(closed(Effect::None)) };
        let Some(path) = self.paths.get_mut(connection.path) else { return Err(closed(Effect::None)) };
        if !matches!(connection.phase, Phase::Up) {
            return Err(closed(Effect::None));
        }
        self.requests += 1;
        connection.requests += 1;
        let request = connection.requests;
        let (tell, answer) = oneshot::channel();
        connection.waiting.push_back((request, tell));
        let is_lost = path.dice.f64() < path.conditions.loses_requests;
        let head = Head { path, arrow: '>', connection: connection.number, request, is_lost };
        match &payload {
            Payload::Call(command) => self.trace.line(self.now, format_args!("{head} {}", Command(command))),
            Payload::Batch(batch) => self.trace.line(self.now, format_args!("{head} {}", Commands(batch))),
            Payload::Listen(topic) => self.trace.line(self.now, format_args!("{head} listen {topic:?}")),
            Payload::Fence(lost) => self.trace.line(self.now, format_args!("{head} fence {}", lost.len())),
        }
        if is_lost {
            // Both ends learn that the connection is gone, each when the news gets there.
            connection.to_node.push_back(ToNode::End);
            connection.to_client.push_back(ToClient::End);
            self.through_to_client(id);
        } else {
            connection.to_node.push_back(ToNode::Request(request, payload));
        }
        self.through_to_node(id);
        Ok(answer)
    }

    /// One more item may have got through to the node.
    pub(super) fn on_to_node(&mut self, id: Id) -> Option<Work> {
        let connection = self.connections.get_mut(&id)?;
        let path = self.paths.get(connection.path)?;
        if path.conditions.cuts_requests {
            connection.held_to_node += 1;
            return None;
        }
        let (client, node, number) = (path.client, path.node, connection.number);
        if connection.is_busy {
            // A node at work takes nothing more, but it does see that the connection is gone, and then stops waiting.
            if !matches!(connection.to_node.get(connection.behind), Some(ToNode::End)) {
                connection.behind += 1;
                return None;
            }
            connection.to_node.drain(..connection.behind);
        }
        let is_up = !self
            .active
            .iter()
            .any(|(_, fault)| matches!(fault, Fault::Restart { node: n, .. } if *n == node));
        let store = self.nodes.get(node)?.store.clone();
        match connection.to_node.pop_front()? {
            ToNode::Hello(_) if !is_up => {
                connection.to_client.push_back(ToClient::Refused);
                self.through_to_client(id);
                None
            }
            ToNode::Hello(topics) => {
                connection.is_busy = true;
                Some(Work::Open { store, topics, is_session: connection.is_session })
            }
            ToNode::Request(request, payload) => {
                let server = connection.server.clone()?;
                connection.is_busy = true;
                Some(Work::Carry { request, server, store, payload })
            }
            ToNode::End => {
                if connection.server.is_some() {
                    self.trace.line(self.now, format_args!("c{client} | n{node} {number} closed"));
                }
                connection.end_at_node();
                self.tidy(id);
                None
            }
        }
    }

    /// The node has taken the connection, or refused to.
    pub(super) fn on_opened(&mut self, id: Id, opened: Result<(Arc<dyn Backend>, Incarnation)>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.is_busy = false;
        let news = match opened {
            Ok((server, incarnation)) => {
                connection.server = Some(server);
                // The node counts its lives, a client its connections.
                ToClient::Welcome(Incarnation::new(incarnation.run_id().map(Into::into), connection.number))
            }
            Err(_) => ToClient::Refused,
        };
        connection.to_client.push_back(news);
        self.through_to_client(id);
        self.catch_up(id);
    }

    /// The node has carried a request out.
    pub(super) fn on_carried(&mut self, id: Id, request: u64, answer: Answer) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(path) = self.paths.get_mut(connection.path) else { return };
        connection.is_busy = false;
        let is_lost = path.dice.f64() < path.conditions.loses_replies;
        let head = Head { path, arrow: '=', connection: connection.number, request, is_lost };
        match &answer {
            Answer::Call(answer) => self.trace.line(self.now, format_args!("{head} {}", Answered(answer))),
            Answer::Batch(answer) => self.trace.line(self.now, format_args!("{head} {}", Entries(answer))),
            Answer::Listen(Ok(())) => self.trace.line(self.now, format_args!("{head} listens")),
            Answer::Listen(Err(error)) => self.trace.line(self.now, format_args!("{head} {error}")),
        }
        if is_lost {
            connection.end_at_node();
            connection.to_client.push_back(ToClient::End);
        } else {
            connection.to_client.push_back(ToClient::Reply(request, answer));
        }
        self.through_to_client(id);
        self.catch_up(id);
    }

    /// What came in while the node was at work is looked at now.
    fn catch_up(&mut self, id: Id) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        for _ in 0..std::mem::take(&mut connection.behind) {
            self.queue.push(self.now, Event::ToNode(id));
        }
        self.tidy(id);
    }

    /// The node says something unasked.
    pub(super) fn on_said(&mut self, id: Id, message: Message) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.server.is_some() {
            connection.to_client.push_back(ToClient::Message(message));
            self.through_to_client(id);
        }
    }

    /// One more item may have got through to the client.
    pub(super) fn on_to_client(&mut self, id: Id) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(path) = self.paths.get_mut(connection.path) else { return };
        if path.conditions.cuts_replies {
            connection.held_to_client += 1;
            return;
        }
        let Some(item) = connection.to_client.pop_front() else { return };
        let (client, node, number) = (path.client, path.node, connection.number);
        match item {
            ToClient::Welcome(incarnation) => self.on_welcome(id, incarnation),
            ToClient::Refused => {
                let reason =
                    LinkError::connect(format!("n{node}"), std::io::ErrorKind::ConnectionRefused.into());
                self.close(id, reason);
            }
            ToClient::Reply(request, answer) => {
                // Whoever asked may have gone away, and then nobody is told.
                let is_next = connection.waiting.front().is_some_and(|(other, _)| *other == request);
                if let Some((_, tell)) = connection.waiting.pop_front().filter(|_| is_next) {
                    self.trace.line(self.now, format_args!("c{client} < n{node} {number}.{request}"));
                    tell.send(answer).ok();
                }
            }
            ToClient::Message(message) => {
                self.trace.line(self.now, format_args!("c{client} < n{node} {number} {}", Said(&message)));
                let said = if connection.is_session { &connection.said } else { &path.said };
                if let Some(said) = said {
                    said.send(message).ok();
                }
            }
            ToClient::End => self.close(id, LinkError::closed(format!("n{node}"))),
        }
    }

    fn on_welcome(&mut self, id: Id, incarnation: Incarnation) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(path) = self.paths.get_mut(connection.path) else { return };
        let (client, node, number) = (path.client, path.node, connection.number);
        self.trace.line(self.now, format_args!("c{client} < n{node} {number} connected"));
        connection.incarnation = Some(incarnation);
        if let Phase::Connecting(waiting) = std::mem::replace(&mut connection.phase, Phase::Up) {
            for tell in waiting {
                tell.send(Ok(id)).ok();
            }
        }
        if let (false, true, Some(said)) = (connection.is_session, path.listening > 0, &path.said) {
            // What was said meanwhile was missed.
            said.send(Message::Gap).ok();
        }
    }

    /// The client gives the connection up: what has no reply yet never gets one, and what is on its way to the node
    /// arrives all the same, or a first part of it.
    pub(super) fn close(&mut self, id: Id, reason: LinkError) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(path) = self.paths.get_mut(connection.path) else { return };
        let (client, node, number) = (path.client, path.node, connection.number);
        let is_lost = match std::mem::replace(&mut connection.phase, Phase::Closed) {
            Phase::Closed => return,
            Phase::Connecting(waiting) => {
                self.trace.line(self.now, format_args!("c{client} x n{node} {number} {reason}"));
                let error = Error::link(reason, Effect::None);
                for tell in waiting {
                    tell.send(Err(error.clone())).ok();
                }
                false
            }
            Phase::Up => {
                let unknown = connection.waiting.len();
                self.trace
                    .line(self.now, format_args!("c{client} x n{node} {number} closed, {unknown} unknown"));
                connection.waiting.clear();
                if unknown > 0 {
                    path.lost.push(id);
                }
                true
            }
        };
        connection.said = None;
        connection.to_client.clear();
        let strays = path.dice.usize(0..=connection.to_node.len());
        connection.to_node.truncate(strays);
        connection.to_node.push_back(ToNode::End);
        if path.current == Some(id) {
            path.current = None;
            let place = connection.path;
            self.reconnect_for_listeners(place, is_lost);
        }
        self.through_to_node(id);
    }
}

/// How a line about a request begins.
struct Head<'a> {
    path: &'a Path,
    arrow: char,
    connection: u64,
    request: u64,
    is_lost: bool,
}

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, arrow, connection, request, is_lost } = self;
        write!(f, "c{} {arrow} n{} {connection}.{request}", path.client, path.node)?;
        if *is_lost { f.write_str(" (lost)") } else { Ok(()) }
    }
}

/// The connection is gone.
pub(super) fn closed(effect: Effect) -> Error {
    Error::link(LinkError::closed("the node"), effect)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_util::SimulatedClock;
    use crate::test_util::simulation::Plan;
    use crate::test_util::simulation::conditions::Delays;
    use crate::test_util::simulation::state::Place;

    #[test]
    fn a_node_at_work_sees_that_the_connection_is_gone() {
        let clock = || SimulatedClock::new(Duration::ZERO);
        let delays = Delays { from: Duration::ZERO, to: Duration::ZERO };
        let place = Place { store: Embedded::builder().clock(clock().clock()).build(), clock: clock() };
        let mut state = State::new(1, vec![clock()], vec![place], delays, Plan::new());
        let id = state.knock(0, false).unwrap();
        assert!(matches!(state.on_to_node(id), Some(Work::Open { .. })), "and it is at work from now on");
        state.close(id, LinkError::closed("the node"));
        assert!(state.on_to_node(id).is_none());
        assert!(state.connections.is_empty());
    }
}

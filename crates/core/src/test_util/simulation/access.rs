//! What a client does with the network: it connects, asks, listens and gives up.

use tokio::sync::{broadcast, oneshot};

use super::connection::{Answer, Id, Payload, Phase};
use super::network::Network;
use super::state::State;
use super::traffic::closed;
use crate::error::{Effect, LinkError, Result};
use crate::{Incarnation, Message, Topic};

/// How far behind a listener may be before it hears of a gap instead.
const MAX_BEHIND: usize = 1024;

impl Network {
    /// The connection of this link that all callers share, made if there is none.
    ///
    /// # Cancel safety
    ///
    /// The attempt goes on for whoever comes next.
    pub(super) async fn connected(&self, place: usize) -> Result<Id> {
        let made = self.with(|state| {
            let current = state.paths.get(place).and_then(|path| path.current);
            let id = current.or_else(|| state.knock(place, false));
            state.wait_for(id)
        });
        made.await.unwrap_or_else(|_| Err(closed(Effect::None)))
    }

    /// A connection of this link for one owner.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no connection behind.
    pub(super) async fn connected_alone(&self, place: usize) -> Result<Hold> {
        let (id, made) = self.with(|state| {
            let id = state.knock(place, true);
            (id.unwrap_or_default(), state.wait_for(id))
        });
        let hold = Hold { network: self.clone(), id };
        made.await.unwrap_or_else(|_| Err(closed(Effect::None)))?;
        Ok(hold)
    }

    /// Sends a request on a connection and waits for its answer.
    pub(super) async fn ask(&self, id: Id, payload: Payload) -> Result<Answer> {
        let answer = self.with(|state| state.send(id, payload))?;
        answer.await.map_err(|_| closed(Effect::Unknown))
    }

    /// The client gives up the connection that all share.
    pub(super) fn disconnect(&self, place: usize) {
        self.with(|state| {
            if let Some(id) = state.paths.get(place).and_then(|path| path.current) {
                state.close(id, LinkError::closed("the node"));
            }
        });
    }

    /// Who answers on this connection, if it is up.
    pub(super) fn incarnation(&self, id: Id) -> Option<Incarnation> {
        let state = self.state();
        let connection = state.connections.get(&id)?;
        if matches!(connection.phase, Phase::Up) { connection.incarnation.clone() } else { None }
    }

    /// The connection that all share, made or being made.
    pub(super) fn current(&self, place: usize) -> Option<Id> {
        self.state().paths.get(place)?.current
    }

    /// Counts one more who listens to these topics on the shared connection.
    pub(super) fn listens(&self, place: usize, topics: &[Topic]) -> Option<broadcast::Receiver<Message>> {
        let mut state = self.state();
        let path = state.paths.get_mut(place)?;
        for topic in topics {
            match path.topics.iter_mut().find(|(other, _)| other == topic) {
                Some((_, listeners)) => *listeners += 1,
                None => path.topics.push((topic.clone(), 1)),
            }
        }
        Some(path.said.get_or_insert_with(|| broadcast::Sender::new(MAX_BEHIND)).subscribe())
    }

    /// Who listened has been told that it hears.
    pub(super) fn hears(&self, place: usize) {
        if let Some(path) = self.state().paths.get_mut(place) {
            path.listening += 1;
        }
    }

    /// Counts one less.
    pub(super) fn forgets(&self, place: usize, topics: &[Topic], heard: bool) {
        let mut state = self.state();
        let Some(path) = state.paths.get_mut(place) else { return };
        path.listening -= usize::from(heard);
        for (topic, listeners) in &mut path.topics {
            *listeners -= usize::from(topics.contains(topic));
        }
        path.topics.retain(|(_, listeners)| *listeners > 0);
    }

    /// What is said unasked on a connection of one's own.
    pub(super) fn listens_alone(&self, id: Id) -> Option<broadcast::Receiver<Message>> {
        let mut state = self.state();
        let connection = state.connections.get_mut(&id)?;
        if !matches!(connection.phase, Phase::Up) {
            return None;
        }
        Some(connection.said.get_or_insert_with(|| broadcast::Sender::new(MAX_BEHIND)).subscribe())
    }
}

/// A connection of one owner, until it is dropped.
pub(super) struct Hold {
    pub(super) network: Network,
    pub(super) id: Id,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.network.with(|state| state.close(self.id, LinkError::closed("the node")));
    }
}

impl State {
    /// Waits until the connection is made.
    fn wait_for(&mut self, id: Option<Id>) -> oneshot::Receiver<Result<Id>> {
        let (tell, made) = oneshot::channel();
        let Some((id, connection)) = id.and_then(|id| Some((id, self.connections.get_mut(&id)?))) else {
            return made;
        };
        match &mut connection.phase {
            Phase::Connecting(waiting) => waiting.push(tell),
            Phase::Up => drop(tell.send(Ok(id))),
            Phase::Closed => drop(tell.send(Err(closed(Effect::None)))),
        }
        made
    }

    /// The connection was not made in time.
    pub(super) fn on_connect_limit(&mut self, id: Id) {
        let Some(connection) = self.connections.get(&id) else { return };
        if let (Phase::Connecting(_), Some(path)) = (&connection.phase, self.paths.get(connection.path)) {
            let (to, after) = (format!("n{}", path.node), Self::connect_within());
            self.close(id, LinkError::ConnectDeadline { to, after });
        }
    }

    /// Somebody listens, and there was no connection.
    pub(super) fn on_reconnect(&mut self, place: usize) {
        let Some(path) = self.paths.get(place) else { return };
        if path.current.is_none() && !path.topics.is_empty() {
            self.knock(place, false);
        }
    }
}

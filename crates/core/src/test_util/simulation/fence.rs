//! A fence: what is on its way on lost connections goes no further.

use super::connection::{Id, Payload};
use super::link::one;
use super::network::Network;
use super::state::State;
use crate::error::Result;
use crate::mutant;

impl Network {
    /// Has the node end all connections of this link that were lost with something unanswered. It is asked as for anything
    /// else, so this may be lost too.
    pub(super) async fn fence(&self, place: usize) -> Result<()> {
        let lost =
            self.with(|state| state.paths.get(place).map(|path| path.lost.clone())).unwrap_or_default();
        if lost.is_empty() || mutant::is_on("fence_does_nothing") {
            return Ok(());
        }
        let connection = self.connected(place).await?;
        one(self.ask(connection, Payload::Fence(lost.clone())).await?)?;
        self.with(|state| {
            if let Some(path) = state.paths.get_mut(place) {
                path.lost.retain(|id| !lost.contains(id));
            }
        });
        Ok(())
    }
}

impl State {
    /// Whether the connection ended for the client with something unanswered.
    pub(super) fn is_lost(&self, id: Id) -> bool {
        self.paths.iter().any(|path| path.lost.contains(&id))
    }

    /// The node ends these: what is still on its way to it on them is not looked at when it arrives.
    pub(super) fn end_at_node(&mut self, lost: &[Id]) {
        for id in lost {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.end_at_node();
                connection.to_node.clear();
            }
            self.tidy(*id);
        }
    }
}

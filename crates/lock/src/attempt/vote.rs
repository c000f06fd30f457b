//! How one server is asked in an attempt, and what it says.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_core::{Effect, Error, Incarnation, Node, Result, lock};

use super::Attempt;
use crate::servers::Said;

/// The greatest token: a number that every language can hold.
const MAX_TOKEN: u64 = 1 << 53;

/// A server's no.
#[derive(Clone, Debug)]
pub(super) struct No {
    pub(super) server: usize,
    /// How long it may be until it is free there.
    pub(super) wait: Duration,
    /// Of a semaphore: the permits that are free there, by number.
    pub(super) free: Vec<u16>,
}

/// A server's grant.
#[derive(Clone, Debug)]
pub(super) struct Vote {
    pub(super) server: usize,
    pub(super) token: u64,
    pub(super) by: Incarnation,
}

impl Attempt {
    pub(super) async fn take(self: Arc<Self>, node: Node) -> Result<Vote> {
        // To enlist a server may take a while. What has not been asked for by then, and is not wanted any more, never is.
        let is_wanted = || self.gate.ask(node.index());
        let said = self.servers.ask_if(&node, is_wanted, |mark| self.acquire_call(mark)).await?;
        let Said { word, rest, by } = said;
        match word.as_str() {
            "granted" if self.gate.is_open() => {
                let token = number(rest.first())?;
                if token > MAX_TOKEN {
                    return Err(odd("a token beyond 2^53"));
                }
                Ok(Vote { server: node.index(), token, by })
            }
            "granted" => {
                // Its release may have come there first.
                self.undo(|server| server == node.index());
                Err(Error::declined("it was granted when nobody wanted it any more", Effect::Unknown))
            }
            "busy" => {
                let wait_ms = number(rest.first())?;
                if let (Some(place), Ok(before)) = (&self.ask.place, number(rest.get(1))) {
                    place.before.fetch_max(before, Ordering::Relaxed);
                }
                let free =
                    rest.get(2).and_then(|free| redis::from_redis_value_ref(free).ok()).unwrap_or_default();
                lock(&self.busy).push(No {
                    server: node.index(),
                    wait: Duration::from_millis(wait_ms),
                    free,
                });
                Err(Error::declined(format!("it is held there for {wait_ms} ms more"), Effect::None))
            }
            other => Err(odd(other)),
        }
    }

    /// Asks those that were not asked before.
    pub(super) async fn take_elsewhere(self: Arc<Self>, node: Node) -> Result<Vote> {
        if self.gate.was_asked(node.index()) {
            return Err(Error::declined("it was asked before", Effect::None));
        }
        self.take(node).await
    }

    pub(super) async fn write_back(self: Arc<Self>, node: Node, token: u64) -> Result<Vote> {
        if !self.gate.was_asked(node.index()) {
            return Err(Error::declined("it does not have this grant", Effect::None));
        }
        let said = self.servers.ask(&node, |mark| self.write_back_call(mark, token)).await?;
        match said.word.as_str() {
            "written" => Ok(Vote { server: node.index(), token, by: said.by }),
            "absent" => Err(Error::declined("it does not have this grant", Effect::None)),
            "other" => Err(Error::declined("another holds it there", Effect::None)),
            other => Err(odd(other)),
        }
    }
}

fn number(value: Option<&redis::Value>) -> Result<u64> {
    value
        .and_then(|value| redis::from_redis_value_ref(value).ok())
        .ok_or_else(|| odd("a number that is none"))
}

fn odd(word: &str) -> Error {
    Error::declined(format!("its reply is none that a lock knows: {word}"), Effect::Unknown)
}

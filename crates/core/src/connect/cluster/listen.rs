//! Published messages from a cluster: it passes each on to all its servers, so one of them is listened to.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::stream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::member::Member;
use super::state::State;
use crate::backend::{Message, Messages, Topic};
use crate::error::Result;

/// How often it is looked whether the server that is listened to is still there. Costs no round trip.
const CHECK: Duration = Duration::from_secs(1);
/// How long another server is tried after one was lost.
const TRY: Duration = Duration::from_secs(2);

/// Listens to one primary, and to another when that one is lost or leaves: then a gap is told.
pub(crate) async fn listen(state: &Arc<State>, topics: &[Topic]) -> Result<Messages> {
    let first = Ear::open(state, topics).await?;
    let listener = Listener { state: Arc::downgrade(state), topics: topics.to_vec(), ear: Some(first) };
    Ok(Messages::new(stream::unfold(listener, |mut listener| async move {
        let message = listener.next().await?;
        Some((message, listener))
    })))
}

/// The server that is listened to.
struct Ear {
    member: Weak<Member>,
    messages: Messages,
    /// Checks in a row that found no connection.
    silent: u32,
}

struct Listener {
    /// Weak, so that the stream ends with its backend.
    state: Weak<State>,
    topics: Vec<Topic>,
    ear: Option<Ear>,
}

impl Ear {
    /// Subscribes at the next primary in turn; at the one after it if that fails, and so on, each once.
    async fn open(state: &Arc<State>, topics: &[Topic]) -> Result<Self> {
        let mut member = state.any().await?;
        let mut left = state.members().len();
        loop {
            left = left.saturating_sub(1);
            match member.backend.subscribe(topics).await {
                Ok(messages) => return Ok(Self { member: Arc::downgrade(&member), messages, silent: 0 }),
                Err(error) => {
                    state.heed(&error);
                    if left == 0 || error.code().is_some() {
                        return Err(error);
                    }
                }
            }
            member = state.any().await?;
        }
    }

    /// Whether it left the cluster, or has had no connection for two checks.
    fn is_lost(&mut self, state: &State) -> bool {
        let Some(member) = self.member.upgrade() else { return true };
        let is_up = member.backend.incarnation().is_some();
        self.silent = if is_up { 0 } else { self.silent + 1 };
        self.silent > 1 || !state.is_primary(&member.address)
    }
}

impl Listener {
    async fn next(&mut self) -> Option<Message> {
        let mut check = interval(CHECK);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        check.reset();
        loop {
            let Some(ear) = &mut self.ear else {
                if self.reopen().await? {
                    return Some(Message::Gap);
                }
                check.tick().await;
                continue;
            };
            tokio::select! {
                biased;
                message = ear.messages.next() => match message {
                    Some(message) => return Some(message),
                    None => self.ear = None,
                },
                _ = check.tick() => {
                    let state = self.state.upgrade()?;
                    if ear.is_lost(&state) {
                        state.refresh(None);
                        self.ear = None;
                    }
                }
            }
        }
    }

    /// Whether another server is listened to now; none if the cluster was dropped.
    async fn reopen(&mut self) -> Option<bool> {
        let state = self.state.upgrade()?;
        self.ear = timeout(TRY, Ear::open(&state, &self.topics)).await.ok().and_then(Result::ok);
        Some(self.ear.is_some())
    }
}

//! One command on its way to whoever serves it.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};

use super::member::Member;
use super::redirect::{Redirect, Trail};
use super::slots::Slot;
use super::state::State;
use crate::backend::Batch;
use crate::error::{Effect, Error, Result};

/// Where a command goes next, and how far it was sent around already.
#[derive(Clone, Debug)]
pub(crate) struct Seeker {
    /// The slot of its keys, if it has keys.
    slot: Option<Slot>,
    /// Whom it goes to.
    pub(crate) to: Arc<Member>,
    /// Whether it only asks there, because the slot is still on its way.
    pub(crate) is_asking: bool,
    /// Whether `to` turned out to be a replica, so that the map is to be looked at again.
    is_homeless: bool,
    trail: Trail,
}

impl Seeker {
    /// To the primary of `slot`; to any, if there is no slot.
    pub(crate) async fn new(state: &Arc<State>, slot: Option<Slot>) -> Result<Self> {
        let to = match slot {
            Some(slot) => state.primary(slot).await?,
            None => state.any().await?,
        };
        Ok(Self { slot, ..Self::to(to) })
    }

    /// To this member.
    pub(crate) fn to(to: Arc<Member>) -> Self {
        Self { slot: None, to, is_asking: false, is_homeless: false, trail: Trail::default() }
    }

    /// Sends `command` until somebody serves it.
    ///
    /// Only refusals are followed: a server that refuses has done nothing. Every other error is the answer.
    pub(crate) async fn call(mut self, state: &Arc<State>, command: &Cmd) -> Result<Value> {
        loop {
            let answer = self.to.call(command, self.is_asking).await;
            let Err(error) = &answer else { return answer };
            let Some(wait) = self.follow(state, error) else { return answer };
            pause(wait).await;
            self.find_home(state);
        }
    }

    /// Sends an atomic batch until somebody serves it: whole, each time.
    pub(crate) async fn call_whole(
        mut self,
        state: &Arc<State>,
        batch: &Batch,
    ) -> Result<Vec<Result<Value>>> {
        loop {
            let answer = if self.is_asking {
                self.to.call_batch(&batch.clone().asking()).await
            } else {
                self.to.call_batch(batch).await
            };
            let refusal = match &answer {
                Ok(answers) => undone(answers),
                Err(error) => Some(error),
            };
            let Some(refusal) = refusal else { return answer };
            let Some(wait) = self.follow(state, refusal) else { return answer };
            pause(wait).await;
            self.find_home(state);
        }
    }

    /// Where to go after `error`, and after how long; nowhere if it is the answer. Costs nothing itself.
    pub(crate) fn follow(&mut self, state: &Arc<State>, error: &Error) -> Option<Duration> {
        let Some(redirect) = Redirect::read(error) else {
            state.heed(error);
            return None;
        };
        let wait = self.trail.follow(&redirect);
        match redirect {
            Redirect::Moved(slot, address) => {
                let to = state.moved(slot, &address.seen_from(&self.to.address))?;
                (self.to, self.is_asking) = (to, false);
            }
            Redirect::Ask(address) => {
                let to = state.asked(&address.seen_from(&self.to.address))?;
                (self.to, self.is_asking) = (to, true);
            }
            // It stays where it is: there the rest of its keys arrives, or from there it is sent on.
            Redirect::TryAgain => {}
            Redirect::Demoted => {
                state.refresh(None);
                self.slot?;
                self.is_homeless = true;
            }
        }
        wait
    }

    /// After a wait for a new primary: whoever the map names by now.
    pub(crate) fn find_home(&mut self, state: &Arc<State>) {
        if std::mem::take(&mut self.is_homeless)
            && let Some(owner) = self.slot.and_then(|slot| state.owner(slot))
        {
            (self.to, self.is_asking) = (owner, false);
        }
    }
}

pub(crate) async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

/// The refusal that kept a transaction from being carried out; none if any of it was, or may have been.
///
/// A server refuses while the commands are queued (then EXEC says EXECABORT) or at EXEC (then all entries
/// say the same); both were seen for MOVED, ASK and TRYAGAIN on Redis 7.0 and 8.0, and nothing is done.
pub(crate) fn undone(answers: &[Result<Value>]) -> Option<&Error> {
    let mut refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
    let is_undone = refusals.clone().count() == answers.len()
        && refusals.clone().all(|error| error.effect() == Effect::None && error.code().is_some());
    if is_undone {
        let told = refusals.clone().find(|error| Redirect::read(error).is_some());
        return told.or_else(|| refusals.next());
    }
    // A broken link is no redirection, but it is news for the map.
    refusals.find(|error| matches!(error, Error::Link { .. } | Error::Down { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::LinkError;

    fn answer(resp: &str) -> Result<Value> {
        let value = redis::parse_redis_value(resp.as_bytes()).unwrap();
        if let Value::ServerError(error) = value { Err(Error::refused(error)) } else { Ok(value) }
    }

    #[test]
    fn a_transaction_is_undone_only_if_every_entry_is_a_refusal() {
        let moved = || answer("-MOVED 1 a:1\r\n");
        let aborted = || answer("-EXECABORT Transaction discarded\r\n");
        let code = |answers: &[Result<Value>]| undone(answers).and_then(|e| e.code().map(String::from));
        assert_eq!(code(&[aborted(), moved(), aborted()]).as_deref(), Some("MOVED"));
        assert_eq!(code(&[moved(), moved()]).as_deref(), Some("MOVED"));
        assert_eq!(code(&[aborted()]).as_deref(), Some("EXECABORT"));
        assert_eq!(code(&[answer("+OK\r\n"), moved()]), None);
        assert_eq!(code(&[Err(Error::Conflict), moved()]), None);
        let lost = Err(Error::link(LinkError::Closed { to: "a".into() }, Effect::Unknown));
        assert!(matches!(undone(&[lost, moved()]), Some(Error::Link { .. })));
    }
}

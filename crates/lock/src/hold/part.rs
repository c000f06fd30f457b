//! One lease's part in a hold: it may be given back while others of the same owner go on.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Hold, State};

/// One lease's part in a hold. What is told of the hold concerns it until it is given back, and not after.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Whether it was given back, and how.
    given_back: AtomicU8,
    /// Cancelled when the hold is lost, unless this was given back before. Made when somebody wants it.
    lost: OnceLock<CancellationToken>,
}

/// Not yet.
const NO: u8 = 0;
/// While it was held.
const HELD: u8 = 1;
/// When it was lost already.
const LOST: u8 = 2;

impl Part {
    /// Gives it back: whether it was held until now. Nothing if it was given back before.
    pub(crate) fn give_back(&self, hold: &Hold, now: Duration) -> Option<bool> {
        let was_held = hold.is_held(now);
        let how = if was_held { HELD } else { LOST };
        let first = self.given_back.compare_exchange(NO, how, Ordering::SeqCst, Ordering::SeqCst);
        first.is_ok().then_some(was_held)
    }

    /// How this lease is at this time.
    pub(crate) fn state(&self, hold: &Hold, now: Duration) -> State {
        // The hold first: what is given back in between says so.
        let state = hold.state(now);
        self.as_given_back().unwrap_or(state)
    }

    /// How it is for ever, if it was given back.
    pub(crate) fn as_given_back(&self) -> Option<State> {
        match self.given_back.load(Ordering::SeqCst) {
            NO => None,
            HELD => Some(State::Released),
            _ => Some(State::Lost),
        }
    }

    /// A token that is cancelled when this lease is lost.
    pub(crate) fn token(self: &Arc<Self>, hold: &Hold, now: Duration) -> CancellationToken {
        let token = self.lost.get_or_init(|| {
            hold.tell(self);
            CancellationToken::new()
        });
        // It may have been lost before it was to be told.
        if self.state(hold, now) == State::Lost {
            token.cancel();
        }
        token.child_token()
    }

    /// The hold is lost.
    pub(super) fn lost(&self) {
        if self.as_given_back().is_none()
            && let Some(token) = self.lost.get()
        {
            token.cancel();
        }
    }
}

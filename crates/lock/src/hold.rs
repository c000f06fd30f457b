//! What this process holds: one record an acquisition, shared by its leases and the watchdog.

mod part;
mod share;
mod terms;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use redfleet_core::mutant;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::attempt::Gate;
use crate::fence::Fence;
use crate::id::LeaseId;
use crate::site::Site;
use redfleet_core::lock;

pub(crate) use part::Part;
pub(crate) use share::Share;
pub(crate) use terms::Terms;

/// How long whoever waits for the end of a lease looks away at most: tokio's time does not count the machine's sleep, our clock does.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// One lock held by this process.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) site: Arc<Site>,
    pub(crate) id: LeaseId,
    pub(crate) fence: Fence,
    pub(crate) ttl: Duration,
    /// Until when it may be extended at most, by our clock.
    pub(crate) max_until: Duration,
    /// Whether it is extended without being asked.
    pub(crate) is_attended: bool,
    /// The watchdog's number for it; 0 before it has one.
    pub(crate) watched: AtomicU64,
    /// Cancelled when it is lost.
    pub(crate) lost: CancellationToken,
    pub(crate) gate: Gate,
    /// What it shares with others of this process.
    pub(crate) share: Share,
    state: Mutex<State>,
    /// Whose tokens are cancelled when it is lost.
    told: Mutex<Vec<Weak<Part>>>,
    /// Whether its release has been sent, or is about to be.
    is_given_back: AtomicBool,
}

/// Whether it is held, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Until this time of our clock.
    Held(Duration),
    /// It was given back.
    Released,
    /// Its time was over, or a majority does not know it any more.
    Lost,
}

impl Hold {
    pub(crate) fn new(
        site: Arc<Site>,
        id: LeaseId,
        fence: Fence,
        ttl: Duration,
        (valid_until, max_until): (Duration, Duration),
        gate: Gate,
    ) -> Self {
        let state = Mutex::new(State::Held(valid_until.min(max_until)));
        let (lost, is_given_back) = (CancellationToken::new(), AtomicBool::new(false));
        let (share, watched, told) = (Share::default(), AtomicU64::new(0), Mutex::default());
        Self {
            site,
            id,
            fence,
            ttl,
            max_until,
            is_attended: true,
            watched,
            lost,
            gate,
            share,
            state,
            told,
            is_given_back,
        }
    }

    /// The same, shared so.
    pub(crate) fn shared(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// The same, extended only when somebody asks for it if `is_attended` is false.
    pub(crate) const fn attended(mut self, is_attended: bool) -> Self {
        self.is_attended = is_attended;
        self
    }

    /// The last token that was given out with it: that of the last holder to whom it may be handed in this process.
    pub(crate) fn last_token(&self) -> u64 {
        self.share.last_token.max(self.fence.get())
    }

    /// Whether it is held at this time.
    pub(crate) fn is_held(&self, now: Duration) -> bool {
        matches!(self.state(now), State::Held(_))
    }

    /// Ends it, as released, and begins that of the one to whom it is handed: with the same id, the next token of its block, and what
    /// is left of its validity. Nothing if too little is left for another: no more than two thirds of the ttl. Nor if more is left than
    /// the other may hold it: the servers would keep it for longer than that.
    pub(crate) fn hand_on(&self, now: Duration, to: &Terms) -> Option<Self> {
        let mut state = lock(&self.state);
        let State::Held(until) = self.look(&mut state, now) else { return None };
        if until.saturating_sub(now) * 3 <= self.ttl * 2 {
            return None;
        }
        let max_until = now.saturating_add(to.max_hold);
        if max_until < until {
            return None;
        }
        let share = self.share.hand_on(to.owner.clone())?;
        // The gate stays open: it is the same acquisition that goes on.
        *state = State::Released;
        drop(state);
        let (site, fence) = (
            Arc::clone(&self.site),
            Fence::new(self.fence.get() + u64::from(!mutant::is_on("handed_on_with_the_same_token"))),
        );
        let valid = (until.min(max_until), max_until);
        let hold = Self::new(site, self.id.clone(), fence, self.ttl, valid, self.gate.clone());
        Some(hold.shared(share).attended(to.is_attended))
    }

    /// How it is at this time: once its time is over it is lost, whoever looks first.
    pub(crate) fn state(&self, now: Duration) -> State {
        self.look(&mut lock(&self.state), now)
    }

    /// A majority confirmed it until then. It counts only if it is still held.
    pub(crate) fn extend(&self, now: Duration, until: Duration) -> State {
        // One look and one change: whoever ends it in between is not to be undone.
        let mut state = lock(&self.state);
        if *state == State::Released && mutant::is_on("extended_after_release") {
            *state = State::Held(until);
        }
        if let State::Held(old) = self.look(&mut state, now) {
            *state = State::Held(until.min(self.max_until).max(old));
        }
        self.look(&mut state, now)
    }

    /// How it is at this time, whose end it notes.
    fn look(&self, state: &mut State, now: Duration) -> State {
        if matches!(*state, State::Held(until) if now >= until) {
            self.set_ended(state, State::Lost);
        }
        *state
    }

    /// It is not held any more, and nothing more is sent for it but its release. Whether it was until now.
    pub(crate) fn end(&self, how: State) -> bool {
        let mut state = lock(&self.state);
        let was_held = matches!(*state, State::Held(_));
        if was_held {
            self.set_ended(&mut state, how);
        }
        was_held
    }

    /// Whether the caller is to send its release: the first one is, and nobody after it.
    pub(crate) fn give_back(&self) -> bool {
        !self.is_given_back.swap(true, Ordering::SeqCst)
    }

    /// Waits until it is lost, by its own time too, or released: whether it is lost. `now` is our clock.
    pub(crate) async fn ended(&self, now: impl Fn() -> Duration) -> bool {
        loop {
            let at = now();
            let left = match self.state(at) {
                State::Lost => return true,
                State::Released => return false,
                State::Held(until) => until.saturating_sub(at),
            };
            timeout(left.min(LONGEST_NAP), self.lost.cancelled()).await.ok();
        }
    }

    /// Has this lease told when it is lost.
    fn tell(&self, part: &Arc<Part>) {
        let mut told = lock(&self.told);
        told.retain(|part| part.strong_count() > 0);
        told.push(Arc::downgrade(part));
    }

    fn set_ended(&self, state: &mut State, how: State) {
        *state = how;
        self.gate.shut();
        if how == State::Lost {
            self.lost.cancel();
            let told = std::mem::take(&mut *lock(&self.told));
            told.iter().filter_map(Weak::upgrade).for_each(|part| part.lost());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn held(until: Duration, most: Duration) -> Hold {
        let site = Arc::new(Site::lock("p:", "a"));
        Hold::new(site, LeaseId::new("1"), Fence::new(1), ms(100), (until, most), Gate::new())
    }

    #[test]
    fn what_has_ended_is_never_held_again() {
        for how in [State::Released, State::Lost] {
            let hold = held(ms(100), Duration::MAX);
            assert!(hold.end(how));
            assert!(!hold.gate.is_open(), "what was not sent is never sent");
            assert_eq!(hold.extend(ms(10), ms(500)), how);
            assert!(!hold.end(State::Lost) && !hold.end(State::Released));
            assert_eq!(hold.state(ms(10)), how);
            assert_eq!(hold.lost.is_cancelled(), how == State::Lost);
        }
    }

    #[test]
    fn it_is_lost_when_its_time_is_over_and_an_extension_that_comes_then_does_not_count() {
        let hold = held(ms(100), ms(150));
        assert_eq!(hold.extend(ms(99), ms(120)), State::Held(ms(120)));
        assert_eq!(hold.extend(ms(119), ms(110)), State::Held(ms(120)), "never shorter");
        assert_eq!(hold.extend(ms(119), ms(900)), State::Held(ms(150)), "never past its longest");
        assert_eq!(hold.extend(ms(150), ms(900)), State::Lost);
        assert!(hold.lost.is_cancelled() && !hold.gate.is_open());
        assert_eq!(held(ms(100), ms(50)).state(ms(50)), State::Lost, "nor at the beginning");
    }

    #[test]
    fn only_one_sends_its_release() {
        let hold = held(ms(100), Duration::MAX);
        assert!(hold.give_back());
        assert!(!hold.give_back());
    }
}

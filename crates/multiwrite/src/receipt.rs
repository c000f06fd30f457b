//! What became of one write, remote by remote, and waiting for it.

mod shortfall;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::outcome::Outcome;
use crate::wait::{Verdict, Wait};

pub use shortfall::Shortfall;

/// What became of one write, remote by remote, as far as it is known.
///
/// Cheap to clone: clones are the same receipt. Whoever drops it changes nothing for the write.
#[derive(Clone)]
pub struct Receipt {
    outcomes: Arc<Outcomes>,
}

/// What is known of one write.
struct Outcomes {
    remotes: Arc<[Arc<str>]>,
    /// One a remote, in their order.
    told: Mutex<Vec<Outcome>>,
    changed: Notify,
}

/// One remote's line in a receipt.
#[derive(Clone)]
pub(crate) struct Ticket {
    outcomes: Arc<Outcomes>,
    remote: usize,
}

impl Receipt {
    /// A receipt in which nothing is known yet, and the ticket of each remote, in their order.
    pub(crate) fn new(remotes: Arc<[Arc<str>]>) -> (Self, Vec<Ticket>) {
        let told = Mutex::new(vec![Outcome::Queued; remotes.len()]);
        let outcomes = Arc::new(Outcomes { remotes, told, changed: Notify::new() });
        let ticket = |remote| Ticket { outcomes: Arc::clone(&outcomes), remote };
        let tickets = (0..outcomes.remotes.len()).map(ticket).collect();
        (Self { outcomes }, tickets)
    }

    /// The remotes that there were when it was written, in the order in which they were added, and what is known of it at
    /// each by now.
    #[must_use]
    pub fn outcomes(&self) -> Vec<(Arc<str>, Outcome)> {
        let told = self.outcomes.told();
        self.outcomes.remotes.iter().cloned().zip(told.iter().cloned()).collect()
    }

    /// Waits until as many remotes have it as `wait` says, at most until `deadline` from now. That too few can have it any more is
    /// told at once.
    ///
    /// # Errors
    ///
    /// The [`Shortfall`], with what is known of each remote by then. The write is not undone by it: what is queued still
    /// arrives, and what is not sent as such is copied.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses nothing; it may be waited for again.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::{MultiWrite, Wait};
    /// use redis::cmd;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// # let store = MultiWrite::builder(here.shared()).remote("eu", there.shared()).build()?;
    /// store.pause("eu")?;
    /// let receipt = store.everywhere().send(cmd("INCR").arg("visits")).await?.receipt;
    /// let short = receipt.wait(Wait::One, Duration::from_millis(10)).await.unwrap_err();
    /// assert_eq!(short.to_string(), "0 of the 1 acknowledgement needed; eu: queued");
    ///
    /// store.resume("eu")?;
    /// receipt.wait(Wait::One, Duration::from_secs(5)).await?; // it was on its way all the time
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(&self, wait: Wait, deadline: Duration) -> Result<(), Shortfall> {
        let reached = async {
            loop {
                let changed = self.outcomes.changed.notified();
                tokio::pin!(changed);
                // Before it is looked at, so that nothing is told in between.
                changed.as_mut().enable();
                let verdict = wait.verdict(self.outcomes.told().iter());
                match verdict {
                    Verdict::Pending => changed.await,
                    Verdict::Reached | Verdict::Unreachable => return verdict,
                }
            }
        };
        match tokio::time::timeout(deadline, reached).await {
            Ok(Verdict::Reached) => Ok(()),
            Ok(Verdict::Unreachable | Verdict::Pending) | Err(_) => {
                let outcomes = self.outcomes();
                Err(Shortfall { needed: wait.needed(outcomes.len()), outcomes })
            }
        }
    }
}

impl Ticket {
    /// Says what became of it. What is final stays.
    pub(crate) fn tell(&self, outcome: Outcome) {
        let mut told = self.outcomes.told();
        let Some(line) = told.get_mut(self.remote) else { return };
        if line.is_final() {
            return;
        }
        let is_final = outcome.is_final();
        *line = outcome;
        drop(told);
        if is_final {
            self.outcomes.changed.notify_waiters();
        }
    }
}

impl Outcomes {
    /// Nothing panics half-way through a change, so what is inside is whole.
    fn told(&self) -> MutexGuard<'_, Vec<Outcome>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.outcomes()).finish()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remote = self.outcomes.remotes.get(self.remote);
        f.debug_struct("Ticket").field("remote", &remote).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use redfleet_core::Error;

    use super::*;
    use crate::outcome::DropReason;

    const SECOND: Duration = Duration::from_secs(1);

    fn of_three() -> (Receipt, Vec<Ticket>) {
        Receipt::new(Arc::new(["eu".into(), "us".into(), "asia".into()]))
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_enough_have_it_and_not_before() {
        let (receipt, tickets) = of_three();
        receipt.wait(Wait::None, Duration::ZERO).await.unwrap();
        let waiting = receipt.clone();
        let waiting = tokio::spawn(async move { waiting.wait(Wait::Quorum, SECOND).await });
        for (ticket, outcome) in [(0, Outcome::Acked), (1, Outcome::Spooled), (2, Outcome::Queued)] {
            tokio::time::sleep(SECOND / 10).await;
            assert!(!waiting.is_finished());
            tickets[ticket].tell(outcome);
        }
        tokio::time::sleep(SECOND / 10).await;
        assert!(!waiting.is_finished());
        tickets[2].tell(Outcome::Acked);
        waiting.await.unwrap().unwrap();
        receipt.wait(Wait::Quorum, Duration::ZERO).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_can_never_end_well_ends_at_once_and_says_what_each_remote_said() {
        let (receipt, tickets) = of_three();
        tickets[0].tell(Outcome::Acked);
        tickets[1].tell(Outcome::Dropped(DropReason::Overflow));
        let before = tokio::time::Instant::now();
        let said = receipt.wait(Wait::All, SECOND).await.unwrap_err();
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!((said.acks(), said.needed()), (1, 3));
        assert_eq!(
            said.to_string(),
            "1 of the 3 acknowledgements needed; us: dropped, the queue was full; asia: queued"
        );
        tickets[2].tell(Outcome::Failed(Error::Shutdown));
        let said = receipt.wait(Wait::Quorum, SECOND).await.unwrap_err();
        let end = "2 acknowledgements needed; us: dropped, the queue was full; \
            asia: failed, the fleet was shut down";
        assert_eq!(said.to_string(), format!("1 of the {end}"));
        assert_eq!(said.outcomes().map(|(remote, _)| remote).collect::<Vec<_>>(), ["eu", "us", "asia"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_by_its_deadline() {
        let (receipt, _tickets) = of_three();
        let before = tokio::time::Instant::now();
        let said = receipt.wait(Wait::One, SECOND).await.unwrap_err();
        assert_eq!(before.elapsed(), SECOND);
        assert_eq!(
            said.to_string(),
            "0 of the 1 acknowledgement needed; eu: queued; us: queued; asia: queued"
        );
    }

    #[test]
    fn what_is_final_stays() {
        let (receipt, tickets) = of_three();
        tickets[0].tell(Outcome::Spooled);
        tickets[0].tell(Outcome::Queued);
        tickets[0].tell(Outcome::Dropped(DropReason::Shutdown));
        tickets[0].tell(Outcome::Acked);
        assert_eq!(format!("{receipt:?}"), r#"{"eu": Dropped(Shutdown), "us": Queued, "asia": Queued}"#);
    }
}

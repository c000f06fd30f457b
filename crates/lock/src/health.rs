//! How the servers of a fleet stand, by what they said last.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Error;

use crate::locks::Locks;
use crate::server::Standing;

/// How one server stands, by what it said last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerHealth {
    /// The node's name in its fleet.
    pub name: Arc<str>,
    /// Whether it votes, and why not.
    pub state: ServerState,
    /// How far its clock is ahead of the median of all servers, in microseconds, if it has told the time. More than 15 s, or half of
    /// `max_ttl`, either way is to be mended: fencing tokens follow the servers' clocks.
    pub clock_offset_us: Option<i64>,
    /// By how much that may be wrong: half of what the fastest replies took.
    pub clock_error: Option<Duration>,
    /// How long ago its clock was last seen to be set forward by more than clocks drift.
    pub jumped_ago: Option<Duration>,
}

/// Whether a server votes, and why not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ServerState {
    /// It votes.
    Voting,
    /// It was not asked yet on the connection that is up, or none is up.
    Unknown,
    /// It may have forgotten leases, or its clock was set forward: it does not vote yet.
    #[non_exhaustive]
    Quarantined {
        /// For how much longer.
        left: Duration,
    },
    /// Nothing is sent to it, because it did not answer.
    #[non_exhaustive]
    Down {
        /// What was wrong the last time.
        why: Arc<Error>,
    },
    /// It belongs to a fleet of another size, or with another `max_ttl`.
    #[non_exhaustive]
    Mixed {
        /// Its mark: the run id of its life, the number of servers, and the longest ttl in milliseconds.
        mark: Arc<str>,
    },
    /// It is the same server as another node of the fleet, which votes for it.
    #[non_exhaustive]
    Twin {
        /// The other node.
        of: Arc<str>,
    },
    /// It can never vote as it is.
    #[non_exhaustive]
    Unfit {
        /// Why, and what to do.
        why: Arc<Error>,
    },
}

/// What a server's state follows from.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) standing: Standing,
    /// Why nothing is sent to it, if so.
    pub(crate) down: Option<Arc<Error>>,
    /// Whether the connection that is up is the one on which it was enlisted.
    pub(crate) is_enlisted: bool,
    /// Our clock.
    pub(crate) now: Duration,
}

impl Facts {
    /// What is wrong with the fleet itself stands before what passes.
    pub(crate) fn state(self) -> ServerState {
        match (self.standing, self.down) {
            (Standing::Unfit(why), _) => ServerState::Unfit { why },
            (_, Some(why)) => ServerState::Down { why },
            (Standing::Mixed(mark), None) => ServerState::Mixed { mark },
            (Standing::Twin(of), None) => ServerState::Twin { of },
            (Standing::Quarantined(until), None) if until > self.now => {
                ServerState::Quarantined { left: until.saturating_sub(self.now) }
            }
            (Standing::Quarantined(_) | Standing::Voting, None) if self.is_enlisted => ServerState::Voting,
            (Standing::Quarantined(_) | Standing::Voting | Standing::Unknown, None) => ServerState::Unknown,
        }
    }
}

impl Locks {
    /// How each server stands, in the order of the fleet, by what it said last: nothing is asked.
    ///
    /// What changes is told as it happens too, once each, by `tracing` at the level of warnings.
    ///
    /// # Cost
    ///
    /// No round trip.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::{Embedded, Fleet};
    /// use redfleet_lock::{Locks, ServerState};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build()?;
    /// // Nobody said that this server is new, so it may be one that lost its memory.
    /// let locks = Locks::builder(fleet).build()?;
    /// assert!(locks.lock("invoice:7").try_acquire().await.is_err());
    /// for server in locks.health() {
    ///     if let ServerState::Quarantined { left, .. } = server.state {
    ///         println!("{} votes in {left:?}", server.name); // n0 votes in 60.6s
    ///     }
    /// #   assert!(matches!(server.state, ServerState::Quarantined { .. }));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn health(&self) -> Vec<ServerHealth> {
        self.inner.servers.health()
    }
}

#[cfg(test)]
mod tests {
    use redfleet_core::Effect;

    use super::*;

    fn state(standing: Standing, is_down: bool, is_enlisted: bool) -> String {
        let why = || Arc::new(Error::declined("gone", Effect::None));
        let down = is_down.then(why);
        let now = Duration::from_secs(10);
        let text = format!("{:?}", Facts { standing, down, is_enlisted, now }.state());
        text.split_whitespace().next().unwrap().to_owned()
    }

    #[test]
    fn a_server_votes_only_if_all_says_so() {
        let quarantined = |secs| Standing::Quarantined(Duration::from_secs(secs));
        assert_eq!(state(Standing::Voting, false, true), "Voting");
        assert_eq!(state(Standing::Voting, false, false), "Unknown");
        assert_eq!(state(Standing::Unknown, false, false), "Unknown");
        assert_eq!(state(Standing::Voting, true, true), "Down");
        assert_eq!(state(quarantined(11), false, true), "Quarantined");
        assert_eq!(state(quarantined(11), false, false), "Quarantined");
        assert_eq!(state(quarantined(10), false, true), "Voting");
        assert_eq!(state(quarantined(10), false, false), "Unknown");
        assert_eq!(state(Standing::Mixed("m".into()), false, false), "Mixed");
        assert_eq!(state(Standing::Twin("t".into()), false, false), "Twin");
        assert_eq!(state(Standing::Twin("t".into()), true, false), "Down");
        assert_eq!(state(Standing::Unfit(Arc::new(Error::Shutdown)), true, false), "Unfit");
    }
}

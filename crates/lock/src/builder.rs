//! What locks are made of, checked before they are.

use std::time::Duration;

use redfleet_core::{Clock, Fleet};

use crate::error::BuildError;
use crate::locks::Locks;
use crate::settings::Settings;

/// What locks are made of, checked before they are.
///
/// All clients of a fleet must say the same `max_ttl`, and should say the same `drift_ppm` and namespace. A server keeps the first
/// `max_ttl` and the number of servers that it was told: who says another one gets no vote from it. To change either, stop all
/// clients, delete the key `redfleet:lock:mark` (`redfleet:lock:NAMESPACE:mark` in a namespace) on every server, and start them without
/// [`new_fleet`](Self::new_fleet): the servers vote again when every lease that was granted before is over.
///
/// # What to set on the fleet
///
/// How soon a server that was down votes again, and how soon others can wait for it, is up to the fleet's breaker: it looks after such
/// a server less and less often, at last once a minute. That is long for locks, because each server that is not asked is one that must
/// not fail now, and with one server nothing can be locked until then, whoever waits. Let it look at least every second, which costs one
/// connection attempt a second for each server that is down:
///
/// ```
/// use redfleet_core::{Breaker, Embedded, Fleet};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = Breaker::default().probes(Duration::from_millis(100), Duration::from_secs(1))?;
/// let fleet = Fleet::builder().breaker(breaker).node("n0", Embedded::new().shared()).build()?;
/// # drop(fleet);
/// # Ok(())
/// # }
/// ```
///
/// # Example
///
/// ```
/// use redfleet_core::{Embedded, Fleet};
/// use redfleet_lock::Locks;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build()?;
/// let locks = Locks::builder(fleet)
///     .namespace("shop")
///     .ttl(Duration::from_secs(10))
///     .new_fleet() // the very first start of this fleet
///     .build()?;
/// let lease = locks.lock("invoice:7").try_acquire().await?;
/// lease.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is made before build()"]
pub struct Builder {
    fleet: Fleet,
    settings: Settings,
    /// What was wrong with a setting that cannot be kept as it was said.
    wrong: Option<BuildError>,
}

impl Builder {
    pub(crate) fn new(fleet: Fleet) -> Self {
        Self { fleet, settings: Settings::default(), wrong: None }
    }

    /// Puts all keys below `redfleet:lock:NAMESPACE:`, so that several programs share the servers and never a lock. Without
    /// one they are below `redfleet:lock:`.
    ///
    /// Each namespace is a fleet of locks of its own: each has its marks, its quarantines and its first start.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.wrong = self.settings.set_namespace(namespace).err();
        self
    }

    /// How long a lease lives on the servers if this process does not extend it, unless a request says so itself. 30 s: as long as
    /// others wait for a lock whose holder died, and the longest stop of a holder that costs it nothing.
    ///
    /// It counts in whole milliseconds.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = ttl;
        self
    }

    /// The longest ttl that any client of this fleet may ask for. 60 s: a server that may have forgotten leases does not vote until
    /// the longest has ended, so every restart takes a server's vote away for this long.
    ///
    /// Fencing tokens rise also over the loss of a server's memory as long as the servers' clocks agree within half of it.
    pub const fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.settings.max_ttl = max_ttl;
        self
    }

    /// By how much the rate of any one clock may be off, in parts per million. 5,000, half a per cent: a hundred times what quartz
    /// is off by, so that a clock which is being slewed is within it too.
    ///
    /// Two clocks are concerned, ours and a server's, so a lease protects for twice this share of its ttl less, and 2 ms: 302 ms
    /// less of 30 s.
    pub const fn drift_ppm(mut self, drift_ppm: u32) -> Self {
        self.settings.drift_ppm = drift_ppm;
        self
    }

    /// How many times in a row a lock that is released is handed to the next who waits for it in this process, without asking the
    /// servers. 8: most of what a round trip costs is saved, and other processes wait for eight turns at most. None if it is 0, and 64
    /// at most.
    pub const fn local_hand_overs(mut self, times: u32) -> Self {
        self.settings.local_hand_overs = times;
        self
    }

    /// Declares that no server of this fleet has granted a lease before: that it is empty because it is new, and not because it
    /// forgot.
    ///
    /// Without it, a server that is seen for the first time does not vote for `max_ttl` and the margin of clocks, 60.602 s by
    /// default, because nobody can tell a new server from one that lost its memory. So the first start of any fleet takes that
    /// long; and so does every restart of the one server of a fleet of one.
    ///
    /// # Guarantee
    ///
    /// The declaration holds only if all servers answer, within about a second, and none of them knows a fleet: then all vote at
    /// once. It is checked once a process, and never excuses that a server forgets while the process runs. So it does no harm
    /// to declare it at every start, with three servers or more, as long as never all of them lose their memory at once.
    ///
    /// Several processes that declare it at the same time are one declaration.
    ///
    /// # What it does not do
    ///
    /// It is wrong where all servers have forgotten at once while leases were held: two clients may hold one lock then. So with one
    /// server that does not write to disk, declare it for the very first start and not again.
    pub const fn new_fleet(mut self) -> Self {
        self.settings.is_new_fleet = true;
        self
    }

    /// Declares that a server which restarts still has all that it acknowledged: it writes every command to disk before it answers
    /// (`appendonly yes` and `appendfsync always`), and the disk keeps it. Then a restart costs no quarantine; without it, the one
    /// server of a fleet of one grants nothing for 60.602 s after a restart, by default.
    ///
    /// A server that comes back without its mark is in quarantine all the same.
    ///
    /// # What it does not do
    ///
    /// It is wrong with `appendfsync everysec`, which loses the last second; with snapshots alone; and with replicas that take over,
    /// because replication is not waited for. Two clients may hold one lock then. A replica that took over is known by what it says of
    /// its replication, and is in quarantine for all that is declared here; but a server that was cut off with some clients, and still
    /// answers them while its replica has taken over, votes beside it. One that was restarted after it took over, before any client saw
    /// it, says nothing of that any more, and neither does a server whose store was copied: they are taken for the one before.
    pub const fn durable(mut self) -> Self {
        self.settings.is_durable = true;
        self
    }

    /// What tells the time. [`Clock::system`]: it counts the time that the machine sleeps, because leases end meanwhile. Tests that
    /// pause time give [`Clock::tokio`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Draws ids from this seed, so that a simulation can be repeated. Otherwise they are drawn from the system's randomness. Two
    /// clients must never have one seed.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// The locks. Nothing is sent yet.
    ///
    /// What goes on without a caller goes on in the tokio runtime that this is called in: leases are extended there, waiters are woken,
    /// and what is dropped is given back. So it must run as long as the locks are used, whatever other runtimes they are used in too.
    ///
    /// # Errors
    ///
    /// [`BuildError::Setting`] names the setting that is impossible, [`BuildError::Sharded`] the node that is a cluster,
    /// [`BuildError::NoRuntime`] says that there is no tokio runtime here.
    pub fn build(self) -> Result<Locks, BuildError> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        self.settings.check()?;
        if let Some(node) = self.fleet.nodes().iter().find(|node| node.is_sharded()) {
            return Err(BuildError::Sharded { node: node.name().into() });
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(BuildError::NoRuntime);
        }
        Ok(Locks::new(self.fleet, self.settings))
    }
}

#[cfg(test)]
mod tests {
    use redfleet_core::Embedded;

    use super::*;

    fn builder() -> Builder {
        let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build().unwrap();
        Builder::new(fleet)
    }

    #[test]
    fn without_a_runtime_nothing_is_built() {
        assert!(matches!(builder().build(), Err(BuildError::NoRuntime)));
    }

    #[tokio::test]
    async fn what_is_impossible_is_found_when_it_is_built() {
        builder().build().unwrap();
        let wrong = [
            builder().namespace("a{b}"),
            builder().ttl(Duration::ZERO),
            builder().ttl(Duration::from_secs(61)),
            builder().max_ttl(Duration::from_secs(29)),
            builder().drift_ppm(0),
            builder().local_hand_overs(65),
        ];
        for builder in wrong {
            let text = format!("{builder:?}");
            assert!(matches!(builder.build(), Err(BuildError::Setting { .. })), "{text}");
        }
    }

    #[tokio::test]
    async fn a_cluster_is_refused_as_a_server() {
        let fleet = Fleet::connect(["redis+cluster://127.0.0.1:1"]).unwrap();
        let error = Builder::new(fleet).build().unwrap_err();
        assert!(matches!(&error, BuildError::Sharded { node } if &**node == "n0"), "{error}");
    }
}

//! Clients that take the same locks as fast as they can, and a record of who held what when.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::test_util::history::{Grant, Hold, exclusive, monotone};
use redfleet_lock::{Error, Lease, Locks};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World};

const CLIENTS: usize = 4;
const LOCKS: [&str; 2] = ["a", "b"];

/// What has happened.
#[derive(Debug, Default)]
struct Record {
    holds: BTreeMap<&'static str, Vec<Hold>>,
    grants: BTreeMap<&'static str, Vec<Grant>>,
    /// How often each client got a lock.
    served: BTreeMap<String, usize>,
    errors: Vec<String>,
}

/// Clients at work.
#[derive(Debug)]
pub(super) struct Load {
    started: Instant,
    record: Arc<Mutex<Record>>,
    is_over: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

/// What it came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How many leases there were.
    pub(super) leases: usize,
    /// How often the one that got the least got a lock.
    pub(super) least: usize,
    /// What was refused, and why.
    pub(super) errors: Vec<String>,
}

impl Load {
    /// Each client has connections of its own, and a task for each lock.
    pub(super) fn start(world: &World) -> Self {
        let mut load = Self {
            started: Instant::now(),
            record: Arc::default(),
            is_over: Arc::default(),
            tasks: JoinSet::new(),
        };
        for client in 0..CLIENTS {
            let locks = world.locks();
            for name in LOCKS {
                let (record, is_over) = (Arc::clone(&load.record), Arc::clone(&load.is_over));
                let who = format!("c{client}");
                let work = work(locks.clone(), name, who, load.started, record, is_over);
                load.tasks.spawn(work);
            }
        }
        load
    }

    /// How many leases there were so far.
    pub(super) fn leases(&self) -> usize {
        self.record.lock().unwrap().served.values().sum()
    }

    /// Waits until there were this many more leases.
    pub(super) async fn goes_on(&self, more: usize) {
        let (goal, started) = (self.leases() + more, Instant::now());
        while self.leases() < goal {
            let (got, errors) = (self.leases(), self.record.lock().unwrap().errors.clone());
            assert!(started.elapsed() < PATIENCE, "{got} of {goal}: {:?}", errors.last());
            sleep(SECOND / 100).await;
        }
    }

    /// Ends the work, and fails unless nobody held what another one held and all tokens rose.
    pub(super) async fn end(self) -> Outcome {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await;
        let record = std::mem::take(&mut *self.record.lock().unwrap());
        for (name, holds) in record.holds {
            exclusive(holds).unwrap_or_else(|violation| panic!("{name}: {violation}"));
        }
        for (name, grants) in record.grants {
            monotone(grants).unwrap_or_else(|violation| panic!("{name}: {violation}"));
        }
        Outcome {
            leases: record.served.values().sum(),
            least: record.served.values().min().copied().unwrap_or_default(),
            errors: record.errors,
        }
    }
}

async fn work(
    locks: Locks,
    name: &'static str,
    who: String,
    started: Instant,
    record: Arc<Mutex<Record>>,
    is_over: Arc<AtomicBool>,
) {
    let mut random = fastrand::Rng::with_seed(who.bytes().map(u64::from).sum());
    while !is_over.load(Ordering::SeqCst) {
        match locks.lock(name).wait(SECOND * 2).acquire().await {
            Ok(lease) => {
                let (held, given) = hold(&lease, started, random.u64(0..4)).await;
                {
                    let mut record = record.lock().unwrap();
                    record.holds.entry(name).or_default().push(Hold::new(&who, held));
                    // They exclude each other, so the one who held it later has the greater token.
                    let grant = Grant::new(&who, lease.fence().get(), given, given);
                    record.grants.entry(name).or_default().push(grant);
                    *record.served.entry(who.clone()).or_default() += 1;
                }
                // It may be lost by now, or fewer than a majority may be there to hear of it.
                drop(lease.release().await);
            }
            Err(error) => {
                assert!(
                    matches!(error, Error::TimedOut { .. } | Error::Unreachable { .. } | Error::Held { .. }),
                    "{error:?}"
                );
                record.lock().unwrap().errors.push(error.to_string());
                sleep(SECOND / 100).await;
            }
        }
    }
}

/// Holds it for a while: from when until when it was certainly held.
async fn hold(lease: &Lease, started: Instant, hold_ms: u64) -> (std::ops::Range<Duration>, Duration) {
    let given = started.elapsed();
    let lasts = lease.remaining();
    sleep(Duration::from_millis(hold_ms)).await;
    let end = started.elapsed();
    // If it was lost meanwhile, what it was told at first is all that is sure.
    let end = if lease.remaining().is_zero() { end.min(given + lasts) } else { end };
    (given..end.max(given), given)
}

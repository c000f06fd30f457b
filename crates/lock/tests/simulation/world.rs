//! What all scenarios use: clients with locks of their own, and what they do with them.

use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Scenario, Storm, Whose, World};
use redfleet_core::{BackendExt, Breaker};
use redfleet_lock::{Lease, LockRequest, Locks};
use redis::cmd;
use tokio::time::{sleep, timeout};

use super::book::{Book, How};

/// The longest ttl of all.
pub(crate) const MAX_TTL: Duration = ms(600);
/// By how much each clock's rate may be off.
pub(crate) const DRIFT_PPM: i32 = 20_000;
/// How long a storm lasts.
pub(crate) const STORM: Duration = ms(4000);
/// In calm everybody who wants a lock that nobody holds any more has it within this time: a quarantine that began with the last
/// restart, a lease that somebody left without a release, and a clock that was set back while it lived.
pub(crate) const SOON: Duration = ms(3000);

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A storm with faults as long as leases, and clocks that are off as far as they may be. At most a minority of the servers forgets.
pub(crate) fn storm(servers: usize) -> Storm {
    let minority = (servers - 1) / 2;
    let storm = Storm::lasting(STORM).every(ms(150)).faults_up_to(ms(700)).skewing_clocks(400, DRIFT_PPM);
    let wiped = minority.div_ceil(2);
    storm.wiping(wiped).losing_the_last_second(minority - wiped)
}

pub(crate) fn scenario(name: &str, servers: usize, clients: usize, seeds: u64) -> Scenario {
    Scenario::new(name).nodes(servers).clients(clients).storm(storm(servers)).seeds(seeds)
}

/// The locks of one client.
pub(crate) fn locks(world: &World, client: usize) -> Locks {
    another_life(world, client, 0)
}

/// The locks of a process that begins on the machine of this client, where so many have ended.
pub(crate) fn another_life(world: &World, client: usize, life: usize) -> Locks {
    let client = world.client(client);
    let name = format!("{}.{life}", client.name());
    // How soon a server is seen to be back is not what is looked at here.
    let breaker = Breaker::default().probes(ms(50), ms(200)).unwrap();
    Locks::builder(client.fleet().breaker(breaker).build().unwrap())
        .ttl(MAX_TTL)
        .max_ttl(MAX_TTL)
        .drift_ppm(DRIFT_PPM.unsigned_abs())
        .clock(client.clock())
        .seed(world.dice(&name).u64(..))
        .build()
        .unwrap()
}

pub(crate) fn all_locks(world: &World) -> Vec<Locks> {
    world.clients().map(|client| locks(world, client.place())).collect()
}

/// One who takes locks, time and again.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    pub(crate) world: &'a World,
    pub(crate) book: &'a Book,
    pub(crate) who: String,
    pub(crate) names: &'a [&'a str],
}

impl Worker<'_> {
    /// Takes locks until the storm is over: `ask` says which, of this name.
    pub(crate) async fn work(&self, ask: impl Fn(&str, &mut fastrand::Rng) -> (LockRequest, How)) {
        let mut dice = self.world.dice(&self.who);
        while self.world.now() < STORM {
            sleep(ms(dice.u64(0..250))).await;
            let name = *dice.choice(self.names).unwrap();
            let (request, how) = ask(name, &mut dice);
            let ttl = ms(dice.u64(100..=600));
            // Now and then somebody does not wait for the answer.
            let patience = if dice.u8(0..5) == 0 { ms(dice.u64(0..12)) } else { STORM };
            let taken = timeout(patience, request.ttl(ttl).try_acquire()).await;
            let Ok(Ok(lease)) = taken else { continue };
            self.granted(name, &lease, how);
            let longest_ms = if dice.u8(0..4) == 0 { 800 } else { 80 };
            let hold = ms(dice.u64(0..longest_ms));
            self.rely(name, &lease, hold, how).await;
            give_back(lease, dice.bool()).await;
        }
    }

    pub(crate) fn granted(&self, name: &str, lease: &Lease, how: How) {
        let token = lease.fence().get();
        self.world.note(format_args!("{} has {name} with {token}, {:?}", self.who, lease.remaining()));
        self.book.granted(name, &self.who, token, self.world.now(), how);
    }

    /// Relies on a lease for this long, or as long as it says that it protects.
    pub(crate) async fn rely(&self, name: &str, lease: &Lease, hold: Duration, how: How) {
        let since = self.world.now();
        let mut relied = since;
        loop {
            let left = lease.remaining();
            if left.is_zero() {
                break;
            }
            relied = self.world.now();
            let rest = (since + hold).saturating_sub(relied);
            if rest.is_zero() {
                break;
            }
            // In ever smaller steps, so that the end of a lease is seen to the millisecond.
            sleep(rest.min(left / 2).max(ms(1))).await;
            if left < ms(100) && how == How::Alone {
                drop(lease.extend().await);
            }
        }
        self.book.held(name, &self.who, since..relied, how);
        self.world.note(format_args!("{} relied on {name} until {} ms", self.who, relied.as_millis()));
    }
}

/// Gives it back: by its release, or by the drop that comes to the same.
pub(crate) async fn give_back(lease: Lease, by_release: bool) {
    if by_release {
        drop(lease.release().await);
    }
    drop(lease);
}

/// Waits until a lock is had: nobody else wants it for long any more.
pub(crate) async fn soon(request: &LockRequest) -> Result<Lease, String> {
    let begun = tokio::time::Instant::now();
    loop {
        match request.try_acquire().await {
            Ok(lease) => return Ok(lease),
            Err(error) if begun.elapsed() > SOON => return Err(error.to_string()),
            Err(_) => sleep(ms(50)).await,
        }
    }
}

/// In calm, everybody has each of these soon, one after the other, and with rising tokens; and nothing is left behind.
pub(crate) async fn end(
    world: &World,
    book: &Book,
    locks: &[Locks],
    names: &[&str],
) -> Result<(), Violation> {
    world.calm().await;
    for name in names {
        let all = locks.iter().enumerate().map(|(client, locks)| async move {
            let worker = Worker { world, book, who: format!("calm c{client}"), names };
            let lease = soon(&locks.lock(*name)).await.map_err(|error| format!("c{client}: {error}"))?;
            worker.granted(name, &lease, How::Alone);
            worker.rely(name, &lease, ms(5), How::Alone).await;
            give_back(lease, true).await;
            Ok::<_, String>(())
        });
        let wrong: Vec<String> = join_all(all).await.into_iter().filter_map(Result::err).collect();
        Violation::unless(wrong.is_empty(), "in calm everybody has the lock soon", || wrong.join("\n"))?;
    }
    book.judge()?;
    clean(world).await
}

/// How long tokens are remembered at least, whatever the longest ttl is.
const TOKENS: Duration = Duration::from_secs(60);

/// When all lives are over nothing is left on the servers but what says that they may vote.
async fn clean(world: &World) -> Result<(), Violation> {
    sleep(MAX_TTL * 3 + TOKENS).await;
    for node in world.nodes() {
        let keys: Vec<String> = node.store().shared().query(cmd("KEYS").arg("*")).await.unwrap();
        let rest: Vec<_> = keys.iter().filter(|key| !key.ends_with("mark")).collect();
        Violation::unless(rest.is_empty(), "nothing is left behind", || {
            format!("{}: {rest:?}", node.name())
        })?;
    }
    Ok(())
}

/// Lets the clocks of servers be set back, now and then, and those of clients go on as if their machine had slept.
pub(crate) async fn set_clocks(world: &World) {
    let mut dice = world.dice("clocks");
    while world.now() < STORM {
        sleep(ms(dice.u64(100..1500))).await;
        let (whose, by_ms) = if dice.bool() {
            (Whose::Node(dice.usize(0..world.nodes().len())), -dice.i64(1..300))
        } else {
            (Whose::Client(dice.usize(0..world.clients().count())), dice.i64(1..1500))
        };
        drop(world.inject(Fault::ClockJump { whose, by_ms }));
    }
}

//! Storms over leases that are held for much longer than they live: they are extended, or their holder is told in time.

use std::cell::Cell;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;
use redfleet_lock::{Lease, Locks};
use tokio::time::sleep;

use super::book::{Book, How};
use super::world::{DRIFT_PPM, STORM, Worker, all_locks, end, give_back, ms, scenario, soon};

const TTL: Duration = ms(300);
/// Ten times what a lease lives.
const HOLD: Duration = ms(3000);

/// What is counted in all worlds, so that it is seen to happen.
#[derive(Debug, Default)]
struct Seen {
    worlds: AtomicUsize,
    kept: AtomicUsize,
    lost: AtomicUsize,
}

/// Holds it for long, without asking for an extension: the work, and the watch that ends it when the lease is lost.
async fn hold(worker: &Worker<'_>, lease: &Lease, seen: &Seen) -> Result<(), Violation> {
    let (world, since, told) = (worker.world, worker.world.now(), Cell::new(None));
    // The clock by which a lease ends may be slow, and timers are whole milliseconds.
    let slack = TTL * DRIFT_PPM.unsigned_abs() / 1_000_000 + ms(25);
    let work = async {
        let mut relied = since;
        while relied < since + HOLD && !lease.remaining().is_zero() {
            relied = world.now();
            sleep((lease.remaining() / 2).clamp(ms(1), ms(20))).await;
        }
        let is_lost = lease.remaining().is_zero();
        if is_lost {
            sleep(slack).await;
        }
        (relied, is_lost)
    };
    let listen = async {
        lease.lost().await;
        told.set(Some(world.now()));
        pending::<()>().await;
    };
    let (relied, is_lost) = tokio::select! {
        biased;
        done = work => done,
        () = listen => (since, true),
    };
    worker.book.held("a", &worker.who, since..relied, How::Alone);
    let told = told.get();
    world.note(format_args!("{} relied until {} ms, told {told:?}", worker.who, relied.as_millis()));
    let counter = if is_lost { &seen.lost } else { &seen.kept };
    counter.fetch_add(1, Ordering::Relaxed);
    Violation::unless(!is_lost || told.is_some(), "whoever has lost a lease is told in time", || {
        format!("{} relied until {} ms and was not told", worker.who, relied.as_millis())
    })
}

async fn one(worker: &Worker<'_>, locks: &Locks, seen: &Seen) -> Result<(), Violation> {
    let mut dice = worker.world.dice(&worker.who);
    while worker.world.now() < STORM {
        sleep(ms(dice.u64(0..300))).await;
        let Ok(lease) = locks.lock("a").ttl(TTL).wait(ms(500)).acquire().await else { continue };
        worker.granted("a", &lease, How::Alone);
        hold(worker, &lease, seen).await?;
        give_back(lease, dice.bool()).await;
    }
    Ok(())
}

async fn run(world: World, seen: &Seen) -> Result<(), Violation> {
    let (book, locks) = (Book::default(), all_locks(&world));
    seen.worlds.fetch_add(1, Ordering::Relaxed);
    let all = locks.iter().enumerate().map(|(client, locks)| {
        let worker = Worker { world: &world, book: &book, who: format!("c{client}"), names: &["a"] };
        async move { one(&worker, locks, seen).await }
    });
    join_all(all).await.into_iter().collect::<Result<(), Violation>>()?;
    world.calm().await;
    // In calm a lease lives for as long as it is held.
    let lease = soon(&locks[0].lock("a").ttl(TTL)).await.map_err(Violation::new)?;
    let since = world.now();
    while world.now() < since + HOLD {
        let is_held = !lease.remaining().is_zero();
        Violation::unless(is_held, "in calm a lease is extended", || format!("{lease:?}"))?;
        sleep(ms(50)).await;
    }
    give_back(lease, true).await;
    end(&world, &book, &locks, &["a"]).await
}

#[test]
fn a_lease_that_is_held_for_long_is_extended_or_its_holder_is_told_in_time() {
    let seen = Seen::default();
    let scenario =
        scenario("a_lease_that_is_held_for_long_is_extended_or_its_holder_is_told_in_time", 3, 3, 20);
    scenario.run(|world| run(world, &seen));
    // Not where one seed alone is run again.
    if seen.worlds.into_inner() >= 15 {
        assert!(seen.kept.into_inner() > 0, "some are held for ten times their life through a storm");
        assert!(seen.lost.into_inner() > 0, "some are lost in a storm");
    }
}

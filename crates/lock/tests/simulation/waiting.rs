//! Storms over a lock that many wait for, each client with several tasks: in calm everybody has it soon, and in order.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Scenario, Whose, World};
use redfleet_lock::{Lease, Locks};
use tokio::time::{sleep, timeout};

use super::book::{Book, How};
use super::world::{SOON, STORM, Worker, all_locks, end, give_back, ms, scenario, soon};

/// How many tasks of each client want it.
const TASKS: usize = 2;

/// What is counted in all worlds, so that it is seen to happen.
#[derive(Debug, Default)]
struct Seen {
    worlds: AtomicUsize,
    handed_on: AtomicUsize,
    given_up: AtomicUsize,
}

/// The ids that had a lease in one world: one that comes again was handed on within its process.
#[derive(Debug, Default)]
struct Known(Mutex<BTreeSet<String>>);

impl Known {
    fn note(&self, lease: &Lease, seen: &Seen) {
        if !self.0.lock().unwrap().insert(lease.id().as_str().to_owned()) {
            seen.handed_on.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for it time and again, fair or fast, with more patience or less, until the storm is over.
async fn wait_in_storm(worker: &Worker<'_>, locks: &Locks, known: &Known, seen: &Seen) {
    let mut dice = worker.world.dice(&worker.who);
    while worker.world.now() < STORM {
        sleep(ms(dice.u64(0..150))).await;
        // What is handed on has the same ttl.
        let ttl = if dice.u8(0..4) == 0 { ms(300) } else { ms(600) };
        let request = locks.lock("a").ttl(ttl).wait(ms(dice.u64(50..2000)));
        let request = if dice.u8(0..4) == 0 { request.fast() } else { request };
        let patience = if dice.u8(0..4) == 0 { ms(dice.u64(0..150)) } else { STORM };
        let lease = match timeout(patience, request.acquire()).await {
            Ok(Ok(lease)) => lease,
            Ok(Err(_)) => continue,
            Err(_) => {
                seen.given_up.fetch_add(1, Ordering::Relaxed);
                continue;
            }
        };
        known.note(&lease, seen);
        worker.granted("a", &lease, How::Alone);
        let longest_ms = if dice.u8(0..6) == 0 { 600 } else { 60 };
        worker.rely("a", &lease, ms(dice.u64(0..longest_ms)), How::Alone).await;
        give_back(lease, dice.bool()).await;
    }
}

async fn run(world: World, seen: &Seen) -> Result<(), Violation> {
    let (book, locks, known) = (Book::default(), all_locks(&world), Known::default());
    seen.worlds.fetch_add(1, Ordering::Relaxed);
    let worker = |number: usize| {
        let client = number % locks.len();
        (client, Worker { world: &world, book: &book, who: format!("c{client}.{number}"), names: &["a"] })
    };
    let everybody = 0..TASKS * locks.len();
    let all = everybody.clone().map(|number| {
        let ((client, worker), locks, known) = (worker(number), &locks, &known);
        async move { wait_in_storm(&worker, &locks[client], known, seen).await }
    });
    join_all(all).await;
    world.calm().await;
    let all = everybody.map(|number| {
        let ((client, worker), locks) = (worker(number), &locks);
        async move {
            let lease =
                locks[client].lock("a").wait(SOON).acquire().await.map_err(|error| error.to_string())?;
            worker.granted("a", &lease, How::Alone);
            worker.rely("a", &lease, ms(5), How::Alone).await;
            give_back(lease, true).await;
            Ok::<_, String>(())
        }
    });
    let wrong: Vec<String> = join_all(all).await.into_iter().filter_map(Result::err).collect();
    Violation::unless(wrong.is_empty(), "in calm everybody who waits has the lock soon", || {
        wrong.join("\n")
    })?;
    end(&world, &book, &locks, &["a"]).await
}

#[test]
fn whoever_waits_through_a_storm_has_the_lock_soon_after_it() {
    let seen = Seen::default();
    let scenario = scenario("whoever_waits_through_a_storm_has_the_lock_soon_after_it", 3, 3, 15);
    scenario.run(|world| run(world, &seen));
    // Not where one seed alone is run again.
    if seen.worlds.into_inner() >= 15 {
        assert!(seen.handed_on.into_inner() > 0, "a lock is handed on within a process");
        assert!(seen.given_up.into_inner() > 0, "somebody stops waiting");
    }
}

#[test]
fn whoever_waits_for_one_server_through_a_storm_has_the_lock_soon_after_it() {
    let seen = Seen::default();
    let scenario =
        scenario("whoever_waits_for_one_server_through_a_storm_has_the_lock_soon_after_it", 1, 3, 300);
    scenario.run(|world| run(world, &seen));
}

/// Every server votes, and every client has heard of it.
async fn known_to_all(all: &[Locks]) -> Result<(), Violation> {
    for locks in all {
        for _ in 0..3 {
            give_back(soon(&locks.lock("known")).await.map_err(Violation::new)?, true).await;
        }
    }
    sleep(ms(100)).await;
    Ok(())
}

/// Clients whose clocks say anything begin to wait one after the other; so they have it. Between two of them is more time than the
/// servers' time is uncertain, which is half a round trip and what they differ by.
async fn in_order(world: World) -> Result<(), Violation> {
    let mut dice = world.dice("order");
    for client in world.clients() {
        let (whose, offset_ms) = (Whose::Client(client.place()), dice.i64(-30_000..30_000));
        drop(world.inject(Fault::ClockOffset { whose, offset_ms }));
    }
    let all = all_locks(&world);
    known_to_all(&all).await?;
    let held = all[0].lock("a").acquire().await.map_err(|error| Violation::new(error.to_string()))?;
    let mut order: Vec<usize> = (0..all.len()).collect();
    dice.shuffle(&mut order);
    let served = Mutex::new(Vec::new());
    let waiting = order.iter().enumerate().map(|(turn, client)| {
        let (locks, served) = (&all[*client], &served);
        async move {
            sleep(ms(100 + 40 * u64::try_from(turn).unwrap_or(0))).await;
            let lease = locks.lock("a").wait(SOON).acquire().await.map_err(|error| error.to_string())?;
            served.lock().unwrap().push(*client);
            sleep(ms(3)).await;
            give_back(lease, true).await;
            Ok::<_, String>(())
        }
    });
    let release = async {
        sleep(ms(500)).await;
        give_back(held, true).await;
    };
    let (waited, ()) = tokio::join!(join_all(waiting), release);
    let wrong: Vec<String> = waited.into_iter().filter_map(Result::err).collect();
    Violation::unless(wrong.is_empty(), "in calm everybody has the lock", || wrong.join("\n"))?;
    let served = served.into_inner().unwrap();
    // The holder's own process is among them: its first waiter inherits, which is what hand-overs are.
    let (served, expected) = (without(&served, 0), without(&order, 0));
    let rule = "in calm those who wait are served in order";
    Violation::unless(served == expected, rule, || format!("{expected:?} began to wait, {served:?} had it"))
}

fn without(all: &[usize], one: usize) -> Vec<usize> {
    all.iter().copied().filter(|other| *other != one).collect()
}

#[test]
fn whoever_waits_in_calm_is_served_in_order_whatever_the_clients_clocks_say() {
    let name = "whoever_waits_in_calm_is_served_in_order_whatever_the_clients_clocks_say";
    Scenario::new(name).clients(5).seeds(60).run(in_order);
}

/// In calm nobody is passed over: of those who want it all the time each has it about as often.
async fn in_turn(world: World) -> Result<(), Violation> {
    let all = all_locks(&world);
    known_to_all(&all).await?;
    let from = world.now() + ms(200);
    let turns = all.iter().map(|locks| {
        let world = &world;
        async move {
            let mut turns = 0_u32;
            while world.now() < from + ms(1500) {
                let lease = locks.lock("a").wait(SOON).acquire().await.map_err(|error| error.to_string())?;
                sleep(ms(2)).await;
                give_back(lease, true).await;
                turns += u32::from(world.now() > from);
            }
            Ok::<_, String>(turns)
        }
    });
    let turns: Result<Vec<u32>, String> = join_all(turns).await.into_iter().collect();
    let turns = turns.map_err(Violation::new)?;
    let (most, least) = (turns.iter().max().copied(), turns.iter().min().copied());
    let is_even = most.zip(least).is_some_and(|(most, least)| least > 5 && most <= least + 2);
    Violation::unless(is_even, "in calm all have it equally often", || format!("{turns:?}"))
}

#[test]
fn whoever_wants_it_all_the_time_has_it_as_often_as_the_others() {
    let name = "whoever_wants_it_all_the_time_has_it_as_often_as_the_others";
    Scenario::new(name).clients(4).seeds(3).run(in_turn);
}

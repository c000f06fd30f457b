//! Storms in which a server's clock is set forward, so that it ends leases too early.
//!
//! # The model
//!
//! One server of three, always the same, is set forward by 50 ms or more at a time. Every client has a reply of it from before, so that
//! it knows what time that server ought to say, and clocks drift little: a jump that a client cannot tell from drift, which is twice the
//! drift since it last heard of that server, is one that the margin of a lease is no match for either. Servers restart meanwhile,
//! this one and the others, with their data, or one of them without: whoever restarts has no vote for as long as one that jumped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::{join, join_all};
use redfleet_core::Breaker;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Scenario, Storm, Whose, World};
use redfleet_lock::Locks;
use tokio::time::sleep;

use super::book::{Book, How};
use super::world::{MAX_TTL, STORM, Worker, end, ms};

const LITTLE_PPM: i32 = 1_000;
/// How well every client knows what time it is there, before it is set forward.
const KNOWN_TO: Duration = ms(20);

fn locks(world: &World, client: usize) -> Locks {
    let client = world.client(client);
    let breaker = Breaker::default().probes(ms(50), ms(200)).unwrap();
    Locks::builder(client.fleet().breaker(breaker).build().unwrap())
        .ttl(MAX_TTL)
        .max_ttl(MAX_TTL)
        .drift_ppm(LITTLE_PPM.unsigned_abs())
        .clock(client.clock())
        .seed(world.dice(&client.name()).u64(..))
        .build()
        .unwrap()
}

/// Sets it forward now and then, once all know it.
async fn set_forward(world: &World, all: &[Locks], jumps: &AtomicUsize) {
    let mut dice = world.dice("forward");
    let node = dice.usize(0..world.nodes().len());
    let is_known = |locks: &Locks| locks.health()[node].clock_error.is_some_and(|error| error < KNOWN_TO);
    while world.now() < STORM {
        sleep(ms(dice.u64(50..900))).await;
        if all.iter().all(is_known) {
            drop(world.inject(Fault::ClockJump { whose: Whose::Node(node), by_ms: dice.i64(50..1500) }));
            jumps.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn run(world: World, jumps: Arc<AtomicUsize>) -> Result<(), Violation> {
    let book = Book::default();
    let locks: Vec<Locks> = world.clients().map(|client| locks(&world, client.place())).collect();
    let workers = (0..4).map(|number| {
        let (world, book, locks) = (&world, &book, &locks);
        let client = number % locks.len();
        let worker = Worker { world, book, who: format!("c{client}.{number}"), names: &["a", "b"] };
        async move { worker.work(|name, _| (locks[client].lock(name), How::Alone)).await }
    });
    join(join_all(workers), set_forward(&world, &locks, &jumps)).await;
    end(&world, &book, &locks, &["a", "b"]).await
}

/// Runs it in this storm, from so many seeds, and sees that clocks were set.
fn in_storm(name: &str, storm: Storm, seeds: u64) {
    let counts = Arc::new((AtomicUsize::new(0), Arc::new(AtomicUsize::new(0))));
    let all = Arc::clone(&counts);
    Scenario::new(name).storm(storm).seeds(seeds).run(move |world| {
        all.0.fetch_add(1, Ordering::Relaxed);
        run(world, Arc::clone(&all.1))
    });
    let (runs, jumps) = (counts.0.load(Ordering::Relaxed), counts.1.load(Ordering::Relaxed));
    // One seed alone may have none.
    assert!(runs < 10 || jumps > runs, "set forward {jumps} times only, in {runs} runs");
}

fn storm() -> Storm {
    Storm::lasting(STORM).every(ms(300)).faults_up_to(ms(400)).skewing_clocks(400, LITTLE_PPM)
}

#[test]
fn a_server_whose_clock_is_set_forward_lets_nobody_in() {
    in_storm("a_server_whose_clock_is_set_forward_lets_nobody_in", storm().without_restarts(), 30);
}

#[test]
fn a_server_whose_clock_is_set_forward_lets_nobody_in_while_servers_restart() {
    let storm = storm().every(ms(150));
    in_storm("a_server_whose_clock_is_set_forward_lets_nobody_in_while_servers_restart", storm, 30);
}

#[test]
fn a_server_whose_clock_is_set_forward_lets_nobody_in_while_one_restarts_without_its_data() {
    let name = "a_server_whose_clock_is_set_forward_lets_nobody_in_while_one_restarts_without_its_data";
    in_storm(name, storm().every(ms(150)).wiping(1), 30);
    in_storm(&format!("{name}, or its last second"), storm().every(ms(150)).losing_the_last_second(1), 15);
}

//! Storms over locks that one holds at a time.

use futures::future::{join, join_all};
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;

use super::book::{Book, How};
use super::world::{Worker, all_locks, end, scenario, set_clocks};

const NAMES: [&str; 2] = ["a", "b"];

/// Two of each client take two locks, through a storm.
async fn run(world: World) -> Result<(), Violation> {
    let (book, locks) = (Book::default(), all_locks(&world));
    let workers = (0..4).map(|number| {
        let (world, book, locks) = (&world, &book, &locks);
        let client = number % locks.len();
        let worker = Worker { world, book, who: format!("c{client}.{number}"), names: &NAMES };
        async move { worker.work(|name, _| (locks[client].lock(name), How::Alone)).await }
    });
    join_all(workers).await;
    end(&world, &book, &locks, &NAMES).await?;
    Violation::unless(book.grants() > 4, "a storm lets something happen", || book.grants().to_string())
}

#[test]
fn one_server_grants_a_lock_to_one_at_a_time() {
    let scenario = scenario("one_server_grants_a_lock_to_one_at_a_time", 1, 3, 590);
    scenario.run(run);
}

#[test]
fn three_servers_grant_a_lock_to_one_at_a_time() {
    let scenario = scenario("three_servers_grant_a_lock_to_one_at_a_time", 3, 3, 300);
    scenario.run(run);
}

#[test]
fn five_servers_grant_a_lock_to_one_at_a_time() {
    let scenario = scenario("five_servers_grant_a_lock_to_one_at_a_time", 5, 3, 30);
    scenario.run(run);
}

#[test]
fn clocks_that_are_set_and_machines_that_sleep_let_nobody_in() {
    let scenario = scenario("clocks_that_are_set_and_machines_that_sleep_let_nobody_in", 3, 3, 40);
    scenario.run(|world| async move {
        let (ended, ()) = join(run(world.clone()), set_clocks(&world)).await;
        ended
    });
}

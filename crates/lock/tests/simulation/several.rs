//! Storms over several locks that are taken at once: nobody waits for somebody who waits for him.

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;
use redfleet_lock::SeveralLease;
use tokio::time::{sleep, timeout};

use super::book::{Book, How};
use super::world::{SOON, STORM, Worker, all_locks, end, ms, scenario};

/// Each two of them in another order.
const PAIRS: [[&str; 2]; 3] = [["a", "b"], ["c", "b"], ["c", "a"]];

/// Relies on all of them, and gives them back.
async fn rely(worker: &Worker<'_>, taken: SeveralLease, hold_ms: u64) {
    for (name, lease) in taken.leases() {
        worker.granted(name, lease, How::Alone);
    }
    let all = taken.leases().map(|(name, lease)| worker.rely(name, lease, ms(hold_ms), How::Alone));
    join_all(all).await;
    if hold_ms.is_multiple_of(2) {
        drop(taken.release().await);
    }
}

async fn run(world: World) -> Result<(), Violation> {
    let (book, locks) = (Book::default(), all_locks(&world));
    let worker = |number: usize| {
        let client = number % locks.len();
        (client, Worker { world: &world, book: &book, who: format!("c{client}.{number}"), names: &[] })
    };
    let all = (0..4).map(|number| {
        let ((client, worker), locks) = (worker(number), &locks);
        async move {
            let mut dice = worker.world.dice(&worker.who);
            while worker.world.now() < STORM {
                sleep(ms(dice.u64(0..200))).await;
                let names = dice.choice(PAIRS).unwrap();
                let request = locks[client].all(names).ttl(ms(600)).wait(ms(dice.u64(0..1000)));
                let patience = if dice.u8(0..5) == 0 { ms(dice.u64(0..100)) } else { STORM };
                let Ok(Ok(taken)) = timeout(patience, request.acquire()).await else { continue };
                rely(&worker, taken, dice.u64(0..150)).await;
            }
        }
    });
    join_all(all).await;
    world.calm().await;
    let all = (0..PAIRS.len()).map(|number| {
        let ((client, worker), locks) = (worker(number), &locks);
        async move {
            let request = locks[client].all(PAIRS[number]).ttl(ms(600)).wait(SOON);
            let begun = worker.world.now();
            let taken = loop {
                match request.acquire().await {
                    Ok(taken) => break taken,
                    Err(error) if worker.world.now() > begun + SOON => return Err(error.to_string()),
                    Err(_) => sleep(ms(50)).await,
                }
            };
            rely(&worker, taken, 4).await;
            Ok(())
        }
    });
    let wrong: Vec<String> = join_all(all).await.into_iter().filter_map(Result::err).collect();
    Violation::unless(wrong.is_empty(), "in calm everybody has all of them soon", || wrong.join("\n"))?;
    end(&world, &book, &locks, &["a", "b", "c"]).await
}

#[test]
fn several_locks_are_had_together_and_nobody_waits_in_a_circle() {
    let scenario = scenario("several_locks_are_had_together_and_nobody_waits_in_a_circle", 3, 3, 10);
    scenario.run(run);
}

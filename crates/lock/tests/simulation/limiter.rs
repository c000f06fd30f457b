//! Storms over the permits of a semaphore.

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;
use tokio::time::sleep;

use super::book::{Book, How};
use super::world::{STORM, Worker, all_locks, end, ms, scenario};

const PERMITS: u16 = 2;

async fn run(world: World) -> Result<(), Violation> {
    let (book, locks) = (Book::default(), all_locks(&world));
    let workers = (0..4).map(|number| {
        let (world, book, locks) = (&world, &book, &locks);
        let client = number % locks.len();
        let worker = Worker { world, book, who: format!("c{client}.{number}"), names: &[] };
        async move {
            let mut dice = world.dice(&worker.who);
            while world.now() < STORM {
                sleep(ms(dice.u64(0..150))).await;
                let limiter = locks[client].limiter("l", PERMITS).ttl(ms(dice.u64(100..=600)));
                let Ok(permit) = limiter.try_acquire().await else { continue };
                let slot = format!("slot {}", permit.slot());
                worker.granted(&slot, permit.lease(), How::Alone);
                worker.rely(&slot, permit.lease(), ms(dice.u64(0..400)), How::Alone).await;
                if dice.bool() {
                    drop(permit.release().await);
                }
            }
        }
    });
    join_all(workers).await;
    book.judge_limit(usize::from(PERMITS))?;
    end(&world, &book, &locks, &[]).await
}

#[test]
fn a_limiter_never_lets_in_more_than_its_permits() {
    let scenario = scenario("a_limiter_never_lets_in_more_than_its_permits", 3, 3, 30);
    scenario.run(run);
}

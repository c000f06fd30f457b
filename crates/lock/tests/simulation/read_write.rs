//! Storms over locks that readers share.

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;

use super::book::{Book, How};
use super::world::{Worker, all_locks, end, scenario};

async fn run(world: World) -> Result<(), Violation> {
    let (book, locks) = (Book::default(), all_locks(&world));
    let workers = (0..4).map(|number| {
        let (world, book, locks) = (&world, &book, &locks);
        let client = number % locks.len();
        let worker = Worker { world, book, who: format!("c{client}.{number}"), names: &["a"] };
        async move {
            let ask = |name: &str, dice: &mut fastrand::Rng| match dice.u8(0..3) {
                0 => (locks[client].write(name), How::Alone),
                _ => (locks[client].read(name), How::Shared),
            };
            worker.work(ask).await;
        }
    });
    join_all(workers).await;
    end(&world, &book, &locks, &[]).await
}

#[test]
fn readers_share_a_lock_and_a_writer_has_it_alone() {
    let scenario = scenario("readers_share_a_lock_and_a_writer_has_it_alone", 3, 3, 30);
    scenario.run(run);
}

//! Optimistic transactions: no update is lost, and none is made twice.

use std::cell::RefCell;

use redfleet_core::Effect;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_pipe::Error;
use tokio::time::sleep;

use super::world::{ms, pipes, stored, storm};

/// How many updates were told, and how many may have been made.
#[derive(Debug, Default)]
struct Count {
    told: Vec<i64>,
    unknown: usize,
    conflicts: usize,
}

async fn client(world: &World, client: &SimulatedClient, count: &RefCell<Count>) {
    let mut dice = world.dice(&client.name());
    let pipes = pipes(world, client).build().unwrap();
    for _ in 0..25 {
        sleep(ms(dice.u64(0..100))).await;
        let updated = pipes.watch("stock").attempts(8).run(async |attempt| {
            let stock: Option<i64> = attempt.run(|pipe| pipe.get("stock")).await?;
            let next = stock.unwrap_or_default() + 1;
            attempt.commit(|pipe| (pipe.set("stock", next), pipe.incr("commits", 1))).await?;
            Ok(next)
        });
        let updated = updated.await;
        let mut count = count.borrow_mut();
        match updated {
            Ok(next) => count.told.push(next),
            Err(Error::Conflict { .. }) => count.conflicts += 1,
            Err(error) if error.effect() == Effect::None => {}
            Err(_) => count.unknown += 1,
        }
    }
}

#[test]
fn of_optimistic_transactions_no_update_is_lost_or_made_twice() {
    let scenario = Scenario::new("of_optimistic_transactions_no_update_is_lost_or_made_twice");
    scenario.nodes(1).clients(4).storm(storm()).seeds(30).run(|world| async move {
        let count = RefCell::new(Count::default());
        let clients: Vec<_> = world.clients().collect();
        futures::future::join_all(clients.iter().map(|one| client(&world, one, &count))).await;
        world.calm().await;
        world.quiet().await;
        let count = count.into_inner();
        let stock = stored::<Option<usize>>(&world, 0, "GET", "stock").await.unwrap_or_default();
        let commits = stored::<Option<usize>>(&world, 0, "GET", "commits").await.unwrap_or_default();
        let evidence = || format!("stock {stock}, commits {commits}, {count:?}");
        Violation::unless(stock == commits, "each commit saw the one before it", evidence)?;
        let possible = count.told.len()..=count.told.len() + count.unknown;
        Violation::unless(
            possible.contains(&stock),
            "as many as were told, and at most what may be",
            evidence,
        )?;
        let mut told = count.told.clone();
        told.sort_unstable();
        told.dedup();
        Violation::unless(told.len() == count.told.len(), "no two made the same update", evidence)
    });
}

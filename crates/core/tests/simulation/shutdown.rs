//! Shutdown: stragglers are waited for, callers that go away cancel nothing, and nothing is sent afterwards.

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, World};
use redfleet_core::{Effect, Error, Fleet, Node};
use tokio::time::{sleep, timeout};

use super::world::{DEADLINE, breaker, counts, incr, ms, storm};

/// How many requests the trace says that this client has sent.
fn sent(world: &World, client: &str) -> usize {
    let head = format!("{client} > ");
    world
        .trace()
        .lines()
        .filter(|line| line.trim_start().split_once(' ').is_some_and(|l| l.1.starts_with(&head)))
        .count()
}

/// An operation that takes two round trips, so that there is a middle to go away in.
async fn incr_twice(node: Node, key: String) -> Result<i64, Error> {
    incr(node.clone(), key.clone()).await?;
    incr(node, key).await
}

/// Starts operations and goes away from some of them, all within the storm.
async fn start(world: &World, fleet: &Fleet, name: &str) {
    let mut dice = world.dice(name);
    for round in 0..30 {
        let key = format!("{name}:{round}");
        let limit = ms(dice.u64(1..30));
        timeout(limit, fleet.run(fleet.majority(), move |node| incr_twice(node, key.clone()))).await.ok();
        sleep(ms(dice.u64(0..40))).await;
    }
}

#[test]
fn a_shutdown_waits_for_stragglers_and_nothing_is_sent_after_it() {
    let scenario = Scenario::new("a_shutdown_waits_for_stragglers_and_nothing_is_sent_after_it");
    scenario.storm(storm()).run(|world| async move {
        let client = world.client(0);
        let fleet = client.fleet().deadline(DEADLINE).breaker(breaker()).build().unwrap();
        start(&world, &fleet, &client.name()).await;
        let stragglers = fleet.stragglers();
        let started = world.now();
        fleet.shutdown().await;
        let took = world.now() - started;
        world.note(format_args!("shut down with {stragglers} stragglers in {took:?}"));
        let rule = "a shutdown waits for every straggler, and for no more than a deadline";
        let holds = fleet.stragglers() == 0 && took <= DEADLINE + ms(2);
        Violation::unless(holds, rule, || format!("{} left after {took:?}", fleet.stragglers()))?;

        let before = sent(&world, "c0");
        let refused = fleet.run(fleet.majority(), |node| incr(node, "late".into())).await;
        let is_told = refused.errors().count() == 3
            && refused.errors().all(|(_, e)| matches!(e, Error::Shutdown) && e.effect() == Effect::None);
        Violation::unless(is_told, "what comes after a shutdown is refused", || refused.to_string())?;
        world.calm().await;
        sleep(ms(2000)).await;
        let after = sent(&world, "c0");
        let rule = "nothing is sent after a shutdown";
        Violation::unless(before == after, rule, || format!("{before} requests before, {after} after"))?;
        world.quiet().await;
        assert_eq!(counts(&world, "late").await, [0, 0, 0]);
        Ok(())
    });
}

/// Whoever is not cut off carries an operation out, whether its caller waits for it or not.
#[test]
fn a_caller_that_goes_away_cancels_nothing() {
    let scenario = Scenario::new("a_caller_that_goes_away_cancels_nothing").seeds(20);
    scenario.run(|world| async move {
        let client = world.client(0);
        let fleet = client.fleet().deadline(DEADLINE).build().unwrap();
        sleep(ms(100)).await;
        start(&world, &fleet, &client.name()).await;
        fleet.shutdown().await;
        world.quiet().await;
        for round in 0..30 {
            let counts = counts(&world, &format!("c0:{round}")).await;
            let rule = "an operation that was begun is carried out on every node";
            Violation::unless(counts == [2, 2, 2], rule, || format!("operation {round}: {counts:?}"))?;
        }
        Ok(())
    });
}

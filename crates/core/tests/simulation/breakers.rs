//! Breakers: a hung node costs its strikes and no more, and is asked again once a probe has found it.

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Plan, Scenario};
use redfleet_core::{Effect, Error, Policy, Reply};
use tokio::time::sleep;

use super::world::{DEADLINE, breaker, counts, incr, ms, storm};

/// What node 0 said in one operation.
fn word(reply: Option<&Reply<i64>>) -> &'static str {
    match reply {
        Some(Reply::Said { result: Ok(_), .. }) => "ok",
        Some(Reply::Said { result: Err(Error::Down { .. }), took, .. }) if took.is_zero() => "down",
        Some(Reply::Said { result: Err(error), .. }) if error.effect() == Effect::Unknown => "unknown",
        Some(_) | None => "other",
    }
}

#[test]
fn a_hung_node_costs_three_deadlines_and_is_back_soon_after() {
    let plan = Plan::new().during(ms(500)..ms(4000), Fault::hang(0));
    let scenario = Scenario::new("a_hung_node_costs_three_deadlines_and_is_back_soon_after");
    scenario.clients(1).plan(plan).seeds(20).run(|world| async move {
        let fleet = world.client(0).fleet().deadline(DEADLINE).breaker(breaker()).build().unwrap();
        let mut said = Vec::new();
        while world.now() < ms(5000) {
            let started = world.now();
            let outcome = fleet.run(fleet.majority(), |node| incr(node, "k".into())).await;
            let mut outcome = outcome.require().unwrap();
            assert!(world.now() - started < ms(60), "a hung node makes nobody wait for a quorum");
            let word = word(outcome.settle().await.reply(0));
            said.push((started, word));
            sleep(ms(40)).await;
        }
        let during = said.iter().filter(|(at, _)| (ms(500)..ms(3900)).contains(at));
        let late = said.iter().filter(|(at, _)| *at > ms(4500));
        let evidence = || format!("{said:?}");
        let all: Vec<_> = during.map(|(_, word)| *word).collect();
        let (hung, down) = all.split_at(all.iter().take_while(|word| **word != "down").count());
        let is_open = hung.len() <= 4 && !down.is_empty() && down.iter().all(|word| *word == "down");
        Violation::unless(is_open, "after three strikes a hung node is not asked", evidence)?;
        let is_closed = late.clone().count() > 5 && late.clone().all(|(_, word)| *word == "ok");
        Violation::unless(is_closed, "a node that is back is asked again", evidence)
    });
}

#[test]
fn after_a_storm_every_breaker_closes_and_all_nodes_take_part() {
    let scenario = Scenario::new("after_a_storm_every_breaker_closes_and_all_nodes_take_part");
    scenario.storm(storm()).run(|world| async move {
        let client = |client: redfleet_core::test_util::simulation::SimulatedClient| {
            let world = world.clone();
            async move {
                let fleet = client.fleet().deadline(DEADLINE).breaker(breaker()).build().unwrap();
                let mut was_down = 0;
                while world.now() < ms(3000) {
                    fleet.run(fleet.majority(), |node| incr(node, "k".into())).await.settle().await;
                    was_down += fleet.nodes().iter().filter(|node| node.down().is_some()).count();
                    sleep(ms(50)).await;
                }
                world.calm().await;
                // A probe under way, a pause, the next probe; and a connection that was being made.
                sleep(ms(100 + 200 + 100 + 1000)).await;
                let outcome = fleet.run(Policy::All, |node| incr(node, "k".into())).await;
                let rule = "what is back is asked again";
                Violation::unless(outcome.is_reached(), rule, || outcome.to_string())?;
                Ok(was_down)
            }
        };
        let was_down = futures::future::try_join_all(world.clients().map(client)).await?;
        world.note(format_args!("seen down: {was_down:?}"));
        world.quiet().await;
        assert!(counts(&world, "k").await.iter().all(|count| *count > 0));
        Ok(())
    });
}

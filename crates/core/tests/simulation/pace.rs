//! Pace: what a run of two hundred operations costs, for whoever wants to know how many seeds to ask for.

use redfleet_core::Policy;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::Scenario;

use super::world::{DEADLINE, counts, incr};

/// How many operations a run has, each on every node.
const OPERATIONS: u64 = 200;

#[test]
fn two_hundred_operations_on_three_nodes_are_each_carried_out_once() {
    let scenario = Scenario::new("two_hundred_operations_on_three_nodes_are_each_carried_out_once");
    scenario.clients(1).seeds(5).run(|world| async move {
        let fleet = world.client(0).fleet().deadline(DEADLINE).build().unwrap();
        for round in 0..OPERATIONS {
            let key = format!("k{round}");
            let add = {
                let key = key.clone();
                move |node| incr(node, key.clone())
            };
            let outcome = fleet.run(Policy::All, add).await;
            let rule = "without a fault every node acknowledges";
            Violation::unless(outcome.acks().count() == 3, rule, || outcome.to_string())?;
            let counts = counts(&world, &key).await;
            Violation::unless(counts == [1, 1, 1], "it is carried out once", || format!("{counts:?}"))?;
        }
        Ok(())
    });
}

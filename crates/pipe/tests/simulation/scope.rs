//! Dependent steps in a storm: each step is told what became of its own command, and goes on with that.

use std::cell::RefCell;

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_pipe::{Result, Scope};
use redis::Cmd;
use tokio::time::sleep;

use super::world::{NODES, Told, ms, pipes, storm};

/// Steps of which each needs what the one before was told; where one fails, the chain ends.
async fn chain(scope: &Scope, name: String, first: usize, told: &RefCell<Vec<Told>>) {
    let mut sum = first;
    for step in 0..4 {
        // Where a step goes depends on the sum of those before.
        let (node, key) = ((step + sum) % NODES.len(), format!("{name}:{step}"));
        let on = NODES.get(node).unwrap();
        let said: Result<i64> = scope.run(|pipe| pipe.on(on).add(Cmd::incr(&key, 1))).await;
        let count = said.as_ref().map_or(-1, |count| *count);
        told.borrow_mut().push(Told { node, key, said });
        match usize::try_from(count) {
            Ok(count) => sum += count,
            Err(_) => return,
        }
    }
}

async fn client(world: &World, client: &SimulatedClient, told: &RefCell<Vec<Told>>) {
    let mut dice = world.dice(&client.name());
    let pipes = pipes(world, client).build().unwrap();
    for round in 0..20 {
        sleep(ms(dice.u64(0..100))).await;
        let name = |number: usize| format!("{}:{round}:{number}", client.name());
        pipes
            .scope(async |scope| {
                join_all((0..5).map(|number| chain(scope, name(number), number, told))).await
            })
            .await;
    }
}

#[test]
fn each_step_of_a_scope_is_told_what_became_of_its_own_command() {
    let scenario = Scenario::new("each_step_of_a_scope_is_told_what_became_of_its_own_command");
    scenario.storm(storm()).seeds(30).run(|world| async move {
        let (told, clients) = (RefCell::new(Vec::new()), world.clients().collect::<Vec<_>>());
        join_all(clients.iter().map(|one| client(&world, one, &told))).await;
        world.calm().await;
        world.quiet().await;
        let told = told.into_inner();
        for told in &told {
            told.judge(&world).await?;
        }
        let answered = told.iter().filter(|told| told.said.is_ok()).count();
        let rule = "a storm is not the end of everything";
        Violation::unless(answered > 0, rule, || format!("{answered} of {}", told.len()))
    });
}

//! Many tasks that share a handle: each is told what became of its own command.

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_pipe::AutoPipe;
use redis::Cmd;
use tokio::time::sleep;

use super::world::{NODES, Told, ms, pipes, storm};

const TASKS: usize = 6;
const ROUNDS: usize = 15;

/// One task, which sends single commands, and goes away from some of them.
async fn task(world: &World, client: &SimulatedClient, auto: AutoPipe, number: usize) -> Vec<Told> {
    let mut dice = world.dice(&format!("{} task {number}", client.name()));
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        sleep(ms(dice.u64(0..4) * 50)).await;
        let (node, key) = (dice.usize(..NODES.len()), format!("{}:{number}:{round}", client.name()));
        let name = NODES.get(node).unwrap();
        let call = auto.run(|pipe| pipe.on(name).add(Cmd::incr(&key, 1)));
        if dice.u8(..5) == 0 {
            drop(tokio::time::timeout(ms(dice.u64(..30)), call).await);
            continue;
        }
        let said = call.await;
        told.push(Told { node, key, said });
    }
    told
}

#[test]
fn each_of_many_tasks_is_told_what_became_of_its_own_command() {
    let scenario = Scenario::new("each_of_many_tasks_is_told_what_became_of_its_own_command");
    scenario.storm(storm()).seeds(30).run(|world| async move {
        let clients: Vec<_> = world.clients().collect();
        let tasks = clients.iter().flat_map(|client| {
            let auto = pipes(&world, client).build().unwrap().auto();
            (0..TASKS).map(|number| task(&world, client, auto.clone(), number)).collect::<Vec<_>>()
        });
        let told: Vec<_> = join_all(tasks).await.into_iter().flatten().collect();
        world.calm().await;
        world.quiet().await;
        for told in &told {
            told.judge(&world).await?;
        }
        let answered = told.iter().filter(|told| told.said.is_ok()).count();
        let rule = "a storm is not the end of everything";
        Violation::unless(answered > told.len() / 10, rule, || format!("{answered} of {}", told.len()))
    });
}

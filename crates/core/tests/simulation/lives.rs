//! Lives of nodes: data that is gone is gone under another run id, and what a session watched is gone with it.

use std::collections::BTreeMap;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_core::{Backend, BackendExt, Batch, Effect, Result};
use redis::cmd;
use tokio::time::{sleep, timeout};

use super::world::{ms, storm};

/// Whether a key is there, or makes that it is, and under which run id.
async fn key(link: &dyn Backend, key: &str, writes: bool) -> Result<Option<(String, bool)>> {
    let before = link.identify().await?;
    let command = if writes { cmd("SET").arg(key).arg(1).take() } else { cmd("GET").arg(key).take() };
    let is_there = link.query::<Option<String>>(command).await?.is_some();
    let run_id = before.run_id().map(str::to_owned);
    let is_same = before.is_same_server(&link.identify().await?);
    Ok(run_id.filter(|_| is_same).map(|run_id| (run_id, is_there)))
}

async fn client(world: World, client: SimulatedClient) -> Result<(), Violation> {
    let mut dice = world.dice(&client.name());
    // What was acknowledged, by node and key, and under which run id.
    let mut acked = BTreeMap::new();
    for _ in 0..70 {
        sleep(ms(dice.u64(0..60))).await;
        let (node, name) = (dice.usize(0..world.nodes().len()), format!("k{}", dice.u8(0..8)));
        let writes = dice.bool();
        let link = client.link(node);
        let Ok(Ok(Some((run_id, is_there)))) = timeout(ms(300), key(&*link, &name, writes)).await else {
            continue;
        };
        if writes {
            acked.insert((node, name), run_id);
        } else if acked.get(&(node, name.clone())) == Some(&run_id) {
            let rule = "a server with the same run id still has what it acknowledged";
            Violation::unless(is_there, rule, || format!("n{node} lost {name} as {run_id}"))?;
        }
    }
    Ok(())
}

#[test]
fn data_that_is_lost_is_lost_under_another_run_id() {
    let storm = storm().every(ms(60)).wiping(2).losing_the_last_second(1);
    let scenario = Scenario::new("data_that_is_lost_is_lost_under_another_run_id").storm(storm);
    scenario.run(|world| async move {
        let clients = world.clients().map(|one| client(world.clone(), one));
        futures::future::try_join_all(clients).await.map(drop)
    });
}

/// Adds one on a session of one's own by reading and writing, watched. Whether it was done; `None` where nobody knows.
async fn add_one(link: &dyn Backend) -> Option<bool> {
    let session = link.session(None).await.ok()?;
    session.query::<()>(cmd("WATCH").arg("sum")).await.ok()?;
    let sum: Option<i64> = session.query(cmd("GET").arg("sum")).await.ok()?;
    let mut batch = Batch::new().atomic();
    batch.push(cmd("SET").arg("sum").arg(sum.unwrap_or_default() + 1).take());
    match session.call_batch(&batch).await {
        Ok(replies) => {
            let is_done = replies.iter().all(Result::is_ok);
            let is_unknown = replies.iter().flat_map(|reply| reply.as_ref().err());
            let is_unknown = is_unknown.into_iter().any(|error| error.effect() == Effect::Unknown);
            (!is_unknown).then_some(is_done)
        }
        Err(error) => (error.effect() == Effect::None).then_some(false),
    }
}

#[test]
fn what_was_watched_is_never_overwritten_whatever_happens_to_the_session() {
    let scenario = Scenario::new("what_was_watched_is_never_overwritten_whatever_happens_to_the_session");
    scenario.nodes(1).storm(storm().every(ms(80))).run(|world| async move {
        let clients = world.clients().map(|client| {
            let mut dice = world.dice(&client.name());
            async move {
                let (mut done, mut unknown) = (0, 0);
                for _ in 0..40 {
                    sleep(ms(dice.u64(0..80))).await;
                    match timeout(ms(300), add_one(&*client.link(0))).await {
                        Ok(Some(is_done)) => done += i64::from(is_done),
                        Ok(None) | Err(_) => unknown += 1,
                    }
                }
                (done, unknown)
            }
        });
        let ends = futures::future::join_all(clients).await;
        world.calm().await;
        world.quiet().await;
        let sum: Option<i64> = world.nodes()[0].store().query(cmd("GET").arg("sum")).await.unwrap();
        let sum = sum.unwrap_or_default();
        let done: i64 = ends.iter().map(|(done, _)| done).sum();
        let unknown: i64 = ends.iter().map(|(_, unknown)| unknown).sum();
        assert!(done > 0, "somebody gets through");
        let holds = (done..=done + unknown).contains(&sum);
        Violation::unless(holds, "no update is lost", || format!("{done} done, {unknown} unknown, sum {sum}"))
    });
}

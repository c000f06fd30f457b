//! Records with a version: no update is lost, none is made twice, and none leaves a record without its ttl.

use std::cell::RefCell;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_core::{BackendExt, Effect};
use redfleet_pipe::model::Record;
use redfleet_pipe::{Error, Model};
use redis::cmd;
use tokio::time::sleep;

use super::world::{ms, pipes, storm};

const TTL_MS: i64 = 3_600_000;

#[derive(Model, Clone, Debug, Default)]
#[model(keyspace = "stock", ttl_ms = 3_600_000)]
struct Stock {
    #[model(key)]
    id: u64,
    left: i64,
    #[model(version)]
    version: u64,
}

/// What the clients were told.
#[derive(Debug, Default)]
struct Told {
    /// The versions of the updates.
    versions: Vec<u64>,
    unknown: usize,
    outdated: usize,
    /// What one knew of the record that was not so.
    wrong: Vec<String>,
}

async fn client(world: &World, client: &SimulatedClient, told: &RefCell<Told>) {
    let mut dice = world.dice(&client.name());
    let pipes = pipes(world, client).build().unwrap();
    let record = Record::<Stock>::new(1).unwrap();
    for _ in 0..25 {
        sleep(ms(dice.u64(0..100))).await;
        let Ok(()) = pipes.run(|p| record.load(p)).await else { continue };
        let seen = record.value().unwrap().unwrap_or_else(|| Stock { id: 1, ..Stock::default() });
        let next = seen.left + 1;
        let updated =
            pipes.run(|p| record.patch().set(Stock::LEFT, next).if_version(seen.version).send(p)).await;
        let mut told = told.borrow_mut();
        match updated {
            Ok(written) => {
                told.versions.push(written.version().unwrap());
                let known = record.value().unwrap().unwrap();
                if (known.left, Some(known.version)) != (next, written.version()) {
                    told.wrong.push(format!("{known:?} after {written:?}"));
                }
            }
            Err(Error::Outdated { .. }) => told.outdated += 1,
            Err(error) if error.effect() == Effect::None => {}
            Err(_) => told.unknown += 1,
        }
    }
}

#[test]
fn of_records_with_a_version_no_update_is_lost_or_made_twice() {
    let scenario = Scenario::new("of_records_with_a_version_no_update_is_lost_or_made_twice");
    scenario.nodes(1).clients(4).storm(storm()).seeds(30).run(|world| async move {
        let told = RefCell::new(Told::default());
        let clients: Vec<_> = world.clients().collect();
        futures::future::join_all(clients.iter().map(|one| client(&world, one, &told))).await;
        world.calm().await;
        world.quiet().await;
        let told = told.into_inner();
        let node = world.nodes().first().unwrap().store();
        let hash = cmd("HMGET").arg("stock{1}").arg("left").arg("version").take();
        let (left, version): (Option<usize>, Option<usize>) = node.query(&hash).await.unwrap();
        let life: i64 = node.query(cmd("PTTL").arg("stock{1}")).await.unwrap();
        let evidence = || format!("left {left:?}, version {version:?}, {life} ms to live, {told:?}");
        Violation::unless(left == version, "each update saw the one before it", evidence)?;
        let possible = told.versions.len()..=told.versions.len() + told.unknown;
        let is_possible = possible.contains(&left.unwrap_or_default());
        Violation::unless(is_possible, "as many as were told, and at most what may be", evidence)?;
        let mut versions = told.versions.clone();
        versions.sort_unstable();
        versions.dedup();
        Violation::unless(versions.len() == told.versions.len(), "no two made the same update", evidence)?;
        Violation::unless(told.wrong.is_empty(), "what is known here is what was acknowledged", evidence)?;
        let lives = left.is_none() || (1..=TTL_MS).contains(&life);
        Violation::unless(lives, "no record without its ttl", evidence)
    });
}

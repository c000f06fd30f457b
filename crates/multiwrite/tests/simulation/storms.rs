//! Storms over one store: nothing that goes wrong between it and its servers makes a remote differ in the end.

use futures::future::join_all;
use redfleet_core::Backend;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Plan, Scenario, Storm, Which, World};
use redfleet_multiwrite::MultiWrite;

use super::commands::words;
use super::told::{Counter, Told};
use super::values::Lives;
use super::world::{Writers, builder, end, links, ms, storm};

/// Runs so many writers on one store in this world.
async fn run(world: World, writers: usize, keeps_data: bool) -> Result<(), Violation> {
    let store =
        builder(&world, &links(&world, 0), "0", false).clock(world.client(0).clock()).build().unwrap();
    let told = Told::default();
    let counters: Vec<_> = (0..writers).map(|number| Counter::new(&number.to_string())).collect();
    let shared = Writers {
        world: &world,
        part: "0",
        told: &told,
        writes: 160 / writers,
        pause_ms: 60,
        is_narrow: false,
        keeps_data,
    };
    join_all(counters.iter().map(|counter| shared.write(&store, counter))).await;
    end(&world, &store, Lives::Equal).await?;
    told.judge()?;
    for counter in &counters {
        counter.judge(&world).await?;
    }
    Ok(())
}

fn scenario(name: &str, storm: Storm) -> Scenario {
    Scenario::new(name).nodes(3).clients(1).delays(ms(1)..ms(5)).storm(storm).seeds(30)
}

#[test]
fn one_writer_ends_with_equal_remotes() {
    scenario("one_writer_ends_with_equal_remotes", storm()).run(|world| run(world, 1, true));
}

#[test]
fn several_writers_end_with_equal_remotes() {
    scenario("several_writers_end_with_equal_remotes", storm()).run(|world| run(world, 5, true));
}

#[test]
fn remotes_that_lose_data_end_equal() {
    // Local is the truth, so it keeps what it has.
    let storm = storm().wiping(1).losing_the_last_second(1).sparing(0);
    scenario("remotes_that_lose_data_end_equal", storm).run(|world| run(world, 2, false));
}

/// Many at once write to one key, and requests to local get stuck for longer than anybody waits, while those sent a little later
/// do not.
async fn crowd(world: World) -> Result<(), Violation> {
    let builder = builder(&world, &links(&world, 0), "0", false).clock(world.client(0).clock());
    let store = builder.local_deadline(ms(60)).build().unwrap();
    let told = Told::default();
    let counters: Vec<_> = (0..6).map(|number| Counter::new(&number.to_string())).collect();
    let shared = Writers {
        world: &world,
        part: "0",
        told: &told,
        writes: 40,
        pause_ms: 100,
        is_narrow: true,
        keeps_data: true,
    };
    join_all(counters.iter().map(|counter| shared.write(&store, counter))).await;
    rush(&store).await;
    end(&world, &store, Lives::Equal).await?;
    told.judge()?;
    for counter in &counters {
        counter.judge(&world).await?;
    }
    Ok(())
}

/// Two write to each of some keys at the same time, and nobody does later.
async fn rush(store: &MultiWrite) {
    let everywhere = store.everywhere();
    let pairs = (0..20).flat_map(|number| {
        let key = format!("rush:{number}");
        [words(&["APPEND", &key, "x"]), words(&["SET", &key, "v"])]
    });
    join_all(pairs.map(|command| {
        let everywhere = everywhere.clone();
        async move { drop(everywhere.call(&command).await) }
    }))
    .await;
}

#[test]
fn a_crowd_at_one_key_ends_with_equal_remotes() {
    let (client, node) = (Which::One(0), Which::One(0));
    let stuck = |plan: Plan, turn: u64| {
        let begin = ms(100 + 300 * turn);
        plan.during(begin..begin + ms(80), Fault::Slow { client, node, by: ms(900) })
    };
    let plan = (0..10).fold(Plan::new(), stuck).healed_at(ms(5000));
    let scenario = Scenario::new("a_crowd_at_one_key_ends_with_equal_remotes");
    scenario.nodes(3).clients(1).delays(ms(1)..ms(5)).plan(plan).seeds(20).run(crowd);
}

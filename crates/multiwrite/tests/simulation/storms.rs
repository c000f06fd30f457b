//! Storms over one store: nothing that goes wrong between it and its servers makes a remote differ in the end.

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, Storm, World};

use super::told::{Counter, Told};
use super::values::Lives;
use super::world::{Writers, builder, end, links, ms, storm};

/// Runs so many writers on one store in this world.
async fn run(world: World, writers: usize, keeps_data: bool) -> Result<(), Violation> {
    let store =
        builder(&world, &links(&world, 0), "0", false).clock(world.client(0).clock()).build().unwrap();
    let told = Told::default();
    let counters: Vec<_> = (0..writers).map(|number| Counter::new(&number.to_string())).collect();
    let shared =
        Writers { world: &world, part: "0", told: &told, writes: 160 / writers, pause_ms: 60, keeps_data };
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

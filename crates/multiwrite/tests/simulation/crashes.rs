//! Processes that are killed in a storm, and those that go on with what they left in a spool or an outbox.

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, World};
use redfleet_multiwrite::{Order, SpoolOptions};
use tokio::time::timeout;

use super::process::{Directory, Process};
use super::told::{Counter, Told};
use super::values::Lives;
use super::world::{Writers, builder, end, links, ms, storm};

/// How many processes there are, one after the other.
const PROCESSES: usize = 3;

/// What a process leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Journal {
    Spool,
    Outbox,
}

async fn run(world: World, journal: Journal, keeps_data: bool) -> Result<(), Violation> {
    let mut dice = world.dice("crashes");
    let told = Told::default();
    let counters = ["0", "1", "2"].map(Counter::new);
    let has_spool = journal == Journal::Spool;
    let mut directory = Directory::new().unwrap();
    for place in 0..PROCESSES {
        let client = world.client(place);
        let process = Process::new(links(&world, place));
        let builder = builder(&world, &process.links(), &place.to_string(), has_spool).clock(client.clock());
        let builder = match journal {
            Journal::Spool => builder.spool(directory.path(), SpoolOptions::default()),
            Journal::Outbox => builder.order(Order::LocalFirst).outbox("sim"),
        };
        let store = builder.build().unwrap();
        let part = place.to_string();
        let writers = Writers {
            world: &world,
            part: &part,
            told: &told,
            writes: 30,
            pause_ms: 50,
            is_narrow: false,
            keeps_data,
        };
        let writing = join_all(counters.iter().map(|counter| writers.write(&store, counter)));
        if place + 1 == PROCESSES {
            writing.await;
            end(&world, &store, Lives::Equal).await?;
            break;
        }
        drop(timeout(ms(dice.u64(0..2500)), writing).await);
        process.kill();
        client.note("is killed");
        directory = directory.left(dice.usize(0..10)).unwrap();
    }
    told.judge()?;
    for counter in &counters {
        counter.judge(&world).await?;
    }
    Ok(())
}

fn scenario(name: &str) -> Scenario {
    Scenario::new(name).nodes(3).clients(PROCESSES).delays(ms(1)..ms(5)).storm(storm()).seeds(20)
}

#[test]
fn whoever_goes_on_with_a_spool_ends_with_equal_remotes() {
    let scenario = scenario("whoever_goes_on_with_a_spool_ends_with_equal_remotes");
    scenario.run(|world| run(world, Journal::Spool, true));
}

#[test]
fn whoever_goes_on_with_an_outbox_ends_with_equal_remotes() {
    let scenario = scenario("whoever_goes_on_with_an_outbox_ends_with_equal_remotes");
    scenario.run(|world| run(world, Journal::Outbox, true));
}

#[test]
fn whoever_goes_on_with_a_spool_sees_what_remotes_have_lost() {
    let scenario = scenario("whoever_goes_on_with_a_spool_sees_what_remotes_have_lost");
    let storm = storm().wiping(1).losing_the_last_second(1).sparing(0);
    scenario.storm(storm).run(|world| run(world, Journal::Spool, false));
}

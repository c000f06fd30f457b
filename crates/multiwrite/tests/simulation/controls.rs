//! Remotes are paused, resumed, added, removed and copied anew, all in a storm.

use futures::future::{join, join_all};
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, World};
use redfleet_multiwrite::MultiWrite;
use tokio::time::sleep;

use super::told::{Counter, Told};
use super::values::Lives;
use super::world::{NAMES, Writers, builder, end, links, ms, options, storm};

/// Does to remotes what an operator may do, and leaves both there and running.
async fn operate(world: &World, store: &MultiWrite) {
    let mut dice = world.dice("operator");
    let links = links(world, 0);
    for _ in 0..12 {
        sleep(ms(dice.u64(0..500))).await;
        let place = dice.usize(1..NAMES.len());
        let name = NAMES[place];
        match dice.u8(0..5) {
            0..=1 => {
                world.note(format_args!("pause {name}"));
                store.pause(name).unwrap();
                sleep(ms(dice.u64(0..800))).await;
                store.resume(name).unwrap();
            }
            2 => {
                world.note(format_args!("copy everything to {name}"));
                store.resync(name).unwrap();
            }
            _ => {
                world.note(format_args!("remove {name}"));
                store.remove_remote(name).unwrap();
                sleep(ms(dice.u64(0..800))).await;
                world.note(format_args!("add {name}"));
                store.add_remote(name, links[place].clone(), options(&mut dice, false)).unwrap();
            }
        }
    }
}

async fn run(world: World) -> Result<(), Violation> {
    let store =
        builder(&world, &links(&world, 0), "0", false).clock(world.client(0).clock()).build().unwrap();
    let told = Told::default();
    let counters = ["0", "1"].map(Counter::new);
    let writers = Writers {
        world: &world,
        part: "0",
        told: &told,
        writes: 80,
        pause_ms: 80,
        is_narrow: false,
        keeps_data: true,
    };
    let writing = join_all(counters.iter().map(|counter| writers.write(&store, counter)));
    join(operate(&world, &store), writing).await;
    end(&world, &store, Lives::Equal).await?;
    told.judge()?;
    for counter in &counters {
        counter.judge(&world).await?;
    }
    Ok(())
}

#[test]
fn whatever_is_done_to_remotes_they_end_equal() {
    let scenario = Scenario::new("whatever_is_done_to_remotes_they_end_equal");
    scenario.nodes(3).clients(1).delays(ms(1)..ms(5)).storm(storm()).seeds(30).run(run);
}

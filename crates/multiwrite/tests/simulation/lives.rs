//! Clocks that are off: a life that ends early or late on a remote does no harm to what is built on it.

use std::time::Duration;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, World};

use super::told::{Counter, Told};
use super::values::Lives;
use super::world::{Writers, builder, end, links, ms, storm};

/// How far a clock is off at most, and how far it drifts in a run.
pub(crate) const OFF: Duration = Duration::from_millis(1500);

async fn run(world: World) -> Result<(), Violation> {
    let store =
        builder(&world, &links(&world, 0), "0", false).clock(world.client(0).clock()).build().unwrap();
    let (told, counter) = (Told::default(), Counter::new("0"));
    let writers = Writers {
        world: &world,
        part: "0",
        told: &told,
        writes: 160,
        pause_ms: 60,
        is_narrow: false,
        keeps_data: true,
    };
    writers.write(&store, &counter).await;
    end(&world, &store, Lives::Over).await?;
    told.judge()?;
    counter.judge(&world).await
}

#[test]
fn remotes_whose_clocks_are_off_are_equal_when_all_lives_are_over() {
    let storm = storm().skewing_clocks(1400, 2000);
    let scenario = Scenario::new("remotes_whose_clocks_are_off_are_equal_when_all_lives_are_over");
    scenario.nodes(3).clients(1).delays(ms(1)..ms(5)).storm(storm).seeds(30).run(run);
}

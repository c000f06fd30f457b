//! A remote that is away for longer than memory holds, with a spool beside it.

use redfleet_core::test_util::Fault;
use redfleet_multiwrite::{Fsync, Overflow, SpoolOptions};

use super::load::Load;
use super::world::{LONG, World, quick};

const SOME: i64 = 150;

#[tokio::test]
async fn what_has_no_room_in_memory_waits_in_the_spool_and_over_its_bound_is_copied() {
    let world = World::shared().await;
    let directory = std::env::temp_dir().join(format!("redfleet-{}-{}", std::process::id(), world.prefix));
    let options = quick().max_entries(30).overflow(Overflow::Spill);
    for (seed, spool) in [
        (21, SpoolOptions::new()),
        (22, SpoolOptions::new().segment_bytes(4096).max_bytes(16_384).fsync(Fsync::Always)),
    ] {
        let own = directory.join(seed.to_string());
        let builder = world.builder().spool(&own, spool);
        let store = world.with_remotes(builder, &options).build().unwrap();
        store.resync("eu").unwrap();
        store.resync("us").unwrap();
        let load = Load::start(&store, &world.prefix, seed);
        for _ in 0..2 {
            load.goes_on(SOME).await;
            world.eu.proxy().cut();
            world.us.proxy().set(Fault::Hang);
            load.goes_on(3 * SOME).await;
            world.eu.proxy().heal();
            world.us.proxy().heal();
        }
        drop(load);
        world.settle(&store).await;
        store.shutdown(LONG).await.unwrap();
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

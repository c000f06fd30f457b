//! A remote that is away for longer than memory holds, with a spool beside it.

use redfleet_core::test_util::{Fault, ServerOptions};
use redfleet_multiwrite::{Fsync, Overflow, SpoolOptions};

use super::load::Load;
use super::world::{LONG, World, quick};

const SOME: i64 = 150;

#[tokio::test]
async fn a_remote_that_was_wiped_while_no_process_ran_gets_everything_back() {
    let shared = World::shared().await;
    let (eu, us) = futures::future::join(ServerOptions::new().start(), ServerOptions::new().start()).await;
    let world = World::of(shared.local, eu, us);
    let directory = std::env::temp_dir().join(format!("redfleet-{}-{}", std::process::id(), world.prefix));
    let open = || {
        let builder = world.builder().spool(&directory, SpoolOptions::new());
        world.with_remotes(builder, &quick()).build().unwrap()
    };
    let store = open();
    let load = Load::start(&store, &world.prefix, 23);
    load.goes_on(SOME).await;
    load.stop(&world).await;
    world.settle(&store).await;
    store.shutdown(LONG).await.unwrap();
    drop(store);
    futures::future::join(world.eu.restart_wiped(), world.us.restart_wiped()).await;
    let store = open();
    world.settle(&store).await;
    assert!(store.health().iter().all(|remote| remote.data_losses == 1), "{:#?}", store.health());
    store.shutdown(LONG).await.unwrap();
    drop(store);
    let store = open();
    world.settle(&store).await;
    assert!(store.health().iter().all(|remote| remote.data_losses == 0 && remote.copies == 0));
    store.shutdown(LONG).await.unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}

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

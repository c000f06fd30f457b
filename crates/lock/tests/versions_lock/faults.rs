//! Servers that are killed, paused and wiped while locks are taken: nobody holds what another one holds, and all tokens rise.

use redfleet_core::test_util::ServerOptions;
use tokio::time::sleep;

use super::load::Load;
use super::world::{SECOND, World};

async fn own(count: usize) -> World {
    World::own(count, &ServerOptions::new().durable()).await
}

/// Kills, pauses and wipes one server after another, each while the others give a majority.
async fn disturb(count: usize) {
    let world = own(count).await;
    let load = Load::start(&world);
    load.goes_on(100).await;
    let server = |index: usize| &world.servers[index % count];

    server(0).kill().await;
    load.goes_on(50).await;
    server(0).restart_with_data().await;
    // It may have forgotten leases, and does not vote until they would have ended.
    sleep(SECOND * 4).await;
    load.goes_on(50).await;

    server(1).pause().await;
    load.goes_on(50).await;
    server(1).unpause().await;
    load.goes_on(50).await;

    server(2).restart_wiped().await;
    load.goes_on(50).await;
    sleep(SECOND * 4).await;
    // Now that it votes again, another one may be away.
    server(0).kill().await;
    load.goes_on(50).await;
    server(0).restart_with_data().await;

    let outcome = load.end().await;
    assert!(outcome.least > 0, "everybody gets it: {outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_of_which_one_at_a_time_is_killed_paused_and_wiped() {
    disturb(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_servers_of_which_two_at_a_time_are_away() {
    let world = own(5).await;
    let load = Load::start(&world);
    load.goes_on(100).await;
    world.servers[0].kill().await;
    world.servers[1].pause().await;
    load.goes_on(50).await;
    world.servers[1].unpause().await;
    world.servers[2].restart_wiped().await;
    world.servers[0].restart_with_data().await;
    // Two of five do not vote now.
    load.goes_on(50).await;
    sleep(SECOND * 4).await;
    world.servers[3].kill().await;
    world.servers[4].pause().await;
    // What is left are the one that was never away and the two that were in quarantine.
    load.goes_on(50).await;
    world.servers[4].unpause().await;
    let outcome = load.end().await;
    assert!(outcome.least > 0, "everybody gets it: {outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_that_is_paused_killed_and_wiped() {
    let world = own(1).await;
    let load = Load::start(&world);
    load.goes_on(100).await;
    for turn in 0..3 {
        match turn {
            0 => {
                world.servers[0].pause().await;
                sleep(SECOND * 2).await;
                world.servers[0].unpause().await;
            }
            1 => {
                world.servers[0].kill().await;
                sleep(SECOND / 2).await;
                world.servers[0].restart_with_data().await;
            }
            _ => world.servers[0].restart_wiped().await,
        }
        load.goes_on(50).await;
    }
    let outcome = load.end().await;
    assert!(outcome.leases > 250 && !outcome.errors.is_empty(), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_nobody_gets_it_and_with_one_again_everybody() {
    let world = own(3).await;
    let load = Load::start(&world);
    load.goes_on(100).await;
    world.servers[0].pause().await;
    world.servers[1].pause().await;
    // What was granted before has ended by then.
    sleep(SECOND * 2).await;
    let before = load.leases();
    sleep(SECOND).await;
    assert_eq!(load.leases(), before, "one of three is no majority");
    world.servers[0].unpause().await;
    world.servers[1].unpause().await;
    load.goes_on(100).await;
    let outcome = load.end().await;
    assert!(
        outcome.errors.iter().any(|error| error.contains("n0: ") && error.contains("n1: ")),
        "{outcome:?}"
    );
}

//! Connections that are cut, that lose what is answered, and scripts that servers forget.

use std::time::Duration;

use redis::cmd;
use tokio::time::sleep;

use super::load::Load;
use super::world::{World, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_lost_with_what_was_on_them() {
    for count in [1, 3] {
        let world = World::shared(count).await;
        let load = Load::start(&world);
        load.goes_on(50).await;
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..60 {
            let proxy = world.servers[random.usize(0..count)].proxy();
            match random.u8(0..4) {
                0 => proxy.disconnect(),
                1 => proxy.lose_next_replies(random.usize(1..4)),
                2 => proxy.lose_next_requests(random.usize(1..4)),
                _ => {
                    proxy.cut();
                    sleep(Duration::from_millis(random.u64(0..30))).await;
                    proxy.heal();
                }
            }
            sleep(Duration::from_millis(random.u64(0..60))).await;
        }
        load.goes_on(50).await;
        let outcome = load.end().await;
        assert!(outcome.least > 0, "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_up_on_a_connection_that_is_over_and_arrives_later() {
    let world = World::shared(3).await;
    let load = Load::start(&world);
    for turn in 0..12 {
        let proxy = world.servers[turn % 3].proxy();
        proxy.strand();
        load.goes_on(10).await;
        proxy.heal();
        sleep(Duration::from_millis(20)).await;
    }
    let outcome = load.end().await;
    assert!(outcome.least > 0, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_that_the_servers_forget_are_sent_again_and_nobody_notices() {
    let world = World::shared(3).await;
    let load = Load::start(&world);
    for turn in 0..100 {
        let _: () = ask(&world.servers[turn % 3], cmd("SCRIPT").arg("FLUSH")).await;
        sleep(Duration::from_millis(10)).await;
    }
    load.goes_on(50).await;
    let outcome = load.end().await;
    assert!(
        outcome.least > 0 && !outcome.errors.iter().any(|error| error.contains("NOSCRIPT")),
        "{outcome:?}"
    );
}

//! Servers that permit less than everything, or have no memory left.

use futures::future::join_all;
use redfleet_core::connect;
use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_lock::{Error, Locks};
use redis::cmd;
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World, ask, try_in_time};

/// A server, and locks of a user who may do only so much.
async fn limited(rules: &str) -> (World, impl Fn() -> Locks) {
    let world = World::own(1, &ServerOptions::new().user(&format!("plain on >pw {rules}"))).await;
    let url = world.servers[0].url_as("plain", "pw");
    let other = World::of(world.servers.clone());
    (world, move || other.builder_on([connect(&url).unwrap()]).build().unwrap())
}

async fn refusal(rules: &str) -> String {
    let (_world, locks) = limited(rules).await;
    let error = try_in_time(&locks(), "job").await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn a_user_who_may_not_ask_who_the_server_is_is_told_what_to_permit() {
    let told = refusal("~* &* +@all -info").await;
    assert!(told.contains("permit INFO"), "{told}");
}

#[tokio::test]
async fn a_user_who_may_not_run_scripts_is_told_by_the_server() {
    let told = refusal("~* &* +@all -evalsha -eval").await;
    assert!(told.contains("NOPERM") && told.to_lowercase().contains("eval"), "{told}");
}

#[tokio::test]
async fn a_user_who_may_not_touch_the_keys_is_told_by_the_server() {
    let told = refusal("~other:* &* +@all").await;
    assert!(told.contains("NOPERM") || told.contains("ACL"), "{told}");
}

#[tokio::test]
async fn a_user_who_may_not_wake_others_has_locks_all_the_same_and_waits_until_their_time_would_be_over() {
    let all = ["~* &* +@all -publish", "~* &* +@all -subscribe", "~* +@all resetchannels"].map(
        |rules| async move {
            let (_world, locks) = limited(rules).await;
            let lease = locks().lock("job").ttl(SECOND * 2).wait(PATIENCE).acquire().await.unwrap();
            let waiter = locks();
            let waiting = tokio::spawn(async move { waiter.lock("job").wait(PATIENCE).acquire().await });
            sleep(SECOND / 2).await;
            let released = Instant::now();
            lease.release().await.unwrap();
            let lease = waiting.await.unwrap().unwrap_or_else(|error| panic!("{rules}: {error}"));
            assert!(released.elapsed() < PATIENCE / 2, "{rules}: {:?}", released.elapsed());
            lease.release().await.unwrap();
        },
    );
    join_all(all).await;
}

async fn set_memory(server: &Server, bytes: u64) {
    let _: () = ask(server, cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes)).await;
}

#[tokio::test]
async fn a_server_without_memory_gives_no_new_lock_and_keeps_those_that_are_held() {
    let world = World::own(1, &ServerOptions::new()).await;
    let locks = world.locks();
    let held = locks.lock("held").ttl(SECOND * 3).wait(PATIENCE).acquire().await.unwrap();
    set_memory(&world.servers[0], 1).await;
    let error = try_in_time(&locks, "job").await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("OOM"), "{error}");
    // Longer than its ttl: to live longer takes no memory.
    sleep(SECOND * 4).await;
    assert!(!held.remaining().is_zero());
    held.release().await.unwrap();
    assert_eq!(world.life(0, "held").await, None);
    set_memory(&world.servers[0], 0).await;
    locks.lock("job").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
}

#[tokio::test]
async fn a_minority_without_memory_is_not_noticed() {
    let world = World::own(3, &ServerOptions::new()).await;
    let locks = world.locks();
    locks.lock("job").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
    set_memory(&world.servers[1], 1).await;
    for _ in 0..20 {
        locks.lock("job").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
    }
    set_memory(&world.servers[2], 1).await;
    let error = try_in_time(&locks, "job").await.unwrap_err();
    assert!(error.to_string().matches("OOM").count() >= 2, "{error}");
}

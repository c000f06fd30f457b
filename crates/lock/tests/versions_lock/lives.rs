//! Servers that begin a new life: when they vote again, and when they know again what is held.

use redfleet_core::test_util::ServerOptions;
use redfleet_lock::Error;
use redis::cmd;
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World, ask, try_in_time, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_data_does_not_vote_until_every_lease_has_ended_and_then_knows_what_is_held() {
    let world = World::own(3, &ServerOptions::new()).await;
    let (ours, theirs) = (world.locks(), world.locks());
    let held = ours.lock("held").wait(PATIENCE).acquire().await.unwrap();
    let wiped = Instant::now();
    world.servers[2].restart_wiped().await;
    world.servers[1].pause().await;
    let mut refusals = 0;
    loop {
        match theirs.lock("free").try_acquire().await {
            Ok(lease) => {
                lease.release().await.unwrap();
                break;
            }
            Err(error) => {
                assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
                refusals += usize::from(error.to_string().contains("votes again in "));
                assert!(wiped.elapsed() < PATIENCE, "{error}");
            }
        }
        sleep(SECOND / 20).await;
    }
    assert!(wiped.elapsed() > SECOND * 3, "{:?}", wiped.elapsed());
    assert!(refusals > 0, "why it has no vote was never told");
    assert!(held.remaining().is_zero(), "one of three confirmed it for so long");
    world.servers[1].unpause().await;

    let held = ours.lock("held").ttl(SECOND * 3).wait(PATIENCE).acquire().await.unwrap();
    // The one that was paused may not be asked yet.
    until("all of them know of it", || async { world.life(1, "held").await.is_some() }).await;
    // Another life of the server, which has nothing; it may be restored before anybody can look.
    let run_id = async || -> String {
        let told: String = ask(&world.servers[0], cmd("INFO").arg("server")).await;
        told.lines().find(|line| line.starts_with("run_id:")).unwrap().to_owned()
    };
    let before = run_id().await;
    world.servers[0].restart_wiped().await;
    assert_ne!(run_id().await, before);
    until("it is restored", || async {
        assert!(!held.remaining().is_zero(), "two of three have confirmed it");
        world.life(0, "held").await.is_some()
    })
    .await;
    assert!(matches!(try_in_time(&theirs, "held").await, Err(Error::Held { .. })));
    held.release().await.unwrap();
    until("it is gone", || async { world.life(0, "held").await.is_none() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_data_are_flushed_is_one_that_forgot() {
    let world = World::own(1, &ServerOptions::new()).await;
    let (ours, theirs) = (world.locks(), world.locks());
    // Both have seen the server before, so a missing mark tells them that it forgot.
    theirs.lock("other").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
    let held = ours.lock("held").ttl(SECOND * 3).unattended().wait(PATIENCE).acquire().await.unwrap();
    let _: () = ask(&world.servers[0], &cmd("FLUSHALL")).await;
    let flushed = Instant::now();
    let taken = theirs.lock("held").wait(PATIENCE).acquire().await;
    let taken = match taken {
        Ok(taken) => taken,
        Err(error) => panic!("after {:?}: {error}", flushed.elapsed()),
    };
    assert!(held.remaining().is_zero(), "two had it after {:?}", flushed.elapsed());
    assert!(taken.fence() > held.fence());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_server_votes_at_once_and_knows_what_was_held() {
    let world = World::own(1, &ServerOptions::new().durable().arg("appendfsync", "always")).await;
    let build = || world.builder().durable().build().unwrap();
    let (ours, theirs) = (build(), build());
    let held = ours.lock("held").ttl(SECOND * 3).wait(PATIENCE).acquire().await.unwrap();
    let restarted = Instant::now();
    world.servers[0].restart_with_data().await;
    let lease = theirs.lock("free").wait(PATIENCE).acquire().await.unwrap();
    if restarted.elapsed() < SECOND * 2 {
        assert!(matches!(theirs.lock("held").try_acquire().await, Err(Error::Held { .. })));
    }
    drop((lease, held));
}

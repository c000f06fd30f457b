//! A replica that takes over: it may lack what the primary acknowledged, so it does not vote until that would have ended.

use redfleet_core::connect;
use redfleet_core::test_util::SentinelSet;
use redfleet_lock::{Error, ServerState};
use redis::cmd;
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World, ask, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_takes_over_does_not_vote_until_what_the_primary_granted_has_ended() {
    takes_over(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_where_servers_are_said_to_be_durable() {
    takes_over(true).await;
}

async fn takes_over(are_durable: bool) {
    let set = SentinelSet::start(1).await;
    let world = World::of(set.servers().to_vec());
    let build = || {
        let builder = world.builder_on([connect(&set.url()).unwrap()]);
        let builder = if are_durable { builder.durable() } else { builder };
        builder.build().unwrap()
    };
    let (ours, theirs) = (build(), build());
    theirs.lock("free").wait(PATIENCE).acquire().await.unwrap().release().await.unwrap();
    let held = ours.lock("held").ttl(SECOND * 3).unattended().wait(PATIENCE).acquire().await.unwrap();
    let old = set.primary().await;
    // It has what a server that is only restarted would be known by.
    let mark: Option<String> = ask(&set.servers()[old], cmd("GET").arg(world.mark())).await;
    assert!(mark.is_some());
    for replica in set.servers() {
        until("the mark is there too", || async {
            mark == ask::<Option<String>>(replica, cmd("GET").arg(world.mark())).await
        })
        .await;
    }
    set.servers()[old].kill().await;
    set.fail_over_from(old).await;
    let taken_over = Instant::now();
    let mut was_quarantined = false;
    let free = loop {
        match theirs.lock("free").try_acquire().await {
            Ok(lease) => break lease,
            Err(error) => assert!(matches!(error, Error::Unreachable { .. }), "{error:?}"),
        }
        was_quarantined |= matches!(theirs.health()[0].state, ServerState::Quarantined { .. });
        assert!(taken_over.elapsed() < PATIENCE, "{:?}", theirs.health());
        sleep(SECOND / 50).await;
    };
    assert!(was_quarantined, "it voted as if it had been the primary: {:?}", theirs.health());
    assert!(held.remaining().is_zero());
    let again = theirs.lock("held").wait(PATIENCE).acquire().await.unwrap();
    assert!(again.fence() > held.fence());
    drop((free, again));
}

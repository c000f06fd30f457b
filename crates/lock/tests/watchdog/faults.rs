//! What is lost, when, and what faults do not matter.

use std::time::Duration;

use redfleet_core::test_util::simulation::{Fault, Plan, Scenario, Way, Which, Whose, World};
use redfleet_core::{BackendExt, Kept};
use redfleet_lock::redis::cmd;
use redfleet_lock::{Error, Lease, Locks};
use tokio::time::{sleep, timeout};

use super::world::{TTL, client, forget, life, lives, ms, owner, secs, stores};

async fn take(world: &World) -> (Locks, Lease) {
    let locks = client(world, 0).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    world.quiet().await;
    (locks, lease)
}

#[test]
fn a_hung_server_delays_nothing() {
    let scenario = Scenario::new("a_hung_server_delays_nothing");
    scenario.clients(1).nodes(3).seeds(10).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        world.inject(Fault::hang(0));
        let stores = stores(&world);
        for _ in 0..200 {
            sleep(ms(97)).await;
            // A third of the ttl, a round trip and what the margin takes.
            assert!(lease.remaining() > TTL * 2 / 3 - ms(60), "{:?}", lease.remaining());
            assert!(life(&stores[1], "a").await > TTL * 2 / 3 - ms(30));
        }
        let asked = world.now();
        lease.extend().await.unwrap();
        assert!(world.now() - asked < ms(20), "it took {:?}", world.now() - asked);
        Ok(())
    });
}

#[test]
fn without_a_majority_a_lease_is_lost_before_it_ends_on_any_server() {
    let scenario = Scenario::new("without_a_majority_a_lease_is_lost_before_it_ends_on_any_server");
    scenario.clients(1).seeds(20).run(|world| async move {
        // As far apart as clocks may be: ours is slow, and theirs are fast.
        world.inject(Fault::ClockDrift { whose: Whose::Client(0), drift_ppm: -5_000 });
        for node in 0..3 {
            world.inject(Fault::ClockDrift { whose: Whose::Node(node), drift_ppm: 5_000 });
        }
        let (_locks, lease) = take(&world).await;
        sleep(ms(world.dice("pause").u64(0..5_000))).await;
        world.inject(Fault::isolate(0));
        world.inject(Fault::isolate(1));
        let began = world.now();
        lease.lost().await;
        assert!(world.now() - began > TTL / 2, "it is not given up before its time");
        let lives = lives(&stores(&world), "a").await;
        assert!(lives.iter().all(|life| *life > Duration::ZERO), "{lives:?}");
        assert_eq!(lease.remaining(), Duration::ZERO);
        assert!(matches!(lease.extend().await, Err(Error::Lost { .. })));
        Ok(())
    });
}

#[test]
fn a_lease_is_lost_at_once_when_so_many_servers_do_not_know_it_that_no_majority_can_and_nothing_is_made_anew()
{
    let scenario = Scenario::new("a_lease_is_lost_at_once_when_a_majority_does_not_know_it");
    scenario.clients(1).seeds(10).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        let stores = stores(&world);
        forget(&stores[0], "a").await;
        sleep(TTL).await;
        assert!(lease.remaining() > Duration::ZERO, "a minority is no reason");
        forget(&stores[0], "a").await;
        let other = cmd("SET").arg(owner("a")).arg("another").arg("PX").arg(60_000).take();
        stores[1].query::<()>(other).await.unwrap();
        let before = lease.remaining();
        assert!(timeout(TTL / 3 + ms(30), lease.lost()).await.is_ok());
        assert!(before > TTL / 2, "long before its time is over");
        sleep(TTL).await;
        assert_eq!(life(&stores[0], "a").await, Duration::ZERO);
        let there: String = stores[1].query(cmd("GET").arg(owner("a"))).await.unwrap();
        assert_eq!(there, "another");
        Ok(())
    });
}

#[test]
fn an_extension_that_is_heard_of_when_the_time_is_over_does_not_count() {
    let scenario = Scenario::new("an_extension_that_is_heard_of_when_the_time_is_over_does_not_count");
    scenario.clients(1).seeds(10).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        world.inject(Fault::Cut { client: Which::Every, node: Which::Every, way: Way::Replies });
        lease.lost().await;
        let lives = lives(&stores(&world), "a").await;
        assert!(lives.iter().all(|life| *life > ms(500)), "the servers did extend it: {lives:?}");
        world.heal();
        sleep(secs(1)).await;
        assert_eq!(lease.remaining(), Duration::ZERO);
        assert!(matches!(lease.extend().await, Err(Error::Lost { .. })));
        Ok(())
    });
}

#[test]
fn what_cannot_be_extended_now_is_tried_again_until_it_can_be() {
    let scenario = Scenario::new("what_cannot_be_extended_now_is_tried_again_until_it_can_be");
    scenario.clients(1).seeds(20).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        let cut = world.inject(Fault::Cut { client: Which::Every, node: Which::Every, way: Way::Both });
        sleep(TTL / 2).await;
        let error = lease.extend().await.unwrap_err();
        let Error::Unreachable { answers, .. } = &error else { panic!("{error}") };
        assert_eq!(answers.needed(), 2);
        assert!(lease.remaining() > Duration::ZERO, "it is still held");
        cut.end();
        sleep(ms(700)).await;
        assert!(lease.remaining() > TTL / 2, "{:?}", lease.remaining());
        Ok(())
    });
}

#[test]
fn servers_that_have_become_slow_are_waited_for_longer() {
    let scenario = Scenario::new("servers_that_have_become_slow_are_waited_for_longer");
    scenario.clients(1).seeds(10).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        world.inject(Fault::Slow { client: Which::Every, node: Which::Every, by: ms(300) });
        sleep(secs(30)).await;
        assert!(lease.remaining() > Duration::ZERO);
        Ok(())
    });
}

#[test]
fn a_client_that_was_stopped_finds_its_lease_lost() {
    let scenario = Scenario::new("a_client_that_was_stopped_finds_its_lease_lost");
    scenario.clients(2).seeds(10).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        let unattended = client(&world, 1).await.lock("b").unattended().try_acquire().await.unwrap();
        // Until the watchdog sleeps.
        sleep(ms(50)).await;
        for place in 0..2 {
            world.inject(Fault::ClockJump { whose: Whose::Client(place), by_ms: 3_000 });
        }
        assert_eq!(lease.remaining(), Duration::ZERO, "whoever asks knows at once");
        assert!(timeout(secs(1), unattended.lost()).await.is_ok(), "whoever does not is told");
        assert!(timeout(ms(1), lease.lost()).await.is_ok());
        assert!(matches!(lease.extend().await, Err(Error::Lost { .. })));
        sleep(TTL).await;
        assert_eq!(life(&stores(&world)[0], "a").await, Duration::ZERO, "nobody goes on extending it");
        Ok(())
    });
}

#[test]
fn an_extension_that_is_on_its_way_while_the_lock_is_given_back_leaves_nothing_behind() {
    let scenario = Scenario::new("an_extension_that_is_on_its_way_leaves_nothing_behind");
    scenario.clients(1).seeds(20).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        let stores = stores(&world);
        world.inject(Fault::Slow { client: Which::Every, node: Which::Every, by: ms(20) });
        sleep(TTL / 3 - ms(world.dice("when").u64(0..40))).await;
        drop(lease.release().await);
        world.heal();
        world.quiet().await;
        sleep(ms(600)).await;
        assert_eq!(lives(&stores, "a").await, [Duration::ZERO; 3]);
        Ok(())
    });
}

#[test]
fn a_server_in_quarantine_extends_nothing_and_counts_for_nothing() {
    let scenario = Scenario::new("a_server_in_quarantine_extends_nothing_and_counts_for_nothing");
    let plan = Plan::new().during(ms(1_000)..ms(1_010), Fault::Restart { node: 0, kept: Kept::All });
    scenario.clients(1).plan(plan).seeds(10).run(|world| async move {
        let (_locks, lease) = take(&world).await;
        sleep(ms(2_000)).await;
        assert!(lease.remaining() > TTL / 2, "the others are a majority");
        let before = life(&stores(&world)[0], "a").await;
        world.inject(Fault::isolate(1));
        sleep(ms(100)).await;
        let after = life(&stores(&world)[0], "a").await;
        assert!(after <= before, "{before:?}, then {after:?}");
        assert!(timeout(TTL, lease.lost()).await.is_ok(), "one and one that may not vote are no majority");
        assert_eq!(life(&stores(&world)[0], "a").await, Duration::ZERO);
        Ok(())
    });
}

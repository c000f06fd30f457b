//! What a minority lost is put back, when that is safe, and counts later.

use std::time::Duration;

use redfleet_core::test_util::simulation::{Fault, Plan, Scenario};
use redfleet_core::{BackendExt, Clock, Embedded, Fleet, Kept};
use redfleet_lock::Locks;
use redfleet_lock::redis::cmd;
use tokio::time::{sleep, timeout};

use super::late::Late;
use super::world::{MAX_TTL, TTL, client, forget, life, lives, locks, ms, nodes, owner, secs, stores};

/// Node 0 loses all it has at one second.
fn wiped() -> Plan {
    Plan::new().during(ms(1_000)..ms(1_010), Fault::Restart { node: 0, kept: Kept::Nothing })
}

#[test]
fn a_server_that_lost_everything_has_the_lease_again_after_its_quarantine_and_not_before() {
    let scenario = Scenario::new("a_server_that_lost_everything_has_the_lease_again_after_its_quarantine");
    scenario.clients(1).plan(wiped()).seeds(10).run(|world| async move {
        let locks = client(&world, 0).await;
        let lease = locks.lock("a").try_acquire().await.unwrap();
        let stores = stores(&world);
        sleep(ms(1_050)).await;
        let mut back = None;
        while back.is_none() {
            sleep(ms(20)).await;
            back = (life(&stores[0], "a").await > Duration::ZERO).then(|| world.now());
            assert!(world.now() < secs(20), "it never came back");
        }
        let left = life(&stores[0], "a").await;
        assert!(left <= lease.remaining() + ms(60), "no longer than the lease protects: {left:?}");
        assert!(back.unwrap() > ms(1_000) + MAX_TTL, "not before its quarantine is over: {back:?}");
        assert!(back.unwrap() < ms(1_100) + MAX_TTL * 102 / 100 + TTL / 3, "and soon then: {back:?}");
        // From the next round on it is one of those that count.
        sleep(TTL / 2).await;
        world.inject(Fault::isolate(1));
        sleep(TTL * 3).await;
        assert!(lease.remaining() > TTL / 2, "it and the third are a majority now");
        lease.release().await.unwrap();
        sleep(ms(600)).await;
        assert_eq!(life(&stores[0], "a").await, Duration::ZERO);
        Ok(())
    });
}

#[test]
fn what_a_majority_has_not_confirmed_is_put_back_nowhere() {
    let scenario = Scenario::new("what_a_majority_has_not_confirmed_is_put_back_nowhere");
    scenario.clients(1).seeds(10).run(|world| async move {
        let locks = client(&world, 0).await;
        let lease = locks.lock("a").try_acquire().await.unwrap();
        let stores = stores(&world);
        world.quiet().await;
        forget(&stores[0], "a").await;
        world.inject(Fault::isolate(1));
        let watch = async {
            loop {
                assert_eq!(life(&stores[0], "a").await, Duration::ZERO);
                sleep(ms(7)).await;
            }
        };
        assert!(timeout(TTL, watch).await.is_err());
        assert_eq!(lease.remaining(), Duration::ZERO, "one server is no majority");
        Ok(())
    });
}

#[test]
fn a_lease_that_is_given_back_while_it_is_put_back_is_left_nowhere() {
    let scenario = Scenario::new("a_lease_that_is_given_back_while_it_is_put_back_is_left_nowhere");
    scenario.clients(1).seeds(40).run(|world| async move {
        let locks = client(&world, 0).await;
        let lease = locks.lock("a").try_acquire().await.unwrap();
        world.quiet().await;
        let stores = stores(&world);
        forget(&stores[0], "a").await;
        // The round begins at a third of the ttl, and what it puts back is on its way a few milliseconds later.
        sleep((TTL / 3).saturating_sub(ms(10)) + ms(world.dice("when").u64(0..25))).await;
        lease.release().await.unwrap();
        sleep(ms(700)).await;
        assert_eq!(lives(&stores, "a").await, [Duration::ZERO; 3]);
        Ok(())
    });
}

/// Locks on three nodes, of which the first is late.
fn locks_with_a_late_node(nodes: &[Embedded], extends: Duration, restores: Duration) -> Locks {
    let fleet = nodes.iter().enumerate().fold(Fleet::builder(), |fleet, (place, node)| {
        let late = || Late::node(node, extends, restores);
        fleet.node(format!("n{place}"), if place == 0 { late() } else { node.shared() })
    });
    Locks::builder(fleet.build().unwrap()).new_fleet().ttl(TTL).clock(Clock::tokio()).seed(7).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_put_back_after_the_lock_was_given_back_is_taken_away_again() {
    let nodes = nodes(3);
    let locks = locks_with_a_late_node(&nodes, Duration::ZERO, ms(30));
    let lease = locks.lock("a").try_acquire().await.unwrap();
    forget(&nodes[0], "a").await;
    // It is on its way for 30 ms, and the release overtakes it.
    sleep(TTL / 3 + ms(10)).await;
    lease.release().await.unwrap();
    sleep(ms(30)).await;
    assert_eq!(lives(&nodes, "a").await, [Duration::ZERO; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_late_that_it_lost_the_lease_has_it_back_all_the_same() {
    let nodes = nodes(3);
    let locks = locks_with_a_late_node(&nodes, ms(30), ms(30));
    let lease = locks.lock("a").try_acquire().await.unwrap();
    forget(&nodes[0], "a").await;
    sleep(TTL / 3 + ms(10)).await;
    assert!(lease.remaining() > TTL * 2 / 3, "a majority has confirmed it by now");
    sleep(ms(60)).await;
    let left = life(&nodes[0], "a").await;
    assert!(left > TTL / 2 && left <= lease.remaining() + ms(31), "{left:?}");
    sleep(TTL * 2).await;
    drop(lease.release().await);
    sleep(ms(600)).await;
    assert_eq!(lives(&nodes, "a").await, [Duration::ZERO; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_about_a_lock_that_was_given_back_meanwhile_puts_nothing_back() {
    let nodes = nodes(3);
    let locks = locks_with_a_late_node(&nodes, ms(30), Duration::ZERO);
    let lease = locks.lock("a").try_acquire().await.unwrap();
    forget(&nodes[0], "a").await;
    sleep(TTL / 3 + ms(10)).await;
    lease.release().await.unwrap();
    for _ in 0..60 {
        assert_eq!(lives(&nodes, "a").await, [Duration::ZERO; 3]);
        sleep(ms(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_put_back_remembers_the_last_token() {
    let nodes = nodes(3);
    let locks = locks(&nodes);
    let lease = locks.lock("a").try_acquire().await.unwrap();
    nodes[0].query::<()>(cmd("DEL").arg(owner("a")).arg("redfleet:lock:{a}:token")).await.unwrap();
    sleep(secs(11)).await;
    let token: u64 = nodes[0].query(cmd("GET").arg("redfleet:lock:{a}:token")).await.unwrap();
    // That of the last to whom it may be handed on in this process: 8, unless it is said.
    assert_eq!(token, lease.fence().get() + 8);
    lease.release().await.unwrap();
}

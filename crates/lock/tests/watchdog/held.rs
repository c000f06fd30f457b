//! What is held while nothing is wrong.

use std::time::Duration;

use redfleet_core::test_util::simulation::Scenario;
use redfleet_lock::Error;
use tokio::time::{sleep, timeout};

use super::world::{client, life, lives, locks, ms, nodes, secs, stores};

#[tokio::test(start_paused = true)]
async fn a_lease_is_extended_for_as_long_as_it_is_held_and_never_after_its_release() {
    for count in [1, 3, 5] {
        let nodes = nodes(count);
        let locks = locks(&nodes);
        let lease = locks.lock("a").try_acquire().await.unwrap();
        for _ in 0..600 {
            sleep(ms(5_900)).await;
            let lives = lives(&nodes, "a").await;
            assert!(lives.iter().all(|life| *life >= secs(19)), "{lives:?}");
            assert!(lease.remaining() >= secs(19));
        }
        lease.release().await.unwrap();
        for _ in 0..60 {
            assert_eq!(lives(&nodes, "a").await, vec![Duration::ZERO; count]);
            sleep(secs(1)).await;
        }
        assert!(matches!(lease.extend().await, Err(Error::Released { .. })));
        assert_eq!(lives(&nodes, "a").await, vec![Duration::ZERO; count]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_may_be_shorter_than_a_second() {
    let nodes = nodes(3);
    let locks = locks(&nodes);
    let long = locks.lock("long").try_acquire().await.unwrap();
    sleep(ms(100)).await;
    let short = locks.lock("short").ttl(ms(60)).try_acquire().await.unwrap();
    sleep(secs(100)).await;
    assert!(short.remaining() > ms(30) && long.remaining() > secs(19));
}

#[tokio::test(start_paused = true)]
async fn nobody_extends_an_unattended_lease_but_whoever_asks_for_it() {
    let nodes = nodes(3);
    let locks = locks(&nodes);
    let lease = locks.lock("a").unattended().try_acquire().await.unwrap();
    sleep(secs(20)).await;
    assert!(lives(&nodes, "a").await.iter().all(|life| *life == secs(10)));
    let left = lease.extend().await.unwrap();
    assert_eq!(left, ms(29_698));
    assert_eq!(left, lease.remaining());
    assert!(lives(&nodes, "a").await.iter().all(|life| *life == secs(30)));
    assert!(timeout(ms(29_690), lease.lost()).await.is_err());
    assert!(timeout(ms(20), lease.lost()).await.is_ok(), "its end is noticed all the same");
    assert!(matches!(lease.extend().await, Err(Error::Lost { .. })));
    assert!(life(&nodes[0], "a").await > Duration::ZERO, "before it ends on any server");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_lost_when_it_was_held_for_as_long_as_it_may_be() {
    for (ttl, max_hold) in [(30, 100), (30, 30), (30, 10), (5, 7)] {
        let nodes = nodes(3);
        let locks = locks(&nodes);
        let lease = locks.lock("a").ttl(secs(ttl)).max_hold(secs(max_hold)).try_acquire().await.unwrap();
        assert!(timeout(secs(max_hold) - ms(5), lease.lost()).await.is_err(), "{ttl} {max_hold}");
        assert!(lease.extend().await.unwrap() <= ms(5), "not past its end");
        assert!(timeout(ms(10), lease.lost()).await.is_ok(), "{ttl} {max_hold}");
        assert_eq!(lease.remaining(), Duration::ZERO);
        let lives = lives(&nodes, "a").await;
        assert!(lives.iter().all(|life| *life <= ms(310)), "the servers do not keep it: {lives:?}");
        assert!(matches!(lease.extend().await, Err(Error::Lost { .. })));
    }
}

#[test]
fn all_leases_of_a_process_are_extended_by_one_batch_a_server() {
    let scenario = Scenario::new("all_leases_of_a_process_are_extended_by_one_batch_a_server");
    scenario.clients(1).seeds(5).run(|world| async move {
        let locks = client(&world, 0).await;
        let mut leases = Vec::new();
        for group in 0..10 {
            let taken = (0..10).map(|number| {
                let request = locks.lock(format!("b{}", group * 10 + number)).ttl(secs(6));
                async move { request.try_acquire().await.unwrap() }
            });
            leases.extend(futures::future::join_all(taken).await);
            sleep(ms(20)).await;
        }
        // Until they are on the servers too that were not asked first.
        sleep(ms(60)).await;
        world.quiet().await;
        let before = batches(&world.trace());
        sleep(secs(7)).await;
        world.quiet().await;
        let after = batches(&world.trace());
        assert!(leases.iter().all(|lease| lease.remaining() > secs(3)));
        for node in 0..3 {
            let sent = after[node] - before[node];
            assert_eq!(sent, 3, "in 7 s, every 2 s: {}", world.trace());
        }
        for number in 0..100 {
            let lives = lives(&stores(&world), &format!("b{number}")).await;
            assert!(lives.iter().all(|life| *life > secs(3)), "{lives:?}");
        }
        Ok(())
    });
}

/// How many batches were sent to each node.
fn batches(trace: &str) -> Vec<usize> {
    let sent = |node: usize| {
        let node = format!("n{node}");
        let is_sent = |line: &&str| line.contains("batch") && line.contains(&node) && line.contains('>');
        trace.lines().filter(is_sent).count()
    };
    (0..3).map(sent).collect()
}

//! What is done with leases by several tasks at the same time. Where only threads can meet, it is done often.

use redfleet_core::{BackendExt, Embedded, Fleet};
use redfleet_lock::{Error, Locks};
use redis::cmd;
use tokio::time::sleep;

use super::{OWNER, assert_nobody_holds, ms, scripts, taps, warm_locks};
use redfleet_core::test_util::Link;

/// How often threads are let loose on each other.
const OFTEN: usize = 3_000;

fn node_and_locks() -> (Embedded, impl Fn() -> Locks) {
    let node = Embedded::new();
    let shared = node.shared();
    let locks = move || {
        let fleet = Fleet::builder().node("n0", std::sync::Arc::clone(&shared)).build().unwrap();
        Locks::builder(fleet).new_fleet().build().unwrap()
    };
    (node, locks)
}

async fn owner(node: &Embedded) -> Option<String> {
    node.shared().query(cmd("GET").arg(OWNER)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_handed_on_while_it_is_released_by_its_id_is_held_by_nobody() {
    let (node, locks) = node_and_locks();
    let locks = locks();
    for _ in 0..OFTEN {
        let first = locks.lock("a").acquire().await.unwrap();
        let id = first.id().clone();
        let next = tokio::spawn(locks.lock("a").acquire());
        tokio::task::yield_now().await;
        let by_id = tokio::spawn({
            let (locks, id) = (locks.clone(), id.clone());
            async move { locks.release("a", &id).await }
        });
        drop(first.release().await);
        drop(by_id.await.unwrap());
        let next = next.await.unwrap().unwrap();
        if *next.id() == id {
            assert!(next.remaining().is_zero(), "it relies on what the server has given up");
        } else {
            assert_eq!(owner(&node).await.as_deref(), Some(next.id().as_str()));
        }
        drop(next.release().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_handed_a_lock_can_extend_it_at_once() {
    let (_node, locks) = node_and_locks();
    let locks = locks();
    for _ in 0..OFTEN {
        let first = locks.lock("a").acquire().await.unwrap();
        let request = locks.lock("a");
        let next = tokio::spawn(async move {
            let lease = request.acquire().await.unwrap();
            lease.extend().await.map(|_| lease)
        });
        tokio::task::yield_now().await;
        drop(first.release().await);
        let next = next.await.unwrap();
        assert!(next.is_ok(), "{next:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_granted_during_a_shutdown_is_given_back_before_that_is_over() {
    let (node, locks) = node_and_locks();
    for _ in 0..OFTEN / 3 {
        let locks = locks();
        let taken = tokio::spawn(locks.lock("a").try_acquire());
        let waited = tokio::spawn(locks.lock("a").acquire());
        tokio::task::yield_now().await;
        locks.shutdown().await;
        assert_eq!(owner(&node).await, None);
        for lease in [taken.await.unwrap(), waited.await.unwrap()] {
            match lease {
                Ok(lease) => assert!(lease.remaining().is_zero()),
                Err(error) => assert!(
                    matches!(error, Error::Shutdown | Error::Held { .. } | Error::TimedOut { .. }),
                    "{error}"
                ),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_shutdown_waits_until_nothing_is_put_back_any_more() {
    for first_goes_away in [true, false] {
        let taps = taps(3);
        let locks = warm_locks(&taps).await;
        let lease = locks.lock("a").try_acquire().await.unwrap();
        let lacking = taps.iter().position(|tap| tap.scripts_about(OWNER) == 0).unwrap();
        // The copy for the third server is on its way for long, and what is sent later overtakes it.
        taps[lacking].set(Link::Late(ms(200)));
        sleep(ms(50)).await;
        taps[lacking].set(Link::Up);
        let first = tokio::spawn({
            let locks = locks.clone();
            async move { locks.shutdown().await }
        });
        sleep(ms(1)).await;
        if first_goes_away {
            first.abort();
        }
        locks.shutdown().await;
        scripts(&taps);
        assert_nobody_holds(&taps).await;
        sleep(ms(1_000)).await;
        assert_eq!(scripts(&taps), [0; 3], "{first_goes_away}: something went on");
        assert_nobody_holds(&taps).await;
        assert!(lease.remaining().is_zero());
    }
}

//! What is left behind by who waits no longer, and who is woken where little tells of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::test_util::{Between, around};
use redfleet_core::{Backend, BackendExt, Clock, Fleet, Messages, Result, Topic};
use redfleet_lock::Locks;
use redis::cmd;
use tokio::time::{Instant, sleep, timeout};

use super::{NAME, SIZES, Servers, ms, settled, waits};

impl Servers {
    /// Who holds the lock on each server.
    async fn owners(&self) -> Vec<Option<String>> {
        let mut owners = Vec::new();
        for store in &self.stores {
            let get = cmd("GET").arg(format!("redfleet:lock:{{{NAME}}}:owner")).take();
            owners.push(store.shared().query(get).await.unwrap());
        }
        owners
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_in_line_is_given_up_with_the_last_who_waits_whoever_took_it() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = theirs.lock(NAME).acquire().await.unwrap();
        for is_shutdown in [false, true] {
            let asks = waits(&ours);
            settled().await;
            let behind = waits(&ours);
            settled().await;
            assert_eq!(servers.lines().await, vec![1; size]);
            if is_shutdown {
                ours.shutdown().await;
            } else {
                asks.abort();
                behind.abort();
                settled().await;
            }
            assert_eq!(servers.lines().await, vec![0; size], "shut down: {is_shutdown}");
        }
        lease.release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_of_the_dead_however_long_costs_nothing() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, alive) = (servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let next = waits(&alive);
        settled().await;
        for dead in 1..=250 {
            servers.put_in_line(dead, &format!("dead{dead}")).await;
        }
        let start = Instant::now();
        lease.release().await.unwrap();
        drop(next.await.unwrap().unwrap());
        assert!(start.elapsed() < ms(5), "{:?} on {size} servers", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_told_of_the_holder_late_is_told_of_its_release_too() {
    let servers = Servers::new(3);
    let (ours, theirs) = (servers.locks(), servers.locks());
    let lease = theirs.lock(NAME).acquire().await.unwrap();
    let waiting = waits(&ours);
    settled().await;
    let me = servers.line(0).await.remove(0);
    lease.release().await.unwrap();
    waiting.await.unwrap().unwrap().release().await.unwrap();
    settled().await;

    let lease = ours.lock(NAME).try_acquire().await.unwrap();
    let not_asked = servers.owners().await.iter().position(Option::is_none).unwrap();
    let wake = cmd("PUBLISH").arg(format!("redfleet:lock:wake:{me}")).arg(format!("wake {me} {NAME}")).take();
    let heard: u64 = servers.stores[not_asked].shared().query(wake).await.unwrap();
    assert_eq!(heard, 1);
    settled().await;
    assert!(servers.owners().await.iter().all(Option::is_some), "it is told who holds the lock");
    lease.release().await.unwrap();
    settled().await;
    assert_eq!(servers.owners().await, vec![None; 3]);
}

#[tokio::test(start_paused = true)]
async fn who_may_hold_it_for_less_than_is_left_does_not_inherit_it_for_others_wait_no_longer_than_that() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let brief = tokio::spawn(ours.lock(NAME).wait(ms(60_000)).max_hold(ms(1_000)).acquire());
        settled().await;
        lease.release().await.unwrap();
        // It hangs.
        std::mem::forget(brief.await.unwrap().unwrap());
        let start = Instant::now();
        theirs.lock(NAME).wait(ms(10_000)).acquire().await.unwrap().release().await.unwrap();
        assert!(start.elapsed() < ms(2_000), "{:?} on {size} servers", start.elapsed());
    }
}

#[derive(Debug)]
struct LateToListen(Duration);

#[async_trait]
impl Between for LateToListen {
    async fn subscribe(&self, behind: &dyn Backend, topics: &[Topic]) -> Result<Messages> {
        sleep(self.0).await;
        behind.subscribe(topics).await
    }
}

#[tokio::test(start_paused = true)]
async fn who_went_to_sleep_before_it_could_hear_looks_again_when_it_can() {
    let servers = Servers::new(1);
    let theirs = servers.locks();
    let late = around(servers.stores[0].shared(), &Arc::new(LateToListen(ms(800))));
    let fleet = Fleet::builder().node("n0", late).build().unwrap();
    let ours = Locks::builder(fleet).new_fleet().clock(Clock::tokio()).build().unwrap();
    for _ in 0..20 {
        ours.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
    }
    let lease = theirs.lock(NAME).acquire().await.unwrap();
    let waiting = waits(&ours);
    sleep(ms(700)).await;
    assert_eq!(servers.lines().await, [1], "it sleeps, and hears nothing yet");
    lease.release().await.unwrap();
    timeout(ms(200), waiting).await.unwrap().unwrap().unwrap().release().await.unwrap();
}

#[test]
fn who_waits_is_woken_also_when_the_runtime_of_who_waited_first_has_ended() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, other) = (runtime(), runtime());
    let (ours, lease) = first.block_on(async {
        let servers = Servers::new(1);
        let lease = servers.locks().lock(NAME).acquire().await.unwrap();
        (servers.locks(), lease)
    });
    let in_vain = other.block_on(ours.lock(NAME).wait(ms(100)).acquire());
    drop((in_vain.unwrap_err(), other));
    first.block_on(async {
        let waiting = waits(&ours);
        sleep(ms(500)).await;
        assert!(!waiting.is_finished());
        lease.release().await.unwrap();
        timeout(ms(10_000), waiting).await.unwrap().unwrap().unwrap().release().await.unwrap();
    });
}

#[test]
fn what_is_held_is_extended_also_when_the_runtime_of_who_held_something_first_has_ended() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (home, other) = (runtime(), runtime());
    let ours = home.block_on(async { Servers::new(1).locks() });
    let there = other.block_on(ours.lock("there").acquire()).unwrap();
    let lease = home.block_on(ours.lock(NAME).ttl(ms(600)).acquire()).unwrap();
    drop((other, there));
    home.block_on(async { sleep(ms(1_500)).await });
    assert!(!lease.remaining().is_zero());
}

#[test]
fn what_is_held_is_extended_also_when_the_runtime_where_the_locks_were_built_has_ended() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (home, other) = (runtime(), runtime());
    let ours = home.block_on(async { Servers::new(1).locks() });
    drop(home);
    let lease = other.block_on(ours.lock(NAME).ttl(ms(600)).try_acquire()).unwrap();
    other.block_on(async { sleep(ms(1_500)).await });
    assert!(!lease.remaining().is_zero());
}

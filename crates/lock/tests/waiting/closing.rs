//! Who waits when the locks are shut down, when the servers are gone, and when little is left of a lease.

use std::pin::pin;

use redfleet_core::test_util::Link;
use redfleet_lock::Error;
use tokio::time::{Instant, sleep, timeout};

use super::{NAME, SIZES, Servers, ms, settled, waits};

#[tokio::test(start_paused = true)]
async fn a_shutdown_wakes_all_who_wait_at_once_and_they_leave_the_line() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = theirs.lock(NAME).acquire().await.unwrap();
        let waiting = [waits(&ours), waits(&ours), waits(&ours)];
        settled().await;
        assert_eq!(servers.lines().await, vec![1; size]);
        let start = Instant::now();
        ours.shutdown().await;
        assert_eq!(servers.lines().await, vec![0; size], "and the shutdown waits for that");
        for waiter in waiting {
            assert!(matches!(waiter.await.unwrap(), Err(Error::Shutdown)));
        }
        assert!(start.elapsed() < ms(20), "{:?}", start.elapsed());
        lease.release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_permit_or_a_rate_is_woken_by_a_shutdown_too() {
    let servers = Servers::new(3);
    let (ours, theirs) = (servers.locks(), servers.locks());
    let permit = theirs.limiter(NAME, 1).acquire().await.unwrap();
    let mails = ours.rate("mails", redfleet_lock::Rate::per(1, ms(50_000))).wait(ms(60_000));
    mails.try_take(1).await.unwrap();
    let (permits, rate) = (tokio::spawn(ours.limiter(NAME, 1).acquire()), tokio::spawn(mails.take(1)));
    settled().await;
    ours.shutdown().await;
    assert!(matches!(timeout(ms(20), permits).await.unwrap().unwrap(), Err(Error::Shutdown)));
    assert!(matches!(timeout(ms(20), rate).await.unwrap().unwrap(), Err(Error::Shutdown)));
    assert!(matches!(mails.try_take(1).await, Err(Error::Shutdown)));
    assert!(matches!(ours.limiter(NAME, 1).try_acquire().await, Err(Error::Shutdown)));
    permit.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_was_handed_to_a_waiter_who_never_looked_is_given_back_by_a_shutdown() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let mut next = pin!(ours.lock(NAME).acquire());
        assert!(futures::poll!(&mut next).is_pending());
        assert_eq!(lease.release().await.unwrap().on, 0, "it was handed on");
        ours.shutdown().await;
        theirs.lock(NAME).try_acquire().await.unwrap().release().await.unwrap();
        let late = next.await.unwrap();
        assert!(late.remaining().is_zero(), "whoever takes it up then has nothing");
        settled().await;
        theirs.lock(NAME).try_acquire().await.unwrap().release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_has_the_lock_soon_after_its_servers_are_back() {
    for size in SIZES {
        let servers = Servers::new(size);
        let locks = servers.locks();
        locks.lock("warm").acquire().await.unwrap().release().await.unwrap();
        servers.links.iter().for_each(|link| link.set(Link::Refused));
        let waiter = tokio::spawn(locks.lock(NAME).wait(ms(600_000)).acquire());
        sleep(ms(120_000)).await;
        servers.links.iter().for_each(|link| link.set(Link::Up));
        let start = Instant::now();
        let lease = waiter.await.unwrap().unwrap();
        assert!(start.elapsed() <= ms(1_100), "{size}: {:?}", start.elapsed());
        lease.release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn of_which_little_is_left_goes_back_to_the_servers_and_the_next_one_has_a_whole_ttl() {
    let servers = Servers::new(3);
    let locks = servers.locks();
    for (held, hand_overs) in [(ms(300), true), (ms(700), false)] {
        let lease = locks.lock(NAME).ttl(ms(1_800)).unattended().acquire().await.unwrap();
        let next = tokio::spawn(locks.lock(NAME).ttl(ms(1_800)).unattended().acquire());
        sleep(held).await;
        assert_eq!(lease.release().await.unwrap().on == 0, hand_overs, "{held:?}");
        let next = next.await.unwrap().unwrap();
        assert!(next.remaining() > ms(1_200), "{held:?}: {:?}", next.remaining());
        next.release().await.unwrap();
        settled().await;
    }
}

//! Leases of one owner on one hold: each ends by itself.

use futures::FutureExt;
use redfleet_lock::{Error, Owner};
use std::time::Duration;
use tokio::time::sleep;

use super::{assert_nobody_holds, ms, taps, warm_locks};

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_given_back_says_so_whatever_becomes_of_the_others_of_its_owner() {
    for inner_first in [true, false] {
        let taps = taps(3);
        let (locks, owner) = (warm_locks(&taps).await, Owner::new());
        let request = locks.lock("a").owner(&owner);
        let (outer, inner) = (request.try_acquire().await.unwrap(), request.acquire().await.unwrap());
        let (gone, left) = if inner_first { (inner, outer) } else { (outer, inner) };
        assert_eq!(gone.id(), left.id());
        let (token, mut lost) = (gone.cancellation_token(), Box::pin(gone.lost()));
        let (token_left, lost_left) = (left.cancellation_token(), left.lost());
        assert!((&mut lost).now_or_never().is_none());

        let released = gone.release().await.unwrap();
        assert_eq!((released.on, released.was_held), (0, true));
        assert_eq!(gone.remaining(), Duration::ZERO);
        assert!(left.remaining() > ms(1_000) && left.extend().await.unwrap() > ms(1_000));
        assert!(matches!(gone.extend().await, Err(Error::Released { .. })));
        assert!(matches!(gone.release().await, Err(Error::Released { .. })));
        assert!(format!("{gone:?}").contains("remaining: 0ns"), "{gone:?}");

        // The other one is lost: that is not its affair any more.
        locks.release("a", left.id()).await.unwrap();
        lost_left.await;
        assert!(token_left.is_cancelled() && left.remaining().is_zero());
        assert!(matches!(left.extend().await, Err(Error::Lost { .. })));
        sleep(ms(2_000)).await;
        assert!((&mut lost).now_or_never().is_none(), "after a release it never ends");
        assert!(!token.is_cancelled() && !gone.cancellation_token().is_cancelled());
        assert!(matches!(gone.extend().await, Err(Error::Released { .. })));
        assert!(!left.release().await.unwrap().was_held);
        assert_nobody_holds(&taps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_lost_before_it_was_given_back_stays_lost() {
    let taps = taps(3);
    let (locks, owner) = (warm_locks(&taps).await, Owner::new());
    let request = locks.lock("a").owner(&owner).ttl(ms(500)).unattended();
    let (outer, inner) = (request.try_acquire().await.unwrap(), request.try_acquire().await.unwrap());
    let early = inner.cancellation_token();
    sleep(ms(600)).await;
    assert!(!inner.release().await.unwrap().was_held);
    inner.lost().await;
    assert!(early.is_cancelled() && inner.cancellation_token().is_cancelled());
    assert!(matches!(inner.extend().await, Err(Error::Lost { .. })));
    assert!(!outer.release().await.unwrap().was_held);
}

#[tokio::test(start_paused = true)]
async fn an_extension_that_is_under_way_when_its_lease_is_given_back_says_so() {
    let taps = taps(3);
    let (locks, owner) = (warm_locks(&taps).await, Owner::new());
    let request = locks.lock("a").owner(&owner);
    let (outer, inner) = (request.try_acquire().await.unwrap(), request.try_acquire().await.unwrap());
    let mut extension = Box::pin(inner.extend());
    assert!(futures::poll!(&mut extension).is_pending());
    inner.release().await.unwrap();
    assert!(matches!(extension.await, Err(Error::Released { .. })));
    assert!(!outer.remaining().is_zero());
}

//! What a failed attempt may have taken is given back, whoever made it and whatever the servers do then.

use redfleet_lock::Error;
use tokio::time::sleep;

use super::tap::Tap;
use super::{OWNER, TOKEN, assert_nobody_holds, locks, ms, owners, scripts, taps, warm_locks};
use redfleet_core::test_util::Link;

const LINE: &str = "redfleet:lock:{a}:line";

/// Locks whose waiters take places in line: they have subscribed.
async fn standing_locks(taps: &[Tap]) -> redfleet_lock::Locks {
    let (ours, theirs) = (warm_locks(taps).await, locks(taps));
    let held = theirs.lock("elsewhere").try_acquire().await.unwrap();
    let waited = ours.lock("elsewhere").wait(ms(30)).acquire().await;
    assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    held.release().await.unwrap();
    sleep(ms(500)).await;
    scripts(taps);
    ours
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_goes_away_gives_back_what_it_took_also_where_that_is_not_answered() {
    for (fault, lasts) in [(Link::Refused, ms(100)), (Link::LosesReplies, ms(100)), (Link::Hung, ms(700))] {
        for goes_away in [true, false] {
            let taps = taps(3);
            let (ours, theirs) = (warm_locks(&taps).await, standing_locks(&taps).await);
            let lease = ours.lock("a").ttl(ms(30_000)).try_acquire().await.unwrap();
            sleep(ms(45)).await;
            // One has forgotten it, and grants it at once; the others say no a while later.
            taps[2].forget(OWNER).await;
            taps[0].set(Link::Late(ms(10)));
            taps[1].set(Link::Late(ms(10)));
            let waiter = tokio::spawn(theirs.lock("a").wait(ms(1_900)).acquire());
            sleep(ms(5)).await;
            assert!(taps[2].get(OWNER).await.is_some(), "it was granted there");
            taps[2].set(fault);
            sleep(ms(7)).await;
            if goes_away {
                waiter.abort();
            }
            sleep(lasts).await;
            taps.iter().for_each(|tap| tap.set(Link::Up));
            sleep(ms(2_000)).await;
            let id = Some(lease.id().to_string());
            let after = owners(&taps).await;
            assert_eq!(after[..2], [id.clone(), id.clone()], "{fault:?}, {goes_away}");
            assert!(
                after[2].is_none() || after[2] == id,
                "{fault:?}, {goes_away}: somebody who is gone has it"
            );
            drop(lease);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_that_failed_after_it_had_written_is_given_back_by_those_who_wait_too() {
    for servers in [1, 3] {
        let taps = taps(servers);
        let locks = standing_locks(&taps).await;
        for tap in &taps {
            // No line at all: the script that takes the lock fails when it leaves it, which is the last thing that it does.
            tap.set_key(LINE, "odd").await;
        }
        let failed = locks.lock("a").wait(ms(200)).acquire().await;
        assert!(matches!(failed, Err(Error::TimedOut { .. })), "{failed:?}");
        sleep(ms(1_000)).await;
        assert_nobody_holds(&taps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_granted_before_the_greatest_token_could_not_be_written_back_is_given_back_by_a_waiter() {
    let taps = taps(3);
    let locks = standing_locks(&taps).await;
    taps[0].set_key(TOKEN, 5_000_000_000_000_000_u64).await;
    taps[1].set(Link::LateReplies(ms(10)));
    taps[2].set(Link::Refused);
    let waiter = tokio::spawn(locks.lock("a").wait(ms(20_000)).acquire());
    sleep(ms(5)).await;
    // Both have granted it; before the second is heard, nothing can be sent to either.
    taps[0].set(Link::Refused);
    taps[1].set(Link::Refused);
    sleep(ms(10)).await;
    waiter.abort();
    sleep(ms(10)).await;
    assert_eq!(owners(&taps).await.iter().flatten().count(), 2);
    taps.iter().for_each(|tap| tap.set(Link::Up));
    sleep(ms(1_000)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn who_was_asked_only_because_others_votes_did_not_count_is_given_back_to_as_well() {
    let pairs = (0..5).flat_map(|one| (0..5).map(move |other| (one, other)));
    for (gone, late) in pairs.filter(|(one, other)| one != other) {
        let taps = taps(5);
        let locks = warm_locks(&taps).await;
        taps[gone].set(Link::Refused);
        // It has to be enlisted first, and cannot be.
        taps[late].reconnect();
        taps[late].set(Link::Refused);
        let granting: Vec<_> = (0..5).filter(|place| ![gone, late].contains(place)).collect();
        taps[granting[0]].set(Link::Late(ms(10)));
        let attempt = tokio::spawn(locks.lock("a").try_acquire());
        sleep(ms(5)).await;
        // Two of three votes are those of connections that are gone, and now the other one can be asked.
        taps[granting[1]].reconnect();
        taps[granting[2]].reconnect();
        taps[late].set(Link::Up);
        let denied = attempt.await.unwrap();
        assert!(matches!(denied, Err(Error::Unreachable { .. })), "{gone} {late}: {denied:?}");
        taps.iter().for_each(|tap| tap.set(Link::Up));
        sleep(ms(1_000)).await;
        assert_nobody_holds(&taps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_for_a_wake_that_came_late_is_taken_away_again_also_where_that_is_not_answered() {
    let taps = taps(3);
    let (ours, theirs) = (warm_locks(&taps).await, standing_locks(&taps).await);
    for name in ["b", "c", "d", "e", "f"] {
        // Until each server has the script that writes what it was not asked for.
        let lease = theirs.lock(name).try_acquire().await.unwrap();
        sleep(ms(45)).await;
        lease.release().await.unwrap();
    }
    let held = ours.lock("a").try_acquire().await.unwrap();
    sleep(ms(45)).await;
    let waiter = tokio::spawn(theirs.lock("a").acquire());
    sleep(ms(5)).await;
    // Two servers hand it on at once, the third later: then it is told who has it by now.
    taps[2].set(Link::Late(ms(20)));
    held.release().await.unwrap();
    let lease = waiter.await.unwrap().unwrap();
    sleep(ms(5)).await;
    taps[2].set(Link::Late(ms(50)));
    sleep(ms(25)).await;
    // The release overtakes that.
    taps[2].set(Link::Up);
    lease.release().await.unwrap();
    sleep(ms(30)).await;
    taps[2].set(Link::Refused);
    sleep(ms(20)).await;
    assert_eq!(taps[2].get(OWNER).await, Some(lease.id().to_string()), "it came after the release");
    taps[2].set(Link::Up);
    sleep(ms(1_000)).await;
    assert_nobody_holds(&taps).await;
}

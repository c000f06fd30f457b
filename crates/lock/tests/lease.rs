//! What an acquisition leaves on the servers, whatever goes wrong: on one server, three and five, in paused time.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

#[path = "lease/at_once.rs"]
mod at_once;
#[path = "lease/majority.rs"]
mod majority;
#[path = "lease/put_back.rs"]
mod put_back;
#[path = "lease/shared.rs"]
mod shared;
#[path = "lease/tap.rs"]
mod tap;

use std::cell::Cell;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use redfleet_core::test_util::{Link, SimulatedClock};
use redfleet_core::{Clock, Fleet};
use redfleet_lock::{Error, Fence, LeaseId, Locks};
use tap::Tap;
use tokio::time::{Instant, sleep, timeout};

const OWNER: &str = "redfleet:lock:{a}:owner";
const TOKEN: &str = "redfleet:lock:{a}:token";

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn taps(servers: usize) -> Vec<Tap> {
    (0..servers).map(|_| Tap::new()).collect()
}

fn locks(taps: &[Tap]) -> Locks {
    let named = taps.iter().enumerate();
    let fleet =
        named.fold(Fleet::builder(), |fleet, (place, tap)| fleet.node(format!("n{place}"), tap.shared()));
    // Of the test's own thread: what other tests do at the same time changes no seed.
    thread_local! {
        static CLIENTS: Cell<u64> = const { Cell::new(0) };
    }
    let seed = CLIENTS.replace(CLIENTS.get() + 1);
    Locks::builder(fleet.build().unwrap()).new_fleet().clock(Clock::tokio()).seed(seed).build().unwrap()
}

/// Locks whose servers are enlisted and have the scripts, and whose round trip is known.
async fn warm_locks(taps: &[Tap]) -> Locks {
    let locks = locks(taps);
    for _ in 0..8 {
        locks.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
    }
    sleep(ms(500)).await;
    scripts(taps);
    locks
}

/// How many scripts each server was sent since this was asked last.
fn scripts(taps: &[Tap]) -> Vec<usize> {
    taps.iter().map(Tap::scripts).collect()
}

/// Who holds the lock on each server.
async fn owners(taps: &[Tap]) -> Vec<Option<String>> {
    let mut owners = Vec::new();
    for tap in taps {
        owners.push(tap.get(OWNER).await);
    }
    owners
}

async fn assert_nobody_holds(taps: &[Tap]) {
    assert_eq!(owners(taps).await, vec![None; taps.len()]);
}

#[tokio::test(start_paused = true)]
async fn a_lock_costs_one_script_a_server_and_so_does_its_release() {
    for servers in [1, 3, 5] {
        let taps = taps(servers);
        let locks = warm_locks(&taps).await;
        let lease = locks.lock("a").try_acquire().await.unwrap();
        assert_eq!(scripts(&taps).iter().sum::<usize>(), servers / 2 + 1, "a majority");
        sleep(ms(45)).await;
        // The others have it by then, in a batch.
        assert_eq!(scripts(&taps), vec![0; servers]);
        assert_eq!(owners(&taps).await, vec![Some(lease.id().to_string()); servers]);
        let released = lease.release().await.unwrap();
        assert!(released.was_held && released.on > servers / 2, "{released:?}");
        sleep(ms(1_000)).await;
        assert_eq!(scripts(&taps), vec![1; servers], "nothing is repeated where all have answered");
        assert_nobody_holds(&taps).await;
        assert!(matches!(lease.release().await, Err(Error::Released { .. })));
        drop(lease);
        sleep(ms(1_000)).await;
        assert_eq!(scripts(&taps), vec![0; servers], "what was released is not released again");
    }
}

#[tokio::test(start_paused = true)]
async fn servers_that_gave_other_tokens_are_told_the_greatest_which_is_one_more_script_each() {
    for (counters, written_back) in [
        (vec![1, 1, 1], false),
        // Two gave the same, so that a majority knows it.
        (vec![4_000_000_000_000_000, 4_000_000_000_000_000, 1], false),
        (vec![5_000_000_000_000_000, 4_000_000_000_000_000, 1], true),
        (vec![1, 4_000_000_000_000_000, 1], true),
    ] {
        let taps = taps(3);
        let locks = warm_locks(&taps).await;
        for (tap, counter) in taps.iter().zip(&counters) {
            tap.set_key(TOKEN, counter).await;
        }
        // The first two are those that decide.
        taps[2].set(Link::Late(ms(5)));
        let lease = locks.lock("a").try_acquire().await.unwrap();
        sleep(ms(20)).await;
        let expected = if written_back { 2 } else { 1 };
        assert_eq!(scripts(&taps), vec![expected; 3], "{counters:?}");
        if counters[0].max(counters[1]) > 1 {
            assert_eq!(lease.fence(), Fence::new(counters[0].max(counters[1]) + 1));
        }
        let mut known = 0;
        for tap in &taps {
            let token: u64 = tap.get(TOKEN).await.unwrap().parse().unwrap();
            known += usize::from(token >= lease.fence().get());
        }
        assert!(known >= 2, "a majority knows {}", lease.fence());
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_back_that_reaches_no_majority_is_no_lock_and_leaves_nothing() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    taps[0].set_key(TOKEN, 5_000_000_000_000_000_u64).await;
    taps[2].set(Link::Refused);
    // The second server's grant arrives, and then its connection hangs.
    taps[1].set(Link::LateReplies(ms(10)));
    let request = locks.lock("a");
    let attempt = request.try_acquire();
    let cut = async {
        sleep(ms(5)).await;
        taps[1].set(Link::Refused);
        pending::<()>().await;
    };
    let denied = tokio::select! { denied = attempt => denied, () = cut => unreachable!() };
    assert!(matches!(denied, Err(Error::Unreachable { .. })), "{denied:?}");
    for tap in &taps {
        tap.set(Link::Up);
    }
    sleep(ms(500)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_is_repeated_where_it_was_not_answered_and_nowhere_else() {
    for fault in [Link::Hung, Link::Refused, Link::LosesReplies, Link::Silent] {
        let taps = taps(3);
        let locks = warm_locks(&taps).await;
        let lease = locks.lock("a").try_acquire().await.unwrap();
        sleep(ms(45)).await;
        scripts(&taps);
        taps[2].set(fault);
        lease.release().await.unwrap();
        sleep(ms(100)).await;
        assert_eq!(scripts(&taps), [1, 1, 1], "{fault:?}");
        sleep(ms(70)).await;
        assert_eq!(scripts(&taps), [0, 0, 1], "{fault:?}: after 150 ms");
        taps[2].set(Link::Up);
        sleep(ms(300)).await;
        // What hung has been answered since.
        let again = usize::from(fault != Link::Hung);
        assert_eq!(scripts(&taps), [0, 0, again], "{fault:?}: after 450 ms");
        sleep(ms(2_000)).await;
        assert_eq!(scripts(&taps), [0, 0, 0], "{fault:?}: and no more");
        assert_nobody_holds(&taps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_too_few_confirm_says_so_and_the_lease_is_over_all_the_same() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let lease = locks.lock("a").ttl(ms(5_000)).try_acquire().await.unwrap();
    // Until it is on the third server too.
    sleep(ms(60)).await;
    taps[1].set(Link::Refused);
    taps[2].set(Link::Refused);
    let error = lease.release().await.unwrap_err();
    let Error::Unconfirmed { answers, ttl, .. } = &error else { panic!("{error}") };
    // Two that refuse settle it, before the third has answered.
    assert_eq!((answers.missing().count(), *ttl), (3, ms(5_000)));
    assert_eq!(lease.remaining(), Duration::ZERO);
    assert!(lease.lost().now_or_never().is_none(), "it was released, not lost");
    taps[1].set(Link::Up);
    taps[2].set(Link::Up);
    sleep(ms(500)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_lost_is_released_on_the_servers_too() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let lease = locks.lock("a").ttl(ms(1_000)).unattended().try_acquire().await.unwrap();
    sleep(ms(20)).await;
    for tap in &taps {
        // What is there still has this id, and longer than we believe.
        tap.set_key(OWNER, lease.id()).await;
    }
    let token = lease.cancellation_token();
    let lost = lease.lost();
    timeout(ms(2_000), lost).await.unwrap();
    assert!(token.is_cancelled());
    assert_eq!(lease.remaining(), Duration::ZERO);
    let released = lease.release().await.unwrap();
    assert!(!released.was_held);
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_lost_by_its_own_time_before_any_server_forgets_it() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let start = Instant::now();
    let lease = locks.lock("a").ttl(ms(1_000)).unattended().try_acquire().await.unwrap();
    let lost = tokio::spawn(lease.lost());
    sleep(ms(980)).await;
    assert!(!lost.is_finished() && !lease.remaining().is_zero());
    lost.await.unwrap();
    // 1 s less two clocks' drift of half a per cent and 2 ms.
    assert!((ms(987)..=ms(990)).contains(&start.elapsed()), "{:?}", start.elapsed());
    // The third has a copy, which lives no longer than the lease protects.
    let holding =
        owners(&taps).await.into_iter().filter(|owner| owner.as_deref() == Some(lease.id().as_str()));
    assert_eq!(holding.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_leaves_nothing_and_asks_those_again_that_have_nothing_for_nothing() {
    for servers in [3, 5] {
        let taps = taps(servers);
        let (ours, theirs) = (warm_locks(&taps).await, warm_locks(&taps).await);
        let lease = ours.lock("a").try_acquire().await.unwrap();
        sleep(ms(20)).await;
        scripts(&taps);
        for tap in &taps[servers / 2 + 1..] {
            // The others have forgotten it.
            tap.set_key(OWNER, "").await;
        }
        for tap in &taps {
            tap.set(Link::Late(ms(1)));
        }
        let denied = theirs.lock("a").try_acquire().await;
        assert!(matches!(denied, Err(Error::Held { .. })), "{denied:?}");
        sleep(ms(1_000)).await;
        let busy = scripts(&taps);
        assert!(busy[..=servers / 2].iter().all(|sent| *sent <= 1), "who said no is not told of a release");
        lease.release().await.unwrap();
        sleep(ms(20)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_minority_granted_is_given_back_when_the_majority_is_busy_or_gone() {
    for fault in [None, Some(Link::Refused), Some(Link::Hung), Some(Link::LosesReplies), Some(Link::Silent)] {
        let taps = taps(3);
        let (ours, theirs) = (warm_locks(&taps).await, warm_locks(&taps).await);
        let lease = ours.lock("a").try_acquire().await.unwrap();
        sleep(ms(45)).await;
        for tap in &taps[..2] {
            tap.set(fault.unwrap_or(Link::Up));
        }
        // The third has forgotten it.
        taps[2].forget(OWNER).await;
        let denied = theirs.lock("a").try_acquire().await;
        match fault {
            None => assert!(matches!(denied, Err(Error::Held { .. })), "{denied:?}"),
            Some(_) => assert!(matches!(denied, Err(Error::Unreachable { .. })), "{denied:?}"),
        }
        for tap in &taps {
            tap.set(Link::Up);
        }
        sleep(ms(1_000)).await;
        let id = Some(lease.id().to_string());
        assert_eq!(owners(&taps).await, [id.clone(), id, None], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_comes_after_its_attempt_has_failed_is_given_back() {
    // The attempt arrives after its own release, which a retry, a script's text or a second connection can bring about.
    let taps = taps(3);
    let (ours, theirs) = (warm_locks(&taps).await, warm_locks(&taps).await);
    let lease = ours.lock("a").try_acquire().await.unwrap();
    sleep(ms(20)).await;
    taps[2].set(Link::Late(ms(30)));
    taps[2].forget(OWNER).await;
    let denied = theirs.lock("a").try_acquire().await;
    assert!(matches!(denied, Err(Error::Held { .. })), "{denied:?}");
    // The attempt is still on its way; what is sent from now on overtakes it.
    taps[2].set(Link::Up);
    sleep(ms(5)).await;
    assert_eq!(owners(&taps).await[2], None);
    sleep(ms(400)).await;
    let id = Some(lease.id().to_string());
    assert_eq!(owners(&taps).await, [id.clone(), id, None]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_caller_goes_away_at_any_time_leaves_nothing() {
    for servers in [1, 3] {
        for link in [Link::Up, Link::Late(ms(5)), Link::LateReplies(ms(5)), Link::LosesReplies] {
            for warm in [true, false] {
                for polls in 0..24 {
                    let taps = taps(servers);
                    let locks = if warm { warm_locks(&taps).await } else { locks(&taps) };
                    for tap in &taps {
                        tap.set(link);
                    }
                    let request = locks.lock("a");
                    let mut attempt = Box::pin(request.try_acquire());
                    for _ in 0..polls {
                        if futures::poll!(&mut attempt).is_ready() {
                            break;
                        }
                        if link != Link::Up && polls % 2 == 0 {
                            sleep(ms(1)).await;
                        } else {
                            tokio::task::yield_now().await;
                        }
                    }
                    drop(attempt);
                    sleep(ms(1)).await;
                    for tap in &taps {
                        tap.set(Link::Up);
                    }
                    sleep(ms(1_000)).await;
                    assert_nobody_holds(&taps).await;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_vote_whose_connection_is_lost_before_the_verdict_does_not_count() {
    for (others, is_taken) in [(Link::Late(ms(10)), true), (Link::Refused, false)] {
        let taps = taps(3);
        let locks = warm_locks(&taps).await;
        taps[2].set(Link::Late(ms(5)));
        taps[0].set(others);
        let request = locks.lock("a");
        let mut attempt = Box::pin(request.try_acquire());
        assert!(matches!(futures::poll!(&mut attempt), Poll::Pending));
        sleep(ms(2)).await;
        assert!(futures::poll!(&mut attempt).is_pending());
        // The first has voted, and is connected anew before the second votes.
        assert!(taps[1].get(OWNER).await.is_some());
        taps[1].reconnect();
        let taken = attempt.await;
        assert_eq!(taken.is_ok(), is_taken, "{taken:?}");
        drop(taken);
        taps[0].set(Link::Up);
        sleep(ms(1_000)).await;
        assert_nobody_holds(&taps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_granted_when_nothing_of_its_life_is_left_is_too_late_and_given_back() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    for tap in &taps {
        tap.set(Link::LateReplies(ms(30)));
    }
    let denied = locks.lock("a").ttl(ms(30)).try_acquire().await;
    assert!(matches!(denied, Err(Error::TooLate { .. })), "{denied:?}");
    sleep(ms(1)).await;
    assert_nobody_holds(&taps).await;
    assert!(locks.lock("a").ttl(ms(60)).try_acquire().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_dropped_or_whose_release_is_dropped_is_given_back() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    drop(lease);
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    taps[2].set(Link::LosesReplies);
    taps[1].set(Link::Late(ms(10)));
    let mut release = Box::pin(lease.release());
    assert!(futures::poll!(&mut release).is_pending());
    drop(release);
    assert_eq!(lease.remaining(), Duration::ZERO, "it is over at the first poll");
    scripts(&taps);
    sleep(ms(300)).await;
    assert_nobody_holds(&taps).await;
    assert_eq!(scripts(&taps), [0, 0, 1], "and it is repeated where it was not answered");
}

#[test]
fn a_lease_may_be_dropped_where_there_is_no_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let taps = taps(3);
    let (locks, lease) = runtime.block_on(async {
        let locks = locks(&taps);
        let lease = locks.lock("a").try_acquire().await.unwrap();
        (locks, lease)
    });
    std::thread::spawn(move || drop(lease)).join().unwrap();
    runtime.block_on(async {
        locks.shutdown().await;
        assert_nobody_holds(&taps).await;
    });
    // Where there was none when they were built, they are not built.
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_released_by_its_id_also_by_another_process() {
    let taps = taps(3);
    let (ours, theirs) = (warm_locks(&taps).await, warm_locks(&taps).await);
    let lease = ours.lock("a").try_acquire().await.unwrap();
    let error = theirs.release("a", &LeaseId::new("nobody")).await.unwrap_err();
    let Error::NotHolder { answers, .. } = &error else { panic!("{error}") };
    assert!(answers.to_string().contains("another holds it there"), "{answers}");
    let released = theirs.release("a", lease.id()).await.unwrap();
    assert!(released.on >= 2 && !released.was_held, "{released:?}");
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;
    assert!(matches!(theirs.release("a", lease.id()).await, Err(Error::NotHolder { .. })));

    taps[0].set(Link::Hung);
    taps[1].set(Link::Hung);
    assert!(matches!(theirs.release("a", lease.id()).await, Err(Error::Unconfirmed { .. })));
    taps[0].set(Link::Up);
    assert!(matches!(theirs.release("", lease.id()).await, Err(Error::Request { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_this_process_that_is_released_by_its_id_is_lost_at_once() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    let lost = lease.lost();
    assert!(locks.release("a", lease.id()).await.unwrap().was_held);
    assert!(lost.now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_all_back_waits_for_it_and_lets_nothing_new_in() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    let other = locks.lock("b").try_acquire().await.unwrap();
    let lost = lease.lost();
    taps[2].set(Link::LosesReplies);
    sleep(ms(20)).await;
    let start = Instant::now();
    let clone = locks.clone();
    clone.shutdown().await;
    // The third never answers, so that it is told three times.
    assert!((ms(450)..ms(600)).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert!(lost.now_or_never().is_some());
    assert_eq!((lease.remaining(), other.remaining()), (Duration::ZERO, Duration::ZERO));
    assert_nobody_holds(&taps).await;
    assert!(matches!(locks.lock("c").try_acquire().await, Err(Error::Shutdown)));
    assert!(matches!(locks.release("a", lease.id()).await, Err(Error::Shutdown)));
    let start = Instant::now();
    locks.shutdown().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_no_longer_than_until_all_have_answered() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let lease = locks.lock("a").try_acquire().await.unwrap();
    taps[2].set(Link::Late(ms(10)));
    let start = Instant::now();
    assert_eq!(lease.release().await.unwrap().on, 2);
    assert!(start.elapsed() < ms(5), "one that is late is not waited for: {:?}", start.elapsed());
    locks.shutdown().await;
    assert!((ms(9)..ms(20)).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_ever() {
    let taps = taps(3);
    let locks = locks(&taps);
    let lease = locks.lock("a").try_acquire().await.unwrap();
    for tap in &taps {
        tap.set(Link::Hung);
    }
    let start = Instant::now();
    locks.shutdown().await;
    assert!(start.elapsed() <= ms(3_000), "{:?}", start.elapsed());
    assert!(lease.remaining().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_granted_during_a_shutdown_is_lost_and_given_back() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    for tap in &taps {
        tap.set(Link::Late(ms(20)));
    }
    let request = locks.lock("a");
    let (lease, ()) = tokio::join!(request.try_acquire(), async {
        sleep(ms(5)).await;
        locks.shutdown().await;
    });
    let lease = lease.unwrap();
    assert!(lease.remaining().is_zero());
    assert!(lease.lost().now_or_never().is_some());
    sleep(ms(500)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn work_is_done_under_the_lock_and_the_lock_is_free_when_it_is_done() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let request = locks.lock("a");
    let (seen, stashed) = request
        .run(|lease| async {
            sleep(ms(100)).await;
            (owners(&taps).await, lease)
        })
        .await
        .unwrap();
    assert_eq!(seen, vec![Some(stashed.id().to_string()); 3]);
    assert!(stashed.remaining().is_zero(), "also if the work gave the lease to somebody");
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn work_is_dropped_when_the_lock_is_lost() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let (start, alive) = (Instant::now(), Arc::new(()));
    let held = Arc::clone(&alive);
    let work = |lease: Arc<redfleet_lock::Lease>| async move {
        let _held = held;
        sleep(ms(30)).await;
        // As a watchdog that cannot extend it would.
        drop(lease);
        pending::<()>().await;
    };
    let run = locks.lock("a").ttl(ms(500)).unattended().run(work).await;
    assert!(matches!(run, Err(Error::Lost { .. })), "{run:?}");
    assert!(start.elapsed() < ms(500));
    assert_eq!(Arc::strong_count(&alive), 1, "the work was dropped");
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn work_that_never_waits_and_outlasts_its_lock_is_told_so() {
    let clock = SimulatedClock::new(Duration::from_secs(1_700_000_000));
    let fleet = Fleet::builder().node("n0", Tap::new().shared()).build().unwrap();
    let locks = Locks::builder(fleet).new_fleet().clock(clock.clock()).build().unwrap();
    let request = locks.lock("a").ttl(ms(1_000));
    let in_time = request.run(|_lease| async { clock.jump_ms(900) }).await;
    assert!(in_time.is_ok(), "{in_time:?}");
    let too_long = request.run(|_lease| async { clock.jump_ms(990) }).await;
    assert!(matches!(too_long, Err(Error::Lost { .. })), "{too_long:?}");
}

#[tokio::test(start_paused = true)]
async fn what_has_not_been_sent_when_a_lease_is_released_is_never_sent() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    // It is connected anew, and to enlist it takes longer than to take the lock and to give it back.
    taps[2].reconnect();
    taps[2].set(Link::Late(ms(20)));
    let lease = locks.lock("a").try_acquire().await.unwrap();
    lease.release().await.unwrap();
    sleep(ms(1_000)).await;
    assert_eq!(taps[2].scripts_about(OWNER), 0, "it was not asked in time, and certainly has nothing");
    assert_eq!(taps[0].scripts_about(OWNER), 2, "the others were asked, and told of the release");
    assert_nobody_holds(&taps).await;
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_given_back_if_its_work_panics_or_its_caller_goes_away() {
    let taps = taps(3);
    let locks = warm_locks(&taps).await;
    let request = locks.lock("a");
    let task = tokio::spawn(async move {
        let work = |_| async {
            sleep(ms(10)).await;
            panic!("on purpose")
        };
        request.run::<(), _, _>(work).await
    });
    assert!(task.await.unwrap_err().is_panic());
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;

    let request = locks.lock("a");
    let stash = Mutex::new(None);
    let work = |lease| {
        *stash.lock().unwrap() = Some(lease);
        pending::<()>()
    };
    assert!(timeout(ms(50), request.run(work)).await.is_err());
    assert!(stash.lock().unwrap().is_some(), "also if somebody else has the lease too");
    sleep(ms(20)).await;
    assert_nobody_holds(&taps).await;
}

#[test]
fn a_lease_can_be_shared_among_threads_and_its_printout_does_not_tell_its_id() {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<redfleet_lock::Lease>();
    is_shared::<Locks>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let taps = taps(1);
        let lease = locks(&taps).lock("a").try_acquire().await.unwrap();
        let text = format!("{lease:?}");
        assert!(text.contains("\"a\"") && !text.contains(lease.id().as_str()), "{text}");
        assert_eq!(lease.name(), "a");
    });
}
